//! One row of a log.
use super::log_time::LogTime;
use crate::rows::{RowFault, excerpt};

/// A column of a log that a run may ask for beside day, time, size and URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Column {
    /// The media type of what was sent; empty where the log does not tell.
    ContentType,
    /// The status of the answer.
    Status,
    /// The host that was asked.
    Host,
    /// A column by its name in the log.
    Named(String),
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// When; its second is 0 where the run does not ask for the time.
    pub moment: LogTime,
    /// Bytes sent.
    pub size_bytes: u64,
    /// What was asked for.
    pub url: &'a [u8],
    /// The columns that the run asks for, in its order; empty where the log has `-` or no such column.
    pub columns: &'a [&'a [u8]],
}

/// Why a row cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// It is not a row of fields, whatever they mean.
    #[error(transparent)]
    Row(#[from] RowFault),
    /// The day or time is none.
    #[error("{text:?} is {reason}")]
    Day {
        /// What stands there.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The size is no whole number of bytes.
    #[error("the size {0:?} is not a number of bytes")]
    Size(String),
    /// The line is not what lines of the format look like.
    #[error("not a line of {format}: {reason}")]
    Shape {
        /// The format's name.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A `#Fields` line that lacks what is needed.
    #[error("{0}")]
    Header(String),
}

impl RowError {
    /// What `fault` is in a log of `format`.
    pub(super) fn of(format: &'static str, fault: RowFault) -> Self {
        match fault {
            RowFault::TooFewColumns { .. } | RowFault::TooLong { .. } => RowError::Row(fault),
            shape => RowError::Shape { format, reason: shape.to_string() },
        }
    }
}

/// A whole number of bytes in decimal digits.
///
/// # Errors
/// For anything else, a sign or a number beyond 64 bits among it.
pub(super) fn read_size(field: &[u8]) -> Result<u64, RowError> {
    let wrong = || RowError::Size(excerpt(field));
    if field.is_empty() || !field.iter().all(u8::is_ascii_digit) {
        return Err(wrong());
    }
    // 19 digits are below 2^64.
    if field.len() <= 19 {
        return Ok(field.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')));
    }
    std::str::from_utf8(field).ok().and_then(|text| text.parse().ok()).ok_or_else(wrong)
}

/// The field, or nothing where it is `-`, which logs write for nothing.
pub(super) fn without_dash(field: &[u8]) -> &[u8] {
    if field == b"-" { b"" } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_cannot_be_read_say_why() {
        for (field, expected) in [
            ("-1", "the size \"-1\" is not a number of bytes"),
            ("", "the size \"\" is not a number of bytes"),
            ("1.5", "the size \"1.5\" is not a number of bytes"),
            ("18446744073709551616", "the size \"18446744073709551616\" is not a number of bytes"),
        ] {
            assert_eq!(read_size(field.as_bytes()).unwrap_err().to_string(), expected);
        }
        assert_eq!(read_size(b"18446744073709551615"), Ok(u64::MAX));
        assert_eq!(read_size(b"9999999999999999999"), Ok(9_999_999_999_999_999_999));
        assert_eq!(read_size(b"000000000000000000007"), Ok(7));
    }
}
