//! Why a log cannot be understood.
use crate::rows::foreign::Foreign;
use crate::rows::{Delimited, NameFault, TooWide};

/// A format string that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{reason}: write it as the server's configuration has it, such as '$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent' or '%h %l %u %t \"%r\" %>s %b'"
)]
pub struct PatternError {
    pub(super) reason: String,
}

/// Why the format of a log cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The log has no such column.
    #[error("it has no column {column}; it has: {}", found.join(", "))]
    Missing {
        /// The column that is needed.
        column: String,
        /// The columns that exist, in their order.
        found: Vec<String>,
    },
    /// The log does not tell the host.
    #[error(
        "it does not tell the host: no column is called host (or cs(Host), x-host-header), and its first URLs are not absolute; it has: {}",
        found.join(", ")
    )]
    NoHost {
        /// The columns that exist, in their order.
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
        /// The format, by its name in `--log-format`.
        format: &'static str,
    },
    /// There is no such format.
    #[error("there is no log format {0:?}")]
    Unknown(String),
    /// Two columns have a name that is needed.
    #[error("it has more than one column {column}, and which of them counts is not known; --columns can say it")]
    Twice {
        /// The column as it was asked for.
        column: String,
    },
    /// A column that the user names is not there.
    #[error("it has no column {name:?}{}; it has: {}", did_you_mean(nearest.as_deref()), found.join(", "))]
    NoSuchName {
        /// The name as it was asked for.
        name: String,
        /// The column whose name is most like it.
        nearest: Option<String>,
        /// The columns that there are.
        found: Vec<String>,
    },
    /// Two columns may be what is needed, and disagree.
    #[error(
        "two columns may be the {what}, and they disagree: {first} and {second}; --columns says which it is, as in --columns \
         {alias}={name}"
    )]
    Ambiguous {
        /// What the question needs and the log does not have: `status`.
        what: &'static str,
        /// What --columns calls it.
        alias: &'static str,
        /// The one, with a value.
        first: String,
        /// The column that disagrees with the first.
        second: String,
        /// The name of the one.
        name: String,
    },
    /// No format explains enough of the first lines.
    #[error(
        "its format is not known: {best} explains {explained} of its first {lines} lines{example}; --log-format says the format, \
         also as the server's own format string; --columns which column is which"
    )]
    Unexplained {
        /// The format that explains most.
        best: &'static str,
        /// How many lines it explains.
        explained: usize,
        /// How many lines were looked at.
        lines: usize,
        /// A line that it does not explain.
        example: String,
    },
    /// Two formats explain the first lines equally well, and read other values from them.
    #[error(
        "its format may be {} or {}: each explains {explained} of its first lines, but from {line:?} one reads {}, the other {}; \
         --log-format {} or --log-format {} says which it is", formats[0], formats[1], read[0], read[1], formats[0], formats[1]
    )]
    Rivals {
        /// The formats, by their names in `--log-format`.
        formats: [&'static str; 2],
        /// How many lines each explains.
        explained: usize,
        /// The first line that they read differently.
        line: String,
        /// What each reads from it.
        read: [String; 2],
    },
    /// It is JSON, but not an object a line.
    #[error("it is JSON, but not an object a line; make it so: jq -c {filter} FILE | votekit logsum")]
    Pretty {
        /// What jq is to do.
        filter: &'static str,
    },
    /// The format string cannot be read.
    #[error(transparent)]
    Pattern(#[from] PatternError),
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

/// `, but uid`, or nothing.
fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |nearest| format!(", but {nearest:?}"))
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
