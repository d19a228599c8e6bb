//! The table of log formats. A format of JSON lines or known columns is an entry here; one with its own syntax is a file
//! that implements [`ReadLine`], and an entry.
use std::sync::Arc;

use super::columns::{self, BUNNY, CLOUDFRONT_REALTIME, FOUR_COLUMNS};
use super::common::Common;
use super::delimited::Delimited;
use super::error::FormatError;
use super::json::{Json, Keys};
use super::line::ReadLine;
use super::needs::{GivenColumns, Needs};
use super::reader::LineReader;
use crate::rows::{self, Names};

/// A log format.
#[derive(Debug)]
pub struct Format {
    /// The name for `--log-format`.
    pub name: &'static str,
    /// A short description for the help.
    pub about: &'static str,
    syntax: Syntax,
}

/// Whether a line looks like a row of the format.
type IsLine = fn(&[u8]) -> bool;

/// The syntax of a format, and which lines are evidence for it.
#[derive(Debug)]
enum Syntax {
    /// Delimited, and the first line names the columns.
    Header { delimiter: u8 },
    /// Delimited, and `#Fields` lines name the columns.
    Directives { delimiter: u8, is_row: IsLine, is_directive: IsLine },
    /// Delimited, with known columns. A header, if any, must name exactly these.
    Columns { delimiter: u8, names: &'static [&'static str], is_row: IsLine },
    /// JSON lines.
    Json(Keys),
    /// Its own syntax.
    Own { open: fn(&[u8], &Needs) -> Result<Arc<dyn ReadLine>, FormatError>, is_row: IsLine },
}

/// All formats. If the first lines of a log are equal evidence for several, the earliest in the table wins; if they are
/// evidence for none, the first entry.
pub const FORMATS: &[Format] = &[
    Format {
        name: "four-columns",
        about: "date, time, size, url between tabs, no header",
        syntax: Syntax::Columns { delimiter: b'\t', names: FOUR_COLUMNS, is_row: columns::looks_like_four },
    },
    Format {
        name: "tsv",
        about: "tabs, and a header that names the columns",
        syntax: Syntax::Header { delimiter: b'\t' },
    },
    Format {
        name: "csv",
        about: "commas, quotes, and a header that names the columns",
        syntax: Syntax::Header { delimiter: b',' },
    },
    Format {
        name: "cloudfront",
        about: "CloudFront standard logs of every age",
        syntax: Syntax::Directives {
            delimiter: b'\t',
            is_row: |line| line.contains(&b'\t'),
            is_directive: |line| !line.starts_with(b"#Software"),
        },
    },
    Format {
        name: "cloudfront-realtime",
        about: "CloudFront real-time logs, all fields in their default order",
        syntax: Syntax::Columns { delimiter: b'\t', names: CLOUDFRONT_REALTIME, is_row: columns::looks_like_realtime },
    },
    Format {
        name: "w3c",
        about: "W3C extended, as IIS writes it",
        syntax: Syntax::Directives { delimiter: b' ', is_row: |line| !line.contains(&b'\t'), is_directive: |_| true },
    },
    Format {
        name: "common",
        about: "Apache and nginx, common and combined",
        syntax: Syntax::Own {
            open: |head, needs| Ok(Arc::new(Common::new(head, needs)?)),
            is_row: super::common::looks_like,
        },
    },
    Format {
        name: "cloudflare",
        about: "Cloudflare Logpush, a JSON object a line",
        // https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests/
        syntax: Syntax::Json(Keys {
            when: &["EdgeStartTimestamp"],
            size: &["EdgeResponseBytes"],
            url: &["ClientRequestURI", "ClientRequestPath"],
            status: &["EdgeResponseStatus"],
            host: &["ClientRequestHost"],
            content_type: &["EdgeResponseContentType"],
            are_chosen: false,
        }),
    },
    Format {
        name: "google",
        about: "Google Cloud CDN and load balancers, a JSON object a line",
        // https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#HttpRequest
        syntax: Syntax::Json(Keys {
            when: &["timestamp"],
            size: &["httpRequest.responseSize"],
            url: &["httpRequest.requestUrl"],
            status: &["httpRequest.status"],
            host: &[],
            content_type: &[],
            are_chosen: false,
        }),
    },
    Format {
        name: "fastly",
        about: "Fastly, a JSON object a line, also behind a syslog prefix",
        // Fastly's own examples, https://docs.fastly.com/en/guides/useful-log-formats
        syntax: Syntax::Json(Keys {
            when: &["date_time", "timestamp", "time", "time_start", "start_time"],
            size: &["bytes", "response_body_size", "resp_body_size", "size"],
            url: &["url", "request_url", "path"],
            status: &["status", "response_status", "resp_status"],
            host: &["host", "request_host", "req_host"],
            content_type: &["content_type", "response_content_type", "resp_content_type"],
            are_chosen: true,
        }),
    },
    Format {
        name: "akamai",
        about: "Akamai DataStream 2, a JSON object a line",
        // https://techdocs.akamai.com/datastream2/docs/data-set-parameters-1
        syntax: Syntax::Json(Keys {
            when: &["reqTimeSec"],
            size: &["bytes"],
            url: &["reqPath"],
            status: &["statusCode"],
            host: &["reqHost"],
            content_type: &["rspContentType"],
            are_chosen: false,
        }),
    },
    Format {
        name: "bunny",
        about: "bunny.net, 12 fields between |",
        syntax: Syntax::Columns { delimiter: b'|', names: BUNNY, is_row: columns::looks_like_bunny },
    },
];

