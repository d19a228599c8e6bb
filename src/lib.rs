//! votekit's library: what the three jobs compute, without a terminal.
//!
//! # Map
//! Imports point down only; a test (`tests/layers.rs`) keeps it so.
//!
//! | layer | modules | what they know |
//! |---|---|---|
//! | 3 | `main.rs`, `cli` (mounted by the binary, not here) | the terminal: options, tables, bars, exit codes |
//! | 2 | [`api`] | the vote on HTTP; the only home of axum and tokio |
//! | 2 | [`store`] | ballots in a file; another store is another file there |
//! | 1 | [`weblog`] | logsum: format, record, filter, totals |
//! | 1 | [`ballot`] | what a vote is: ballots, rules, errors, and the trait of every store; knows no SQL, no HTTP |
//! | 1 | [`retention`] | q1: load events, run `sql/q1.sql`; MySQL's semantics on SQLite |
//! | 0 | [`scan`] | where bytes come from and how they reach every core in whole lines; knows no columns |
//! | 0 | [`report`], [`progress`], [`units`] | plain results, a progress sink, days, times, durations and byte sizes as they are written |
//!
//! The three wings never look into each other's windows: logs ([`weblog`] on `scan`), retention ([`retention`] on `scan`),
//! votes (`api` and [`store`] on [`ballot`]; they meet only in its trait).
//!
//! The library never prints: it returns data or takes a sink.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod api;
pub mod ballot;
pub mod progress;
pub mod report;
pub mod retention;
pub mod scan;
pub mod store;
pub mod units;
pub mod weblog;
