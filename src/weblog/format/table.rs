//! The table of log formats. A format of JSON lines or known columns is an entry here; one with its own syntax is a file
//! that implements [`ReadLine`], and an entry.
use std::sync::Arc;

use super::columns::{self, BUNNY, FOUR_COLUMNS};
use super::common::Common;
use super::delimited::{Delimited, FieldSyntax};
use super::error::FormatError;
use super::header::{self, names_columns};
use super::json::{Json, Keys};
use super::line::ReadLine;
use super::needs::{GivenColumns, Needs, Place};
use super::pattern::{Pattern, PatternLines};
use super::reader::LineReader;
use super::realtime;
use crate::rows::{self, Names};

/// A log format: how it is named, recognised and read.
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

/// Makes the reader of a log from its first lines and the values that the question needs.
type OpenReader = fn(&[u8], &Needs) -> Result<Arc<dyn ReadLine>, FormatError>;

/// The syntax of a format, and which lines are evidence for it.
#[derive(Debug)]
enum Syntax {
    /// Delimited by one of these, and a header names the columns.
    Header { delimiters: &'static [u8] },
    /// Delimited, and `#Fields` lines name the columns.
    Directives { delimiter: u8, is_row: IsLine, is_directive: IsLine },
    /// Delimited, with known columns. A header, if any, must name exactly these.
    Columns { delimiter: u8, names: &'static [&'static str], is_row: IsLine },
    /// A JSON object a line, with these names.
    Json(Keys),
    /// A JSON object a line, with the names that servers usually have.
    AnyJson,
    /// A format string of nginx's, which lines may go on after.
    Pattern { format: &'static str, begins: IsLine },
    /// A format with a reader of its own.
    Own { open: OpenReader, is_row: IsLine },
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
        syntax: Syntax::Header { delimiters: b"\t" },
    },
    Format {
        name: "csv",
        about: "commas, semicolons or bars, quotes, and a header that names the columns",
        syntax: Syntax::Header { delimiters: b",;|" },
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
        about: "CloudFront real-time logs, any fields in their usual order",
        syntax: Syntax::Own { open: open_realtime, is_row: columns::looks_like_realtime },
    },
    Format {
        name: "w3c",
        about: "W3C extended, as IIS writes it",
        syntax: Syntax::Directives { delimiter: b' ', is_row: |line| !line.contains(&b'\t'), is_directive: |_| true },
    },
    Format {
        name: "s3",
        about: "S3 server access logs, also of Wasabi and MinIO",
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
        syntax: Syntax::Pattern {
            format: "$bucket_owner $bucket [$time_local] $remote_ip $requester $request_id $operation $url \"$request\" $status \
                     $error_code $bytes_sent $object_size $total_time $turn_around_time \"$referer\" \"$user_agent\"",
            // The bucket's owner, and the bucket.
            begins: |line| {
                let before = memchr::memmem::find(line, b" [").map_or(&b""[..], |at| &line[..at]);
                memchr::memchr_iter(b' ', before).count() == 1
            },
        },
    },
    Format {
        name: "alb",
        about: "AWS application load balancers",
        // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
        syntax: Syntax::Pattern {
            format: "$type $timestamp $elb $client $target $request_processing_time $target_processing_time \
                     $response_processing_time $status $target_status $received_bytes $sent_bytes \"$request\" \"$user_agent\"",
            begins: |line| {
                [&b"http "[..], b"https ", b"h2 ", b"ws ", b"wss ", b"grpcs "].iter().any(|kind| line.starts_with(kind))
            },
        },
    },
    Format {
        name: "elb",
        about: "AWS classic load balancers",
        // https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html
        syntax: Syntax::Pattern {
            format: "$timestamp $elb $client $backend $request_processing_time $backend_processing_time \
                     $response_processing_time $status $backend_status $received_bytes $sent_bytes \"$request\"",
            begins: |line| line.first().is_some_and(u8::is_ascii_digit) && line.get(10) == Some(&b'T'),
        },
    },
    Format {
        name: "squid",
        about: "Squid, its native format",
        // https://wiki.squid-cache.org/Features/LogFormat
        syntax: Syntax::Pattern {
            format: "$timestamp $duration $remote_addr $status $bytes $method $url $remote_user $hierarchy $content_type",
            begins: |line| {
                line.get(10) == Some(&b'.') && line[..10].iter().all(u8::is_ascii_digit) && !line.contains(&b'\t')
            },
        },
    },
    Format {
        name: "common",
        about: "Apache and nginx, common and combined, also with the host in front",
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
        }),
    },
    Format {
        name: "json",
        about: "a JSON object a line, with the usual names of nginx, Caddy, Traefik, Azure, CDN77, EdgeOne, CloudFront",
        syntax: Syntax::AnyJson,
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
            Syntax::Header { delimiters } => Arc::new(Delimited::of_header(head, delimiters, &[], format, needs)?),
            Syntax::Directives { delimiter, .. } => {
                Arc::new(Delimited::of_directives(head, *delimiter, &[], format, needs)?)
            }
            Syntax::Columns { delimiter, names, .. } => {
                Arc::new(Delimited::of_known(names, *delimiter, format, needs)?)
            }
            Syntax::Json(keys) => Arc::new(Json::new(keys, &[], head, format, needs)?),
            Syntax::AnyJson => Arc::new(Json::new(&Keys::NONE, &[], head, format, needs)?),
            Syntax::Pattern { format: pattern, .. } => {
                Arc::new(PatternLines::new(format, Pattern::open(pattern)?, needs)?)
            }
            Syntax::Own { open, .. } => open(head, needs)?,
        };
        Ok(LineReader::new(format, lines))
    }

    /// Whether it looks for the names that servers usually have, rather than for those of one program.
    pub(super) fn is_by_usual_names(&self) -> bool {
        matches!(self.syntax, Syntax::AnyJson)
    }

    /// The number of `lines` that this format explains, and, if it explains none, the number that it might.
    pub(super) fn weight(&self, lines: &[&[u8]]) -> (usize, usize) {
        let count = |is_line: &dyn Fn(&[u8]) -> bool| lines.iter().filter(|line| is_line(line)).count();
        let explained = match &self.syntax {
            Syntax::Header { delimiters } => {
                delimiters.iter().map(|delimiter| count_headed(lines, *delimiter)).max().unwrap_or(0)
            }
            Syntax::Directives { is_row, is_directive, .. } => {
                match lines.iter().position(|line| is_known_directive(line)) {
                    Some(first) if first < DIRECTIVE_WITHIN => {
                        let is_line =
                            |line: &&&[u8]| if line.first() == Some(&b'#') { is_directive(line) } else { is_row(line) };
                        lines[first..].iter().filter(is_line).count()
                    }
                    _ => 0,
                }
            }
            // Under a header that names other columns, rows only look like these: they may lack fields and have the wanted ones
            // elsewhere.
            Syntax::Columns { delimiter, names, is_row }
                if lines.first().is_some_and(|line| !is_row(line) && names_other_columns(line, *delimiter, names)) =>
            {
                0
            }
            Syntax::Columns { is_row, .. } | Syntax::Own { is_row, .. } => count(is_row),
            Syntax::Json(keys) => keys.weight(lines),
            Syntax::AnyJson => {
                let head = lines.join(&b'\n');
                match Json::new(&Keys::NONE, &[], &head, self.name, &Needs::default()) {
                    Ok(reader) => count(&|line| reader.read(line, &mut |_| ()).is_ok()),
                    Err(_) => return (0, super::json::objects(lines)),
                }
            }
            Syntax::Pattern { format, begins } => {
                let open = || PatternLines::new("", Pattern::open(format)?, &Needs::default());
                let Ok(reader) = open() else { return (0, 0) };
                count(&|line| begins(line) && reader.read(line, &mut |_| ()).is_ok())
            }
        };
        (explained, 0)
    }
}

