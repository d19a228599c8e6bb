//! Which column of a log is which.

/// Where the columns of a log stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// What stands between two fields.
    pub delimiter: u8,
    /// Where the day stands, counted from 0.
    pub day: usize,
    /// Where the bytes stand, counted from 0.
    pub size: usize,
    /// Where the URL stands, counted from 0.
    pub url: usize,
    /// How many columns a row must have for all of these.
    pub columns_needed: usize,
}

/// A header that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// It names no such column.
    #[error("its header names no column {column:?}; it names: {}", found.join(", "))]
    Missing {
        /// The column that is needed.
        column: &'static str,
        /// The columns that there are.
        found: Vec<String>,
    },
    /// A column stands too far to the right.
    #[error("its header names more than {} columns before {column:?}", Layout::COLUMNS_MAX)]
    TooWide {
        /// The column that is needed.
        column: &'static str,
    },
}

impl Layout {
    /// Columns beyond this are not looked at.
    pub const COLUMNS_MAX: usize = 64;

    /// A log without a header: date, time, size, url, with tabs between them.
    pub fn four_columns() -> Self {
        Layout { delimiter: b'\t', day: 0, size: 2, url: 3, columns_needed: 4 }
    }

    /// The layout that `line` (without its line end) names if it is a header; None if it is none. A header begins with `#`
    /// or has a column called date, size or url.
    ///
    /// # Errors
    /// When it is a header and lacks a column.
    pub fn from_header(line: &[u8]) -> Result<Option<Self>, FormatError> {
        let text = String::from_utf8_lossy(line);
        let names: Vec<String> =
            text.trim_start_matches('#').split('\t').map(|name| name.trim().to_lowercase()).collect();
        let position = |column: &str| names.iter().position(|name| name == column);
        if !text.starts_with('#') && ["date", "size", "url"].iter().all(|column| position(column).is_none()) {
            return Ok(None);
        }
        let find = |column: &'static str| match position(column) {
            Some(at) if at < Layout::COLUMNS_MAX => Ok(at),
            Some(_) => Err(FormatError::TooWide { column }),
            None => Err(FormatError::Missing { column, found: names.clone() }),
        };
        let (day, size, url) = (find("date")?, find("size")?, find("url")?);
        Ok(Some(Layout { delimiter: b'\t', day, size, url, columns_needed: day.max(size).max(url) + 1 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        assert_eq!(Layout::from_header(b"# date\ttime\tsize\turl"), Ok(Some(Layout::four_columns())));
        assert_eq!(Layout::from_header(b"date\ttime\tsize\turl"), Ok(Some(Layout::four_columns())));
        assert_eq!(Layout::from_header(b"#Date\tTime\tSize\tURL "), Ok(Some(Layout::four_columns())));
        let other = Layout { delimiter: b'\t', day: 3, size: 0, url: 2, columns_needed: 4 };
        assert_eq!(Layout::from_header(b"size\tstatus\turl\tdate\tx"), Ok(Some(other)));
        assert_eq!(Layout::from_header(b"24/8/2021\t10:28:13\t13500\t/a.jpg"), Ok(None));
    }

    #[test]
    fn a_header_that_lacks_a_column_says_what_it_has() {
        let error = Layout::from_header(b"# date\ttime\turl").unwrap_err();
        assert_eq!(error.to_string(), "its header names no column \"size\"; it names: date, time, url");
    }
}
