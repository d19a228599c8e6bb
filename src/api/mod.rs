//! The vote over HTTP: the only home of axum and tokio.
//!
//! | module | what it knows |
//! |---|---|
//! | `server` | the service as a whole: how it starts, runs and stops |
//! | `listener` | where it listens: TCP, a Unix socket, a socket of systemd |
//! | `public_url` | where people reach it, and the base of its paths |
//! | `connections` | how many there may be, how slow they may be |
//! | `routes` | the routes: one line per endpoint |
//! | `vote`, `result`, `events`, `operation` | the endpoints |
//! | `page`, `form` | the page, and form posts without scripts |
//! | `app` | the state shared by handlers, and how a ballot gets its outcome |
//! | `body`, `document` | request bodies; documents with an ETag |
//! | `contract` | the documents of the REST contract |
//! | `writer` | the thread that writes all waiting ballots in one transaction |
//! | `snapshots` | the rendered result, never older than the last commit |
//! | `reads`, `windows`, `pictures` | what is read only when asked for: results of other windows, candidates' pictures |
//! | `limits` | client addresses, and how often a client may vote |
//! | `problem`, `error` | errors as status and problem details; why the service cannot run |
//! | `health`, `metrics`, `process`, `log` | monitoring |
mod app;
mod assets;
mod body;
mod browser;
mod connections;
mod contract;
mod document;
mod error;
mod events;
mod figures;
mod form;
mod health;
mod html;
mod limits;
mod listener;
mod log;
mod metrics;
mod operation;
mod origins;
mod page;
mod phrases;
mod pictures;
mod problem;
mod process;
mod public_url;
mod qr;
mod reads;
mod result;
mod routes;
mod screen;
mod server;
mod snapshots;
mod view;
mod vote;
mod voted;
mod windows;
mod words;
mod writer;

pub use error::ServeError;
pub use ipnet::IpNet;
pub use limits::{Rate, RateError};
pub use listener::{Listen, Place};
pub use log::{AccessLog, LogFormat};
pub use origins::{Origin, OriginError};
pub use public_url::{PublicUrl, PublicUrlError};
pub use server::{Options, Service};