/// `#Fields` and the like come within so many lines.
const DIRECTIVE_WITHIN: usize = 16;

/// The reader for a log in columns that the user gives: by name for JSON and where a header has the names, else by position.
pub(super) fn given(given: &GivenColumns, head: &[u8], needs: &Needs) -> Result<LineReader, FormatError> {
    let format = "columns";
    let names: Vec<(String, String)> = given
        .columns
        .iter()
        .filter_map(|(alias, place)| match place {
            Place::Named(name) => Some((alias.clone(), name.clone())),
            Place::At(_) => None,
        })
        .collect();
    let first = rows::lines(head).find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    if rows::object_text(first).trim_ascii_start().first() == Some(&b'{') {
        let lines = Json::new(&Keys::NONE, &names, head, format, needs)?;
        return Ok(LineReader::new(format, Arc::new(lines)));
    }
    if names.is_empty() {
        let positions: Vec<(String, usize)> = given
            .columns
            .iter()
            .filter_map(|(alias, place)| match place {
                Place::At(at) => Some((alias.clone(), *at)),
                Place::Named(_) => None,
            })
            .collect();
        let columns = header::with_given(&Names::given(&[]), &given.columns)?;
        debug_assert_eq!(columns.count(), positions.len());
        let delimiter = given.delimiter.unwrap_or_else(|| likely_delimiter(first));
        let lines = Delimited::of_names(&columns, FieldSyntax::of(delimiter), format, needs)?;
        return Ok(LineReader::new(format, Arc::new(lines)));
    }
    let has_directives = rows::lines(head).any(|line| Names::of_directive(line).is_some());
    let lines = if has_directives {
        let delimiter = given.delimiter.unwrap_or_else(|| {
            let row =
                rows::lines(head).find(|line| !line.is_empty() && line.first() != Some(&b'#')).unwrap_or_default();
            if row.contains(&b'\t') { b'\t' } else { b' ' }
        });
        Delimited::of_directives(head, delimiter, &given.columns, format, needs)?
    } else {
        let delimiters = given.delimiter.map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
        match Delimited::of_header(head, &delimiters, &given.columns, format, needs) {
            // The name that is not there says more than that no line has all of them.
            Err(FormatError::NoHeader { .. }) => {
                let delimiter = delimiters.iter().copied().find(|delimiter| first.contains(delimiter)).unwrap_or(b'\t');
                return Err(header::with_given(&Names::of_header(first, delimiter), &given.columns)
                    .err()
                    .unwrap_or(FormatError::NoHeader { format }));
            }
            lines => lines?,
        }
    };
    Ok(LineReader::new(format, Arc::new(lines)))
}

