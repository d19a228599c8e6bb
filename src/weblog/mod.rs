//! logsum: bytes of the rows of a CDN log that a filter keeps. Format, then record, then filter, then totals.
pub mod by;
mod count;
mod filter;
mod follow;
mod format;
pub mod group;
mod jpeg;
mod record;
mod sum;

pub use count::{GroupCounter, GroupRun, Sink, Sinks};
pub use filter::{DayRange, DayRangeError};
pub use follow::{FollowedLog, Notice};
pub use format::{FormatError, Layout};
pub use jpeg::is_jpeg;
pub use record::{Date, Row, RowError, read_row};
pub use sum::{BadRow, LogError, SumOptions, Totals, sum, sum_into};
