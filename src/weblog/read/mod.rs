//! Reading logs: the run over inputs and blocks, and the loops over rows.
mod follow;
mod joined;
mod lane;
mod quick;
mod sorted;
mod sum;
mod visit;

pub use follow::{FollowedLog, Notice};
pub use sorted::SortedError;
pub use sum::{BAD_ROWS_TOLD, BadRow, LogError, Outcome, SharedWriter, SumOptions, Totals, sum};
