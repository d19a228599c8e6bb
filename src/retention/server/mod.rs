//! q1 on a server that speaks `MySQL`'s protocol: the same text, run there.
mod client;
mod error;
mod text;

pub use client::Server;
pub use error::ServerError;
