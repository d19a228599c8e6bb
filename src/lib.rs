//! votekit's library: everything but the command line.
//!
//! # Map
//! Imports point down only, and no two files import each other; `tests/layers` checks both.
//!
//! | layer | modules | what they know |
//! |---|---|---|
//! | 4 | `main.rs`, `cli` (part of the binary, not of the library) | the command line: options, tables, charts, exit codes |
//! | 3 | [`api`] | the vote over HTTP; the only home of axum and tokio |
//! | 3 | [`store`] | ballots in a file or in a database on a server: looks up and writes, knows no rules; a store is a folder and one arm |
//! | 2 | [`weblog`] | logsum: log formats, filters, groups, totals |
//! | 2 | [`ballot`] | ballots, the rules (`decide`), errors, and the trait of every store; knows no SQL and no HTTP |
//! | 2 | [`retention`] | q1: the question, its engines (files, `SQLite`, a server), `MySQL`'s semantics |
//! | 1 | [`rows`] | from lines to named fields: delimited, quoted, JSON; headers, and faults of rows; knows no dates, sizes or users |
//! | 1 | [`dial`] | connecting to a MySQL-compatible server by URL: address, option file, passwords, TLS |
//! | 0 | [`scan`] | from files, pipes and folders to blocks of whole lines on every core; knows no columns |
//! | 0 | [`report`], [`progress`], [`units`] | plain results; a progress sink; parsers of days, times, durations and byte sizes |
//! | 0 | [`nearest`], [`pending_file`], [`threads`] | the nearest known name or file; files that appear complete or not at all; work on several threads |
//!
//! There are three wings, none of which imports another: logs ([`weblog`] on `rows`), retention ([`retention`] on `rows` and [`dial`]),
//! and votes ([`api`] and [`store`] on [`ballot`], `store/mysql` on [`dial`] too; the two meet only in its trait).
//!
//! The library never prints: it returns data or takes a sink.
#![deny(clippy::print_stdout, clippy::print_stderr)]

#[cfg(not(unix))]
compile_error!("votekit needs Unix: it reads files at any position, and identifies them by device and inode");

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