/// What may separate columns, the most usual first.
const DELIMITERS: &[u8] = b"\t,;| ";

/// What separates the columns of `line`: a tab, if there is one.
fn likely_delimiter(line: &[u8]) -> u8 {
    DELIMITERS.iter().copied().find(|delimiter| line.contains(delimiter)).unwrap_or(b'\t')
}

/// The reader for a log in a format that the user gives.
pub(super) fn of_pattern(pattern: &str, needs: &Needs) -> Result<LineReader, FormatError> {
    let format = "pattern";
    let lines = PatternLines::new(format, Pattern::new(pattern)?, needs)?;
    Ok(LineReader::new(format, Arc::new(lines)))
}

/// A real-time log: which fields are there is found out from what they look like.
fn open_realtime(head: &[u8], needs: &Needs) -> Result<Arc<dyn ReadLine>, FormatError> {
    let format = "cloudfront-realtime";
    let names = Names::given(&realtime::names(head));
    if columns::are_complete(&names) {
        return Ok(Arc::new(Delimited::of_names(&names, FieldSyntax::of(b'\t'), format, needs)?));
    }
    Err(FormatError::Missing {
        column: "that is sure to be the time, the size or the URL; --columns says which it is".to_owned(),
        found: names.listed(),
    })
}

/// The first of `lines` that names columns, and those after it that have as many.
fn count_headed(lines: &[&[u8]], delimiter: u8) -> usize {
    let at = lines.iter().take(HEADER_WITHIN).position(|line| names_columns(line, delimiter));
    let Some((header, others)) = at.and_then(|at| lines[at..].split_first()) else { return 0 };
    let count = |line: &[u8]| memchr::memchr_iter(delimiter, line).count();
    // Rows may lack columns at their end; whether one that is needed is among them shows when they are read.
    1 + others.iter().filter(|line| count(line) > 0 && count(header) > 0).count()
}

/// A header comes within so many lines: after comments, or a message of the program that wrote the log.
const HEADER_WITHIN: usize = 16;

/// Whether `line` is a header of other columns than these, with whatever between the names.
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
