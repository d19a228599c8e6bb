//! Logs of a JSON object a line: Cloudflare Logpush, Google Cloud, Fastly, Akamai DataStream 2.
use serde_json::Value;

use super::{FormatError, Needs, without_dash};
use crate::weblog::read_time::read_moment;
use crate::weblog::record::{Column, Row, RowError, excerpt, read_size};

/// What a CDN calls what; a dot goes into an object, and the first name that is there counts.
#[derive(Debug)]
struct Keys {
    format: &'static str,
    when: &'static [&'static str],
    size: &'static [&'static str],
    url: &'static [&'static str],
    status: &'static [&'static str],
    host: &'static [&'static str],
    content_type: &'static [&'static str],
}

const FORMATS: &[Keys] = &[
    // https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests/
    Keys {
        format: "cloudflare",
        when: &["EdgeStartTimestamp"],
        size: &["EdgeResponseBytes"],
        url: &["ClientRequestURI", "ClientRequestPath"],
        status: &["EdgeResponseStatus"],
        host: &["ClientRequestHost"],
        content_type: &["EdgeResponseContentType"],
    },
    // https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#HttpRequest
    Keys {
        format: "google",
        when: &["timestamp"],
        size: &["httpRequest.responseSize"],
        url: &["httpRequest.requestUrl"],
        status: &["httpRequest.status"],
        host: &[],
        content_type: &[],
    },
    // https://techdocs.akamai.com/datastream2/docs/data-set-parameters-1
    Keys {
        format: "akamai",
        when: &["reqTimeSec"],
        size: &["bytes"],
        url: &["reqPath"],
        status: &["statusCode"],
        host: &["reqHost"],
        content_type: &["rspContentType"],
    },
    // The user chooses the names; these are those of Fastly's own examples, https://docs.fastly.com/en/guides/useful-log-formats
    Keys {
        format: "fastly",
        when: &["date_time", "timestamp", "time", "time_start", "start_time"],
        size: &["bytes", "response_body_size", "resp_body_size", "size"],
        url: &["url", "request_url", "path"],
        status: &["status", "response_status", "resp_status"],
        host: &["host", "request_host", "req_host"],
        content_type: &["content_type", "response_content_type", "resp_content_type"],
    },
];

/// Reads lines of one of these CDNs.
#[derive(Debug, Clone)]
pub struct Json {
    keys: &'static Keys,
    columns: Vec<Column>,
    needs_time: bool,
}

/// The format that the object in `line` is of; None if there is none.
pub fn guess(line: &[u8]) -> Option<&'static str> {
    let object = object(line)?;
    let has = |names: &[&str]| names.iter().any(|name| find(&object, name).is_some());
    let keys = FORMATS.iter().find(|keys| has(keys.when) && has(keys.size) && has(keys.url));
    Some(keys.map_or("fastly", |keys| keys.format))
}

impl Json {
    /// A reader for the CDN `format`.
    pub fn new(format: &str, needs: &Needs) -> Result<Self, FormatError> {
        let keys = FORMATS.iter().find(|keys| keys.format == format);
        let keys = keys.ok_or_else(|| FormatError::Unknown(format.to_owned()))?;
        Ok(Json { keys, columns: needs.columns.clone(), needs_time: needs.time })
    }

    /// The format's name.
    pub fn format(&self) -> &'static str {
        self.keys.format
    }

    /// The names that it does know, where none is that of the host.
    pub fn without_host(&self) -> Option<Vec<String>> {
        let known = [self.keys.when, self.keys.size, self.keys.url, self.keys.status].concat();
        self.keys.host.is_empty().then(|| known.into_iter().map(str::to_owned).collect())
    }

    /// Reads a line.
    pub fn read(&self, line: &[u8], then: impl FnOnce(&Row)) -> Result<(), RowError> {
        let shape = |reason: String| RowError::Shape { format: self.keys.format, reason };
        let object = object(line).ok_or_else(|| shape(format!("no JSON object: {}", excerpt(line))))?;
        let needed = |names: &[&str]| {
            let text = names.iter().find_map(|name| find(&object, name)).and_then(text_of);
            text.ok_or_else(|| shape(format!("no {}", names.join(" or "))))
        };
        let moment = read_moment(needed(self.keys.when)?.as_bytes(), self.needs_time)?;
        let size_bytes = read_size(needed(self.keys.size)?.as_bytes())?;
        let url = needed(self.keys.url)?;
        let texts: Vec<String> = self.columns.iter().map(|column| self.column(&object, column)).collect();
        let columns: Vec<&[u8]> = texts.iter().map(|text| without_dash(text.as_bytes())).collect();
        then(&Row { moment, size_bytes, url: url.as_bytes(), columns: &columns });
        Ok(())
    }

    fn column(&self, object: &Value, column: &Column) -> String {
        let own;
        let names = match column {
            Column::ContentType => self.keys.content_type,
            Column::Status => self.keys.status,
            Column::Host => self.keys.host,
            Column::Named(name) => {
                own = [name.as_str()];
                &own[..]
            }
        };
        names.iter().find_map(|name| find(object, name)).and_then(text_of).unwrap_or_default()
    }
}

/// The object in `line`, behind a syslog prefix if there is one.
fn object(line: &[u8]) -> Option<Value> {
    let start = memchr::memchr(b'{', line)?;
    // `<134>2019-08-24T10:28:13Z cache-hkg1 log[123]: {…}`
    if start > 0 && (line.first() != Some(&b'<') || line[..start].trim_ascii_end().last() != Some(&b':')) {
        return None;
    }
    serde_json::from_slice(&line[start..]).ok().filter(Value::is_object)
}

fn find<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| name.split('.').try_fold(object, |value, part| value.get(part)))
}

/// A value as a field; Google writes numbers in quotes, others do not. None for null and for what is no single value.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
