//! One row of a log.
use super::format::Layout;
use crate::units::{Day, DayError};

/// A day of the calendar, in order: year, month, day. Small, for it is compared for every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u32);

impl Date {
    /// Before all days.
    pub const FIRST: Date = Date(0);
    /// Behind all days.
    pub const LAST: Date = Date(u32::MAX);

    /// Year, month 1 to 12, day 1 to 31.
    pub fn new(year: u32, month: u32, day: u32) -> Self {
        Date(year << 9 | month << 5 | day)
    }

    /// The same month and day in year 0.
    pub fn without_year(self) -> Self {
        Date(self.0 & 0x1ff)
    }

    /// Adds `2019-08-24` to `text`.
    pub fn write(self, text: &mut Vec<u8>) {
        let (year, month, day) = (self.0 >> 9, self.0 >> 5 & 0xf, self.0 & 0x1f);
        let digit = |number: u32| b'0' + (number % 10) as u8;
        text.extend([year / 1000, year / 100, year / 10, year].map(digit));
        text.push(b'-');
        text.extend([month / 10, month].map(digit));
        text.push(b'-');
        text.extend([day / 10, day].map(digit));
    }
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// The day of the request.
    pub date: Date,
    /// Bytes sent.
    pub size_bytes: u64,
    /// What was asked for.
    pub url: &'a [u8],
}

/// Why a row cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// It ends before the last column that is needed.
    #[error("too few columns: {found}, and column {needed} is needed")]
    TooFewColumns {
        /// How many it has.
        found: usize,
        /// How many it would have to have.
        needed: usize,
    },
    /// The day is none.
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
    /// The line is longer than any row.
    #[error("the line is longer than {max_bytes} bytes")]
    TooLong {
        /// What a line may have.
        max_bytes: usize,
    },
}

/// Reads the row that `line` (without its line end) is, as `layout` says.
///
/// # Errors
/// When the row lacks a column, or its day or size is none.
pub fn read_row<'a>(layout: &Layout, line: &'a [u8]) -> Result<Row<'a>, RowError> {
    let mut fields = [&b""[..]; Layout::COLUMNS_MAX];
    let found = line.split(|byte| *byte == layout.delimiter).zip(&mut fields[..layout.columns_needed]);
    let found = found.map(|(field, slot)| *slot = field).count();
    if found < layout.columns_needed {
        return Err(RowError::TooFewColumns { found, needed: layout.columns_needed });
    }
    Ok(Row {
        date: read_date(fields[layout.day])?,
        size_bytes: read_size(fields[layout.size])?,
        url: fields[layout.url],
    })
}

/// The day of a row: `2019-08-24` or `24/8/2019`.
///
/// # Errors
/// When it is of another shape, has no year, or is not in the calendar.
pub fn read_date(field: &[u8]) -> Result<Date, RowError> {
    let day = std::str::from_utf8(field).ok().map_or(Err(DayError::Shape), str::parse::<Day>);
    let reason = match day {
        Ok(day @ Day::Dated(_)) => return Ok(day.into()),
        Ok(Day::AnyYear { .. }) => "a day without a year",
        Err(DayError::Calendar) => "no day of the calendar",
        Err(DayError::Shape) => "not a day",
    };
    Err(RowError::Day { text: excerpt(field), reason })
}

/// A whole number of bytes in decimal digits.
///
/// # Errors
/// For anything else, a sign or a number beyond 64 bits among it.
pub fn read_size(field: &[u8]) -> Result<u64, RowError> {
    let digits = !field.is_empty() && field.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(field).ok().filter(|_| digits);
    text.and_then(|text| text.parse().ok()).ok_or_else(|| RowError::Size(excerpt(field)))
}

/// What can be shown of a field in an error.
fn excerpt(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Row<'_>, RowError> {
        read_row(&Layout::four_columns(), line.as_bytes())
    }

    #[test]
    fn rows_that_can_be_read() {
        let row = |year, month, day, size_bytes, url| Row { date: Date::new(year, month, day), size_bytes, url };
        assert_eq!(read("24/8/2021\t10:28:13\t13500\t/a.jpg"), Ok(row(2021, 8, 24, 13500, b"/a.jpg")));
        assert_eq!(read("2019-08-24\t\t0\t"), Ok(row(2019, 8, 24, 0, b"")));
        assert_eq!(read("2019-08-24\t\t007\t/a\tmore\t\t"), Ok(row(2019, 8, 24, 7, b"/a")));
        assert_eq!(read("2019-08-24\t\t18446744073709551615\t/"), Ok(row(2019, 8, 24, u64::MAX, b"/")));
    }

    #[test]
    fn rows_that_cannot_be_read_say_why() {
        for (line, expected) in [
            ("", "too few columns: 1, and column 4 is needed"),
            ("24/8/2021\t10:28:13\t13500", "too few columns: 3, and column 4 is needed"),
            ("31/4/2021\t10:28:13\t1\t/", "\"31/4/2021\" is no day of the calendar"),
            ("04-30\t10:28:13\t1\t/", "\"04-30\" is a day without a year"),
            ("today\t10:28:13\t1\t/", "\"today\" is not a day"),
            ("24/8/2021\t10:28:13\t-1\t/", "the size \"-1\" is not a number of bytes"),
            ("24/8/2021\t10:28:13\t\t/", "the size \"\" is not a number of bytes"),
            ("24/8/2021\t10:28:13\t1.5\t/", "the size \"1.5\" is not a number of bytes"),
            (
                "24/8/2021\t10:28:13\t18446744073709551616\t/",
                "the size \"18446744073709551616\" is not a number of bytes",
            ),
        ] {
            assert_eq!(read(line).unwrap_err().to_string(), expected, "{line:?}");
        }
    }
}
