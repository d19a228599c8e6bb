//! A row of a log.
use super::log_time::{Date, LogTime};
use crate::rows::{RowFault, excerpt};

/// A column that a run may need in addition to day, time, size and URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Column {
    /// The content type of the response; empty if the log does not have it.
    ContentType,
    /// The status of the response.
    Status,
    /// The host of the request.
    Host,
    /// A column, by its name in the log.
    Named(String),
}

impl Column {
    /// What it is called in errors.
    pub fn name(&self) -> &str {
        match self {
            Column::ContentType => "content type",
            Column::Status => "status",
            Column::Host => "host",
            Column::Named(name) => name,
        }
    }
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// The time of the request. Its second is 0 if the run does not need the time of day.
    pub moment: LogTime,
    /// Bytes of the response, usually including headers.
    pub size_bytes: u64,
    /// The path or absolute URL that was requested, as logged.
    pub url: &'a [u8],
    /// The columns that the run needs, in the run's order; empty if the log has `-` or lacks the column.
    pub columns: &'a [&'a [u8]],
}

/// Why a row cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// It is not a well-formed row, whatever its fields mean.
    #[error(transparent)]
    Row(#[from] RowFault),
    /// It is not a day or time.
    #[error("{text:?} is {reason}")]
    Day {
        /// What was to be read.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The time cannot be that of a request: it is before 1990, or more than two days ahead.
    #[error("its day is {0}: before 1990, or ahead of this machine's clock; it may be another column than the time")]
    FarTime(Date),
    /// The size is not a whole number of bytes.
    #[error("the size {0:?} is not a number of bytes")]
    Size(String),
    /// The line does not have the form of its format.
    #[error("not a line of {format}: {reason}")]
    Shape {
        /// The format, by its name in `--log-format`.
        format: &'static str,
        /// What is wrong with the row, as the end of a sentence.
        reason: String,
    },
    /// A `#Fields` line without a column that is needed.
    #[error("{0}")]
    Header(String),
}

impl RowError {
    /// Turns a `fault` into an error about a log of `format`.
    pub(super) fn of(format: &'static str, fault: RowFault) -> Self {
        match fault {
            RowFault::TooFewColumns { .. } | RowFault::TooLong { .. } => RowError::Row(fault),
            shape => RowError::Shape { format, reason: shape.to_string() },
        }
    }
}

/// A whole number of bytes in decimal digits; `-`, which logs write where nothing was sent, is 0.
///
/// # Errors
/// For anything else, such as a sign or a number over 64 bits.
pub(super) fn read_size(field: &[u8]) -> Result<u64, RowError> {
    let wrong = || RowError::Size(excerpt(field));
    if field == b"-" {
        return Ok(0);
    }
    if field.is_empty() || !field.iter().all(u8::is_ascii_digit) {
        return Err(wrong());
    }
    // 19 digits are below 2^64.
    if field.len() <= 19 {
        return Ok(field.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')));
    }
    std::str::from_utf8(field).ok().and_then(|text| text.parse().ok()).ok_or_else(wrong)
}

/// A status of three digits, also as `TCP_HIT/200`, `200.0`, `"200"` or `200 OK`.
pub(super) fn read_status(field: &[u8]) -> Option<u16> {
    let field = field.trim_ascii();
    let field = field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")).unwrap_or(field);
    let field = field.rsplit(|byte| *byte == b'/').next()?.trim_ascii();
    let (digits, rest) = field.split_at_checked(3)?;
    let is_whole = rest.is_empty()
        || rest.starts_with(b" ")
        || rest.strip_prefix(b".").is_some_and(|zeros| zeros.iter().all(|byte| *byte == b'0'));
    let number = digits.iter().all(u8::is_ascii_digit) && is_whole;
    number.then(|| digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
}

/// How the value of a row is called that it does not have: the extension of a URL without one, the media type in a log without
/// it.
pub const NONE: &str = "(none)";

/// The field; empty if it is `-`, which logs write for a missing value.
pub(super) fn without_dash(field: &[u8]) -> &[u8] {
    if field == b"-" { b"" } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_cannot_be_read_say_why() {
        for (field, expected) in [
            ("--", "the size \"--\" is not a number of bytes"),
            ("-1", "the size \"-1\" is not a number of bytes"),
            ("", "the size \"\" is not a number of bytes"),
            ("1.5", "the size \"1.5\" is not a number of bytes"),
            ("18446744073709551616", "the size \"18446744073709551616\" is not a number of bytes"),
        ] {
            assert_eq!(read_size(field.as_bytes()).unwrap_err().to_string(), expected);
        }
        assert_eq!(read_size(b"-"), Ok(0));
        assert_eq!(read_size(b"18446744073709551615"), Ok(u64::MAX));
        assert_eq!(read_size(b"9999999999999999999"), Ok(9_999_999_999_999_999_999));
        assert_eq!(read_size(b"000000000000000000007"), Ok(7));
    }

    #[test]
    fn statuses_of_every_shape() {
        for text in ["200", "TCP_HIT/200", "200.0", "\"200\"", "200 OK", " 200 ", "TCP_MISS/200 OK"] {
            assert_eq!(read_status(text.as_bytes()), Some(200), "{text}");
        }
        for text in ["", "-", "20", "2000", "200.5", "20x", "OK 200", "HTTP"] {
            assert_eq!(read_status(text.as_bytes()), None, "{text}");
        }
    }
}
