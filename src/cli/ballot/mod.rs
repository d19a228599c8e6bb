//! The commands of a vote, a file for each.
mod ballots;
pub(super) mod candidates;
pub(super) mod check;
pub(super) mod export;
pub(super) mod init;
mod pace;
#[cfg_attr(not(feature = "serve"), path = "serve_lean.rs")]
pub(super) mod serve;
pub(super) mod tally;
pub(super) mod vote;
