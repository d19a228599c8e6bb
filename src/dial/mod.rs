//! How to reach a server that speaks `MySQL`'s protocol (`MySQL`, `MariaDB`, Aurora, `TiDB`, Vitess) by its URL: the address, the
//! user's option file, passwords that nobody else sees, TLS, and a connection whose errors say what to do.
//!
//! What is asked of the server is not known here: [`Connection::run`] lends the driver's connection to whoever asks.
#[cfg_attr(not(feature = "mysql"), expect(dead_code, reason = "only a connection reads all of an address"))]
mod address;
mod command_line;
#[cfg(feature = "mysql")]
mod connection;
mod environment;
#[cfg(feature = "mysql")]
mod error;
mod option_file;
mod password;
#[cfg(feature = "mysql")]
mod tls;

pub use address::{Address, AddressError, TlsMode};
pub use command_line::{HideError, hide_password};
#[cfg(feature = "mysql")]
pub use connection::Connection;
pub use environment::{Completed, CompletionError, complete};
#[cfg(feature = "mysql")]
pub use error::DialError;
pub use option_file::{OptionFile, OptionFileError};
pub use password::Password;
