//! Connecting to a server that speaks `MySQL`'s protocol (`MySQL`, `MariaDB`, Aurora, `TiDB`, Vitess) by URL: the address,
//! the user's option file, secret passwords, TLS, and a connection whose errors say what to do.
//!
//! Knows nothing about queries: [`Connection::run`] lends the driver's connection to the caller.
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

pub use address::{Address, AddressError, TlsMode, without_password};
pub use command_line::{HideError, hide_password};
#[cfg(feature = "mysql")]
pub use connection::{Connection, Dialer};
pub use environment::{Completed, CompletionError, complete};
#[cfg(feature = "mysql")]
pub use error::DialError;
pub use option_file::{OptionFile, OptionFileError};
pub use password::Password;
