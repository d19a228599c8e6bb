//! logsum: the bytes of the rows of a log that pass a filter. Lines become rows, rows are filtered, and the rest is summed.
pub mod by;
mod filter;
mod format;
pub mod group;
mod log_clock;
mod log_time;
mod media;
mod read;
mod read_time;
mod record;
mod sink;
mod url;

pub use by::{GroupCounter, GroupRun};
pub use filter::{DayRange, DayRangeError, Filter, StatusKind, Test, TimeRange};
pub use format::{Choice, FORMATS, Format, FormatError, GivenColumns, LineReader, Needs, PatternError, Place, detect};
pub use log_clock::LogClock;
pub use log_time::{Date, LogTime};
pub use media::{Media, is_jpeg};
pub use read::{
    BadRow, Description, FollowedLog, LogError, Notice, Outcome, SharedWriter, SortedError, SumOptions, Totals,
    describe, sum,
};
pub use read_time::{read_offset, read_second};
pub use record::{Column, NONE, Row, RowError};
pub use sink::{Granularity, Lease, Sink, Sinks};
