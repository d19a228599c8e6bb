//! Names and positions of a log's columns.
use super::super::read_time::read_date;
use super::super::record::Column;
use super::error::FormatError;
use crate::rows::Names;
use crate::units::DateOrder;

/// date, time, size, url.
pub(super) const FOUR_COLUMNS: &[&str] = &["date", "time", "size", "url"];

/// bunny.net (<https://docs.bunny.net/docs/cdn-log-format>). The timestamp is in milliseconds.
pub(super) const BUNNY: &[&str] = &[
    "cache-status",
    "status",
    "timestamp",
    "bytes",
    "pull-zone",
    "c-ip",
    "referer",
    "url",
    "edge-location",
    "user-agent",
    "request-id",
    "country",
];

/// `CloudFront` real-time logs with all fields in the default order
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html>).
pub(super) const CLOUDFRONT_REALTIME: &[&str] = &[
    "timestamp",
    "c-ip",
    "time-to-first-byte",
    "sc-status",
    "sc-bytes",
    "cs-method",
    "cs-protocol",
    "cs-host",
    "cs-uri-stem",
    "cs-bytes",
    "x-edge-location",
    "x-edge-request-id",
    "x-host-header",
    "time-taken",
    "cs-protocol-version",
    "c-ip-version",
    "cs-user-agent",
    "cs-referer",
    "cs-cookie",
    "cs-uri-query",
    "x-edge-response-result-type",
    "x-forwarded-for",
    "ssl-protocol",
    "ssl-cipher",
    "x-edge-result-type",
    "fle-encrypted-fields",
    "fle-status",
    "sc-content-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
    "c-port",
    "x-edge-detailed-result-type",
    "c-country",
];

const DAY: &[&str] = &["date"];
const TIME: &[&str] = &["time"];
const MOMENT: &[&str] = &[
    "timestamp",
    "date_time",
    "datetime",
    "time_iso8601",
    "time_local",
    "reqtimesec",
    "edgestarttimestamp",
    "date",
    "time",
];
const SIZE: &[&str] =
    &["size", "sc-bytes", "bytes", "bytes_sent", "body_bytes_sent", "response_size", "edgeresponsebytes"];
const URL: &[&str] =
    &["url", "cs-uri-stem", "uri", "request_uri", "request_url", "path", "reqpath", "clientrequesturi"];
const CONTENT_TYPE: &[&str] = &["sc-content-type", "content-type", "content_type", "contenttype", "sc(content-type)"];
const STATUS: &[&str] = &["sc-status", "status", "status_code", "statuscode", "edgeresponsestatus"];
const HOST: &[&str] = &["x-host-header", "cs(host)", "cs-host", "host", "clientrequesthost", "reqhost"];

/// The columns of a row's day and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// The day in one column and the time, if any, in another.
    Apart {
        /// The day.
        day: usize,
        /// The time.
        time: Option<usize>,
    },
    /// Day and time in one column.
    Together(usize),
}

/// Whether these are names of columns rather than a row: at least one of them is known.
pub(super) fn are_known(names: &Names) -> bool {
    [DAY, MOMENT, SIZE, URL].iter().any(|known| names.first(known).is_some())
}

/// The position of day and time.
pub(super) fn when(names: &Names) -> Result<When, FormatError> {
    match (names.first(DAY), names.first(&MOMENT[..MOMENT.len() - 2])) {
        (Some(day), _) if names.first(TIME).is_some() => Ok(When::Apart { day, time: names.first(TIME) }),
        (_, Some(at)) => Ok(When::Together(at)),
        (Some(at), None) => Ok(When::Together(at)),
        (None, None) => names.first(TIME).map(When::Together).ok_or_else(|| missing(names, "date")),
    }
}

/// The position of the bytes.
pub(super) fn size(names: &Names) -> Result<usize, FormatError> {
    names.first(SIZE).ok_or_else(|| missing(names, "size (or sc-bytes, bytes)"))
}

/// The position of the URL.
pub(super) fn url(names: &Names) -> Result<usize, FormatError> {
    names.first(URL).ok_or_else(|| missing(names, "url (or cs-uri-stem, uri, path)"))
}

/// The position of the host.
pub(super) fn host(names: &Names) -> Option<usize> {
    names.first(HOST)
}

/// The position of another column; None for a content type or host that the log lacks, since URLs may tell these.
pub(super) fn position(names: &Names, column: &Column) -> Result<Option<usize>, FormatError> {
    let (known, called): (&[&str], _) = match column {
        Column::ContentType => return Ok(names.first(CONTENT_TYPE)),
        Column::Status => (STATUS, "status (or sc-status)"),
        Column::Host => return Ok(host(names)),
        Column::Named(name) => {
            let name = name.to_lowercase();
            return names.first(&[&name]).map(Some).ok_or_else(|| missing(names, &name));
        }
    };
    names.first(known).map(Some).ok_or_else(|| missing(names, called))
}

fn missing(names: &Names, column: &str) -> FormatError {
    FormatError::Missing { column: column.to_owned(), found: names.listed() }
}

/// Tab-separated fields: a day, a time, digits, and more.
pub(super) fn looks_like_four(line: &[u8]) -> bool {
    // Creating an error is costly, and most lines of other formats have no tab so early.
    if !line.iter().take("2019-08-24\t".len()).any(|byte| *byte == b'\t') {
        return false;
    }
    let mut fields = line.split(|byte| *byte == b'\t');
    fields.next().is_some_and(|day| {
        [DateOrder::DayFirst, DateOrder::MonthFirst].iter().any(|order| read_date(day, *order).is_ok())
    }) && fields.next().is_some()
        && fields.next().is_some_and(|size| !size.is_empty() && size.iter().all(u8::is_ascii_digit))
        && fields.next().is_some()
}

/// Twelve fields separated by `|`, the third being milliseconds since 1970.
pub(super) fn looks_like_bunny(line: &[u8]) -> bool {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b'|').collect();
    fields.len() >= BUNNY.len() && fields[2].len() >= 12 && fields[2].iter().all(u8::is_ascii_digit)
}

/// Tab-separated fields, the first being seconds since 1970 with milliseconds.
pub(super) fn looks_like_realtime(line: &[u8]) -> bool {
    let first = line.split(|byte| *byte == b'\t').next().unwrap_or_default();
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut parts = first.split(|byte| *byte == b'.');
    line.contains(&b'\t')
        && parts.next().is_some_and(|secs| secs.len() == 10 && digits(secs))
        && parts.next().is_some_and(digits)
        && parts.next().is_none()
}
