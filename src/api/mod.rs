//! The vote on HTTP: the only home of axum and tokio.
//!
//! | module | what it knows |
//! |---|---|
//! | [`server`](self) | connections: how many, how slow, how they end |
//! | `routes` | which request is answered by what |
//! | `app` | what handlers share; the way of a ballot from a request to its outcome |
//! | `contract` | the documents of the REST contract |
//! | `page`, `form` | the page, and how its form is taken without scripts |
//! | `problem` | errors → status, problem details |
//! | `writer` | the one thread that writes: all that waits in one transaction |
//! | `board` | the result as bytes, never older than the last commit |
//! | `windows` | results of other windows |
//! | `limits` | who a client is, and how often one may vote |
//! | `metrics`, `log`, `openapi` | what the service tells of itself |
mod app;
mod board;
mod contract;
mod form;
mod limits;
mod log;
mod metrics;
mod openapi;
mod page;
mod problem;
mod routes;
mod server;
mod windows;
mod writer;

pub use ipnet::IpNet;
pub use limits::{Rate, RateError};
pub use log::{AccessLog, LogFormat};
pub use server::{Options, ServeError, Service};
