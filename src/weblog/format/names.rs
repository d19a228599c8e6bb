//! What logs call their columns.
use super::FormatError;
use crate::weblog::record::Column;

/// date, time, size, url.
pub const FOUR_COLUMNS: &[&str] = &["date", "time", "size", "url"];

/// bunny.net, <https://docs.bunny.net/docs/cdn-log-format>: cache status, status, time in milliseconds, bytes, pull zone,
/// remote address, referer, url, edge location, user agent, request id, country.
pub const BUNNY: &[&str] = &[
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

/// CloudFront real-time logs, all fields in the order in which they come,
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html>.
pub const CLOUDFRONT_REALTIME: &[&str] = &[
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

/// The columns of a log, by name, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    found: Vec<(String, usize)>,
}

/// In which columns a row's day and time stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
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

impl Names {
    /// Columns that are known beforehand.
    pub fn fixed(names: &[&str]) -> Self {
        Names { found: names.iter().enumerate().map(|(at, name)| ((*name).to_owned(), at)).collect() }
    }

    /// Columns that the user counted out.
    pub fn given(columns: &[(String, usize)]) -> Self {
        Names { found: columns.iter().map(|(name, at)| (name.to_lowercase(), *at)).collect() }
    }

    /// The names in a header, where `delimiter` stands between them; `#` in front of it is no part of the first.
    pub fn of_header(line: &[u8], delimiter: u8) -> Self {
        let text = String::from_utf8_lossy(line).to_lowercase();
        let text = text.trim_start_matches('#');
        let clean = |name: &str| name.trim().trim_matches('"').to_owned();
        Names { found: text.split(char::from(delimiter)).map(clean).zip(0..).collect() }
    }

    /// The names behind `#Fields:`; spaces stand between them, in what some tools write tabs.
    pub fn of_fields(text: &str) -> Self {
        Names { found: text.split_whitespace().map(str::to_lowercase).zip(0..).collect() }
    }

    /// Whether these look like names of columns and not like a row: one of them is known.
    pub fn is_header(&self) -> bool {
        [DAY, MOMENT, SIZE, URL].iter().any(|names| self.first(names).is_some())
    }

    /// Where day and time stand.
    pub fn when(&self) -> Result<When, FormatError> {
        match (self.first(DAY), self.first(&MOMENT[..MOMENT.len() - 2])) {
            (Some(day), _) if self.first(TIME).is_some() => Ok(When::Apart { day, time: self.first(TIME) }),
            (_, Some(at)) => Ok(When::Together(at)),
            (Some(at), None) => Ok(When::Together(at)),
            (None, None) => self.first(TIME).map(When::Together).ok_or_else(|| self.missing("date")),
        }
    }

    /// Where the bytes stand.
    pub fn size(&self) -> Result<usize, FormatError> {
        self.first(SIZE).ok_or_else(|| self.missing("size (or sc-bytes, bytes)"))
    }

    /// Where the URL stands.
    pub fn url(&self) -> Result<usize, FormatError> {
        self.first(URL).ok_or_else(|| self.missing("url (or cs-uri-stem, uri, path)"))
    }

    /// Where the host stands.
    pub fn host(&self) -> Option<usize> {
        self.first(HOST)
    }

    /// Refuses names of which two at the positions `wanted` are the same.
    pub fn once(&self, wanted: &[usize]) -> Result<(), FormatError> {
        let is_wanted = |name: &&(String, usize)| wanted.contains(&name.1);
        let is_twice =
            |(name, at): &&(String, usize)| self.found.iter().any(|(other, other_at)| other == name && other_at != at);
        match self.found.iter().filter(is_wanted).find(is_twice) {
            Some((column, _)) => Err(FormatError::Twice { column: column.clone() }),
            None => Ok(()),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// All of them.
    pub fn listed(&self) -> Vec<String> {
        self.found.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Where another column stands; None for a content type or host that the log does not have: URLs may tell these.
    pub fn column(&self, column: &Column) -> Result<Option<usize>, FormatError> {
        let (names, called): (&[&str], _) = match column {
            Column::ContentType => return Ok(self.first(CONTENT_TYPE)),
            Column::Status => (STATUS, "status (or sc-status)"),
            Column::Host => return Ok(self.host()),
            Column::Named(name) => {
                let name = name.to_lowercase();
                return self.first(&[&name]).map(Some).ok_or_else(|| self.missing(&name));
            }
        };
        self.first(names).map(Some).ok_or_else(|| self.missing(called))
    }

    /// The position of the first of `names` that is there.
    fn first(&self, names: &[&str]) -> Option<usize> {
        let position = |wanted: &&str| self.found.iter().find(|(name, _)| name == wanted).map(|(_, at)| *at);
        names.iter().find_map(position)
    }

    fn missing(&self, column: &str) -> FormatError {
        FormatError::Missing { column: column.to_owned(), found: self.listed() }
    }
}

/// Twelve fields between `|`, the third of them milliseconds since 1970.
pub fn looks_like_bunny(line: &[u8]) -> bool {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b'|').collect();
    fields.len() >= BUNNY.len() && fields[2].len() >= 12 && fields[2].iter().all(u8::is_ascii_digit)
}

/// Fields between tabs, the first of them seconds since 1970 with milliseconds.
pub fn looks_like_realtime(line: &[u8]) -> bool {
    let first = line.split(|byte| *byte == b'\t').next().unwrap_or_default();
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut parts = first.split(|byte| *byte == b'.');
    line.contains(&b'\t')
        && parts.next().is_some_and(|secs| secs.len() == 10 && digits(secs))
        && parts.next().is_some_and(digits)
        && parts.next().is_none()
}
