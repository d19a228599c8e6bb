//! q1 on a server that speaks MySQL's protocol: MySQL, MariaDB, Aurora, TiDB, Vitess. The same text, run there.
mod address;
mod client;
mod error;
mod option_file;
mod text;
mod tls;

pub use address::{Address, AddressError, Password, TlsMode, split_password};
pub use client::Server;
pub use error::ServerError;
pub use option_file::{OptionFile, OptionFileError};
