//! The columns of formats with known ones, and which columns of a header are what.
use super::super::read_time::read_date;
use super::super::record::Column;
use super::error::FormatError;
use super::roles::Role;
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

/// Which columns have a row's day and time.
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
    let is_known =
        |name: &str| [Role::Day, Role::Moment, Role::Size, Role::Url].iter().any(|role| role.is_called(name));
    names.iter().any(|(name, _)| is_known(name))
}

/// Whether these are sure to be names of columns: all that logsum needs is among them.
pub(super) fn are_complete(names: &Names) -> bool {
    when(names).is_ok() && size(names).is_ok() && url(names).is_ok()
}

/// The positions of the columns that have `role`, the most wanted first.
pub(super) fn all(names: &Names, role: Role) -> Vec<usize> {
    let positions: Vec<usize> = names.iter().map(|(_, at)| at).collect();
    role.find(names.iter().map(|(name, _)| name)).into_iter().map(|index| positions[index]).collect()
}

fn first(names: &Names, role: Role) -> Option<usize> {
    all(names, role).first().copied()
}

/// The columns of day and time.
pub(super) fn when(names: &Names) -> Result<When, FormatError> {
    let (day, time) = (first(names, Role::Day), first(names, Role::Time));
    let moment = first(names, Role::Moment).filter(|at| Some(*at) != day && Some(*at) != time);
    match (day, moment) {
        (Some(day), _) if time.is_some() => Ok(When::Apart { day, time }),
        (_, Some(at)) | (Some(at), None) => Ok(When::Together(at)),
        (None, None) => time.map(When::Together).ok_or_else(|| missing(names, "date (or timestamp)")),
    }
}

/// The column of the bytes.
pub(super) fn size(names: &Names) -> Result<usize, FormatError> {
    first(names, Role::Size).ok_or_else(|| missing(names, "size (or sc-bytes, bytes)"))
}

/// The column of the URL.
pub(super) fn url(names: &Names) -> Result<usize, FormatError> {
    first(names, Role::Url).ok_or_else(|| missing(names, "url (or cs-uri-stem, uri, path)"))
}

/// The column of the host.
pub(super) fn host(names: &Names) -> Option<usize> {
    first(names, Role::Host)
}

/// The position of another column, if the log has it.
pub(super) fn position(names: &Names, column: &Column) -> Option<usize> {
    match column {
        Column::ContentType => first(names, Role::ContentType),
        Column::Status => first(names, Role::Status),
        Column::Host => host(names),
        Column::Named(name) => names.first(&[&name.to_lowercase()]),
    }
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
