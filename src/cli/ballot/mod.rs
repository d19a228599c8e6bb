//! The commands of a vote, a file for each.
mod ballots;
pub mod candidates;
pub mod check;
pub mod export;
pub mod init;
mod pace;
#[cfg_attr(not(feature = "serve"), path = "serve_lean.rs")]
pub mod serve;
pub mod tally;
pub mod vote;
