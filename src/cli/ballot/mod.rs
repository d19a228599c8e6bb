//! The commands of a vote, a file for each.
pub(super) mod backup;
mod ballots;
pub(super) mod candidates;
pub(super) mod check;
pub(super) mod export;
pub(super) mod history;
pub(super) mod init;
mod lists;
pub(super) mod open_close;
mod pace;
pub(super) mod reset;
#[cfg_attr(not(feature = "serve"), path = "serve_lean.rs")]
pub(super) mod serve;
pub(super) mod set;
pub(super) mod tally;
pub(super) mod vote;
