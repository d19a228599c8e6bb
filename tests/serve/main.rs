//! The real `votekit serve`: the contract word by word, and load, crashes and failures.
#![cfg(feature = "serve")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says where")]

mod behind;
mod contract;
#[path = "../support/disk.rs"]
mod disk;
mod edges;
mod handles;
mod http;
mod page;
mod rules;
mod storm;
