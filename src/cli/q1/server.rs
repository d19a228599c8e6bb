//! `votekit q1 --db mysql://…`: the question on a server.
use std::time::Duration;

use votekit::dial::{self, Address, Connection};
use votekit::retention::{self, Server, TableNames};

use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;

/// Connects to the server at `url`. What the URL leaves open comes from `MYSQL_PWD` and `~/.my.cnf`.
///
/// # Errors
/// When the URL is not an address, the server cannot be reached, or it has no such table.
pub(super) fn connect(
    url: &str,
    limit: Duration,
    names: TableNames,
    reading: retention::Reading,
    console: &Console,
) -> anyhow::Result<Server> {
    let address = Address::parse(url).map_err(|error| exit::misuse(format!("--db: {error}")))?;
    let dial::Completed { address, exposed_file } = dial::complete(address)?;
    if let Some(path) = exposed_file {
        console.warn(&format!("{} holds a password and others can read it; chmod 600 keeps it yours", path.display()));
    }
    let mut connection = Connection::open(&address, limit)?;
    console.detail(&connection.describe()?);
    Ok(Server::new(connection, names, reading)?)
}
