//! Why the format of a log cannot be read.
use crate::rows::foreign::Foreign;
use crate::rows::{Delimited, NameFault, TooWide};

/// Why the format of a log cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The log has no such column.
    #[error("it has no column {column}; it has: {}", found.join(", "))]
    Missing {
        /// The column that is needed.
        column: String,
        /// The existing columns.
        found: Vec<String>,
    },
    /// The log does not tell the host.
    #[error(
        "it does not tell the host: no column is called host (or cs(Host), x-host-header), and its first URLs are not absolute; it has: {}",
        found.join(", ")
    )]
    NoHost {
        /// The existing columns.
        found: Vec<String>,
    },
    /// A needed column is too far to the right.
    #[error("the column {column} is beyond the {}th", Delimited::COLUMNS_MAX)]
    TooWide {
        /// The column that is needed.
        column: String,
    },
    /// The format needs a header, and there is none.
    #[error("there is no header that names the columns of {format}")]
    NoHeader {
        /// The format's name.
        format: &'static str,
    },
    /// There is no such format.
    #[error("there is no log format {0:?}")]
    Unknown(String),
    /// Two columns have a name that is needed.
    #[error("it has more than one column {column}, and which of them counts is not known; --columns can say it")]
    Twice {
        /// The column's name.
        column: String,
    },
    /// Which of several numbers is the number of bytes cannot be told.
    #[error(
        "which of {words}, after the status, is the number of bytes cannot be told: give the log's format, as in \
         --log-format '$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent'"
    )]
    WhichBytes {
        /// The words after the status.
        words: String,
    },
    /// It is not text of lines.
    #[error(transparent)]
    Foreign(#[from] Foreign),
}

impl From<NameFault> for FormatError {
    fn from(fault: NameFault) -> Self {
        match fault {
            NameFault::Missing { column, found } => FormatError::Missing { column, found },
            NameFault::Twice { column } => FormatError::Twice { column },
        }
    }
}

impl From<TooWide> for FormatError {
    fn from(fault: TooWide) -> Self {
        FormatError::TooWide { column: fault.column.to_string() }
    }
}