impl Format {
    /// The reader for a log of this format that begins with `head`.
    pub(super) fn open(&'static self, head: &[u8], needs: &Needs) -> Result<LineReader, FormatError> {
        let format = self.name;
        let lines: Arc<dyn ReadLine> = match &self.syntax {
            Syntax::Header { delimiter } => {
                Arc::new(Delimited::of_header(rows::first_line(head), *delimiter, format, needs)?)
            }
            Syntax::Directives { delimiter, .. } => {
                Arc::new(Delimited::of_directives(head, *delimiter, format, needs)?)
            }
            Syntax::Columns { delimiter, names, .. } => {
                Arc::new(Delimited::of_known(names, *delimiter, format, needs)?)
            }
            Syntax::Json(keys) => Arc::new(Json::new(keys, format, needs)),
            Syntax::Own { open, .. } => open(head, needs)?,
        };
        Ok(LineReader::new(format, lines))
    }

    /// The number of `lines` that this format explains, and, if it explains none, the number that it might.
    pub(super) fn weight(&self, lines: &[&[u8]]) -> (usize, usize) {
        let count = |is_line: &dyn Fn(&[u8]) -> bool| lines.iter().filter(|line| is_line(line)).count();
        let explained = match &self.syntax {
            Syntax::Header { delimiter } => count_headed(lines, *delimiter),
            Syntax::Directives { is_row, is_directive, .. }
                if lines.first().is_some_and(|line| is_known_directive(line)) =>
            {
                count(&|line| if line.first() == Some(&b'#') { is_directive(line) } else { is_row(line) })
            }
            Syntax::Directives { .. } => 0,
            // Below a header with other columns, rows only look like these: the needed fields may be elsewhere.
            Syntax::Columns { delimiter, names, is_row }
                if lines.first().is_some_and(|line| !is_row(line) && names_other_columns(line, *delimiter, names)) =>
            {
                0
            }
            Syntax::Columns { is_row, .. } | Syntax::Own { is_row, .. } => count(is_row),
            Syntax::Json(keys) => return keys.weight(lines),
        };
        (explained, 0)
    }
}

/// The reader for columns given by the user.
pub(super) fn given(given: &GivenColumns, needs: &Needs) -> Result<LineReader, FormatError> {
    let format = "columns";
    let names = Names::given(&given.columns);
    let lines = Delimited::of_names(&names, given.delimiter, format, needs)?;
    Ok(LineReader::new(format, Arc::new(lines)))
}

/// Counts the first of `lines` if it is a header, and the others with as many columns.
fn count_headed(lines: &[&[u8]], delimiter: u8) -> usize {
    let Some((header, others)) = lines.split_first() else { return 0 };
    if !names_columns(header, delimiter) {
        return 0;
    }
    let count = |line: &[u8]| memchr::memchr_iter(delimiter, line).count();
    let expected = count(header);
    1 + others.iter().filter(|line| count(line) >= expected).count()
}

/// Whether `line` is a header with this `delimiter`.
fn names_columns(line: &[u8], delimiter: u8) -> bool {
    let is_delimited = match delimiter {
        // Commas in names and values are common.
        b'\t' => line.contains(&b'\t') || (line.starts_with(b"#") && !line.contains(&b',')),
        _ => line.contains(&delimiter) && !line.contains(&b'\t'),
    };
    is_delimited && columns::are_known(&Names::of_header(line, delimiter))
}

/// Whether `line` is a header with other columns than these, with any delimiter.
fn names_other_columns(line: &[u8], delimiter: u8, names: &[&str]) -> bool {
    let is_other =
        |delimiter| names_columns(line, delimiter) && Names::of_header(line, delimiter) != Names::fixed(names);
    [delimiter, b'\t', b','].into_iter().any(is_other)
}

/// Whether `line` is a directive about the log itself: `#Fields: …`, `#Version: 1.0`.
fn is_known_directive(line: &[u8]) -> bool {
    let name = line.strip_prefix(b"#").and_then(|rest| rest.split(|byte| *byte == b':').next());
    let known = [&b"version"[..], b"fields", b"software", b"start-date", b"end-date", b"date", b"remark"];
    line.contains(&b':') && name.is_some_and(|name| known.contains(&name.trim_ascii().to_ascii_lowercase().as_slice()))
}
