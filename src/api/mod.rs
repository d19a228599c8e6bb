//! The vote on HTTP: the only home of axum and tokio.
//!
//! | module | what it knows |
//! |---|---|
//! | `server` | the service as a whole: how it listens, runs and ends |
//! | `connections` | how many there may be, how slow they may be |
//! | `routes` | which request is answered by what: a line an endpoint |
//! | `vote`, `result`, `events`, `operation` | the endpoints |
//! | `page`, `form` | the page, and how its form is taken without scripts |
//! | `app` | what handlers share, and a ballot's way to its outcome |
//! | `body`, `document` | requests' bodies; documents with an ETag |
//! | `contract` | the documents of the REST contract |
//! | `writer` | the one thread that writes: all waiting ballots in one transaction |
//! | `snapshots` | the vote as bytes, never older than the last commit |
//! | `windows` | results of other windows |
//! | `limits` | who a client is, and how often one may vote |
//! | `problem`, `error` | errors → status, problem details; why the service cannot run |
//! | `health`, `metrics`, `log` | how the service is doing |
mod app;
mod body;
mod connections;
mod contract;
mod document;
mod error;
mod events;
mod form;
mod health;
mod limits;
mod log;
mod metrics;
mod operation;
mod page;
mod problem;
mod result;
mod routes;
mod server;
mod snapshots;
mod vote;
mod windows;
mod writer;

pub use error::ServeError;
pub use ipnet::IpNet;
pub use limits::{Rate, RateError};
pub use log::{AccessLog, LogFormat};
pub use server::{Options, Service};
