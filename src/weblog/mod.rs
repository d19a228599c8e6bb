//! logsum: bytes of the rows of a CDN log that a filter keeps. Format, then record, then filter, then totals.
pub mod by;
mod count;
mod filter;
mod follow;
mod format;
pub mod group;
mod joined;
mod lane;
mod media;
mod quick;
mod record;
mod sorted;
mod sum;
mod url;
mod visit;

pub use count::{GroupCounter, GroupRun, Lease, Sink, Sinks, Wanted};
pub use filter::{DayRange, DayRangeError, Filter, Span, StatusKind, Test};
pub use follow::{FollowedLog, Notice};
pub use format::{Choice, Delimited, FormatError, GivenColumns, LineReader, NAMES as FORMATS, Needs, detect};
pub use media::{Media, is_jpeg};
pub use record::{Column, Date, Moment, Row, RowError, read_offset, read_second};
pub use sorted::SortedError;
pub use sum::{BAD_ROWS_TOLD, BadRow, LogError, Outcome, SharedWriter, SumOptions, Totals, sum};
