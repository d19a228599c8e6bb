//! Days, times, durations and byte sizes as people and programs write them: one parser each, shared by all wings.
//!
//! A parser reports what it found. Each wing decides which notations it accepts and what is plausible.
pub mod byte_size;
mod calendar_unit;
mod day;
mod digits;
mod duration;
pub mod moment;
pub mod offset;
pub mod time_of_day;
mod typed_time;
pub mod zone;

pub use byte_size::{ByteSize, ByteSizeError};
pub use calendar_unit::CalendarUnit;
pub use day::{DateOrder, Day, DayError};
pub use duration::{DurationError, DurationSecs};
pub use typed_time::{TypedTime, TypedTimeContext, TypedTimeError, parse as parse_typed_time};
pub use zone::{Zone, ZoneError};
