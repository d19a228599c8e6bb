//! Reads logs: the run over inputs and blocks, and the hot loops over rows.
mod block;
mod describe;
mod follow;
mod joined;
mod lane;
mod options;
mod outcome;
mod quick;
mod sorted;
mod sum;
mod time_sums;
mod visit;
mod visitor;

pub use describe::{Description, describe};
pub use follow::{FollowedLog, Notice};
pub use options::{SharedWriter, SumOptions};
pub use outcome::{BadRow, LogError, Outcome, Totals};
pub use sorted::SortedError;
pub use sum::sum;
