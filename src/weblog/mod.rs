//! logsum: bytes of the rows of a CDN log that a filter keeps. Format, then record, then filter, then totals.
pub mod by;
mod count;
mod filter;
mod format;
pub mod group;
mod media;
mod read;
mod record;
mod sink;
mod url;

pub use count::{GroupCounter, GroupRun};
pub use filter::{DayRange, DayRangeError, Filter, Span, StatusKind, Test};
pub use format::{Choice, Delimited, FormatError, GivenColumns, LineReader, NAMES as FORMATS, Needs, detect};
pub use media::{Media, is_jpeg};
pub use read::{
    BAD_ROWS_REPORTED, BadRow, FollowedLog, LogError, Notice, Outcome, SharedWriter, SortedError, SumOptions, Totals,
    sum,
};
pub use record::{Column, Date, Moment, Row, RowError, read_offset, read_second};
pub use sink::{Granularity, Lease, Sink, Sinks};
