//! How to reach a server that speaks MySQL's protocol (MySQL, MariaDB, Aurora, TiDB, Vitess) by its URL: the address, the
//! user's option file, passwords that nobody else sees, TLS, and a connection whose errors say what to do.
//!
//! What is asked of the server is not known here: [`Connection::run`] lends the driver's connection to whoever asks.
mod address;
mod command_line;
mod connection;
mod environment;
mod error;
mod option_file;
mod password;
mod tls;

pub use address::{Address, AddressError, TlsMode};
pub use command_line::{HideError, hide_password};
pub use connection::Connection;
pub use environment::{Completed, CompletionError, complete};
pub use error::DialError;
pub use option_file::{OptionFile, OptionFileError};
pub use password::Password;
