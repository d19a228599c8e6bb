//! Days, times, durations and byte sizes as people and programs write them: one parser each, for all wings.
//!
//! The parsers say what they found; whether it is plausible, and which of the ways to write it a wing takes, the wing decides.
mod bound;
pub mod byte_size;
mod calendar_unit;
mod day;
mod digits;
mod duration;
pub mod moment;
pub mod offset;
pub mod time_of_day;

pub use bound::Bound;
pub use byte_size::{ByteSize, ByteSizeError};
pub use calendar_unit::CalendarUnit;
pub use day::{DateOrder, Day, DayError};
pub use duration::{DurationError, DurationSecs};
