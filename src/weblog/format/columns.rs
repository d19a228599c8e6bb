//! What logs call their columns, and where these stand.
use super::super::read_time::read_date;
use super::super::record::Column;
use super::error::FormatError;
use crate::rows::Names;
use crate::units::DateOrder;

/// date, time, size, url.
pub(super) const FOUR_COLUMNS: &[&str] = &["date", "time", "size", "url"];

/// bunny.net, <https://docs.bunny.net/docs/cdn-log-format>: cache status, status, time in milliseconds, bytes, pull zone,
/// remote address, referer, url, edge location, user agent, request id, country.
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

/// `CloudFront` real-time logs, all fields in the order in which they come,
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html>.
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

/// In which columns a row's day and time stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// The day in one column, the time, if there is one, in another.
    Apart {
        /// The day.
        day: usize,
        /// The time.
        time: Option<usize>,
    },
    /// Both in one.
    Together(usize),
}

/// Whether these look like names of columns and not like a row: one of them is known.
pub(super) fn are_known(names: &Names) -> bool {
    [DAY, MOMENT, SIZE, URL].iter().any(|known| names.first(known).is_some())
}

/// Where day and time stand.
pub(super) fn when(names: &Names) -> Result<When, FormatError> {
    match (names.first(DAY), names.first(&MOMENT[..MOMENT.len() - 2])) {
        (Some(day), _) if names.first(TIME).is_some() => Ok(When::Apart { day, time: names.first(TIME) }),
        (_, Some(at)) => Ok(When::Together(at)),
        (Some(at), None) => Ok(When::Together(at)),
        (None, None) => names.first(TIME).map(When::Together).ok_or_else(|| missing(names, "date")),
    }
}

/// Where the bytes stand.
pub(super) fn size(names: &Names) -> Result<usize, FormatError> {
    names.first(SIZE).ok_or_else(|| missing(names, "size (or sc-bytes, bytes)"))
}

/// Where the URL stands.
pub(super) fn url(names: &Names) -> Result<usize, FormatError> {
    names.first(URL).ok_or_else(|| missing(names, "url (or cs-uri-stem, uri, path)"))
}

/// Where the host stands.
pub(super) fn host(names: &Names) -> Option<usize> {
    names.first(HOST)
}

/// Where another column stands; None for a content type or host that the log does not have: URLs may tell these.
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

/// Fields between tabs: a day, a time, digits, and more.
pub(super) fn looks_like_four(line: &[u8]) -> bool {
    // An error is costly to make, and most lines of other formats have no tab so early.
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

/// Twelve fields between `|`, the third of them milliseconds since 1970.
pub(super) fn looks_like_bunny(line: &[u8]) -> bool {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b'|').collect();
    fields.len() >= BUNNY.len() && fields[2].len() >= 12 && fields[2].iter().all(u8::is_ascii_digit)
}

/// Fields between tabs, the first of them seconds since 1970 with milliseconds.
pub(super) fn looks_like_realtime(line: &[u8]) -> bool {
    let first = line.split(|byte| *byte == b'\t').next().unwrap_or_default();
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut parts = first.split(|byte| *byte == b'.');
    line.contains(&b'\t')
        && parts.next().is_some_and(|secs| secs.len() == 10 && digits(secs))
        && parts.next().is_some_and(digits)
        && parts.next().is_none()
}
