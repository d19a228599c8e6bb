//! votekit's library: what the three jobs compute, without a terminal.
//!
//! # Map
//! Imports point down only, and no two files import each other; a test (`tests/layers`) holds both.
//!
//! | layer | modules | what they know |
//! |---|---|---|
//! | 4 | `main.rs`, `cli` (part of the binary, not of the library) | the terminal: options, tables, bars, exit codes |
//! | 3 | [`api`] | the vote on HTTP; the only home of axum and tokio |
//! | 3 | [`store`] | ballots in a file: looks up and writes, knows no rule; another store is a folder there and one arm |
//! | 2 | [`weblog`] | logsum: format, record, filter, totals |
//! | 2 | [`ballot`] | what a vote is: ballots, the rules (`decide`), errors, and the trait of every store; knows no SQL, no HTTP |
//! | 2 | [`retention`] | q1: the question, its engines (files, `SQLite`, a server), `MySQL`'s semantics |
//! | 1 | [`rows`] | lines → named fields: delimited, quoted, JSON; headers, and what is wrong with a row; knows no dates, sizes or users |
//! | 1 | [`dial`] | how to reach a MySQL-compatible server by its URL: address, option file, passwords, TLS |
//! | 0 | [`scan`] | where bytes come from and how they reach every core in whole lines; knows no columns |
//! | 0 | [`report`], [`progress`], [`units`] | plain results, a progress sink, days, times, durations and byte sizes as they are written |
//! | 0 | [`nearest`], [`pending_file`], [`threads`] | the name nearest to one that does not exist, files that appear whole or not at all, work on several threads |
//!
//! Three wings, none of which imports another: logs ([`weblog`] on `rows`), retention ([`retention`] on `rows` and [`dial`]),
//! and votes ([`api`] and [`store`] on [`ballot`]; these two meet only in its trait).
//!
//! The library never prints: it returns data or takes a sink.
#![deny(clippy::print_stdout, clippy::print_stderr)]

#[cfg(not(unix))]
compile_error!("votekit needs Unix: it reads files at positions, and knows them by device and inode");

#[cfg(feature = "serve")]
pub mod api;
pub mod ballot;
pub mod dial;
pub mod nearest;
pub mod pending_file;
pub mod progress;
pub mod report;
pub mod retention;
pub mod rows;
pub mod scan;
pub mod store;
pub mod threads;
pub mod units;
pub mod weblog;
