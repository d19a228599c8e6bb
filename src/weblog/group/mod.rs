//! Counts requests and bytes for each distinct key in limited memory.
//!
//! Each worker counts into its own [`Groups`], and [`finish`] merges them. If only the largest groups are wanted, a worker
//! whose table outgrows its share of the memory writes it to an unnamed temporary file, split into parts by the key's hash,
//! and continues with an empty table. Equal keys are in equal parts, so in the end each part can be counted by itself, and
//! the result is exact however little memory there is.
mod best;
mod finish;
mod grouped;
mod limits;
mod spill;
mod table;
mod worker;

pub use finish::finish;
pub use grouped::{Group, Grouped, Sum};
pub use limits::{GroupError, GroupOptions};
pub use worker::{Grouping, Groups};
