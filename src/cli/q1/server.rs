//! `votekit q1 --db mysql://…`: the question on a server.
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use votekit::retention::server::{Address, OptionFile, Password, Server};

use crate::cli::terminal::console::Console;
use crate::cli::terminal::{exit, secret};

/// Connects to the server at `address`; what it does not say comes from MYSQL_PWD and `~/.my.cnf`.
///
/// # Errors
/// When the address is none or the server cannot be asked.
pub fn connect(address: &str, limit: Duration, console: &Console) -> anyhow::Result<Server> {
    let address = Address::parse(address).map_err(|error| exit::misuse(format!("--db: {error}")))?;
    let hidden = secret::hidden().context("cannot read the password that was on the command line")?;
    let from_env = std::env::var("MYSQL_PWD").ok().filter(|text| !text.is_empty()).map(Password);
    let address = address.completed(hidden.or(from_env), option_file(console)?);
    let mut server = Server::connect(&address, limit)?;
    console.detail(&server.describe()?);
    Ok(server)
}

/// The user's `~/.my.cnf`, with a warning if others can read its password.
fn option_file(console: &Console) -> anyhow::Result<OptionFile> {
    let Some(home) = std::env::var_os("HOME") else { return Ok(OptionFile::default()) };
    let path = PathBuf::from(home).join(".my.cnf");
    let file = OptionFile::read(&path)?;
    if file.password.is_some() && others_may_read(&path) {
        console.warn(&format!("{} holds a password and others can read it; chmod 600 keeps it yours", path.display()));
    }
    Ok(file)
}

fn others_may_read(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o044 != 0)
}
