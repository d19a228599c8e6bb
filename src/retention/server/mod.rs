//! q1 on a server that speaks `MySQL`'s protocol: the same text, run there.
mod client;
mod columns;
mod error;

pub use client::Server;
pub use error::ServerError;
