//! The commands of a vote, a file for each.
mod ballots;
pub mod candidates;
pub mod check;
pub mod export;
pub mod init;
mod pace;
pub mod serve;
pub mod tally;
pub mod vote;
