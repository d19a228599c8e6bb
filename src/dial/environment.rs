//! Completes an address from the user's environment, in the order of `MySQL`'s client: a password from the command line,
//! then `MYSQL_PWD`, then `~/.my.cnf`.
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::address::Address;
use super::command_line::hidden_password;
use super::option_file::{OptionFile, OptionFileError};
use super::password::Password;

/// An address completed from the environment.
#[derive(Debug)]
pub struct Completed {
    /// The address with its gaps filled.
    pub address: Address,
    /// The option file, if it contains a password and other users can read it: worth a warning.
    pub exposed_file: Option<PathBuf>,
}

/// Why an address cannot be completed.
#[derive(Debug, thiserror::Error)]
pub enum CompletionError {
    /// The pipe with the password from the command line cannot be read. The cause is text, since a broken pipe of our own
    /// must not look like a closed stdout.
    #[error("cannot read the password that was on the command line: {0}")]
    HiddenPassword(String),
    /// The user's option file cannot be used.
    #[error(transparent)]
    OptionFile(#[from] OptionFileError),
}

/// Fills the gaps of `address` from the environment.
///
/// # Errors
/// When the password from the command line or the option file cannot be read.
pub fn complete(address: Address) -> Result<Completed, CompletionError> {
    let hidden = hidden_password().map_err(|error: io::Error| CompletionError::HiddenPassword(error.to_string()))?;
    let from_environment = || std::env::var("MYSQL_PWD").ok().filter(|text| !text.is_empty()).map(Password);
    let path = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".my.cnf"));
    let file = path.as_deref().map_or_else(|| Ok(OptionFile::default()), OptionFile::read)?;
    let exposed_file = path.filter(|path| file.password.is_some() && others_can_read(path));
    Ok(Completed { address: address.completed(hidden.or_else(from_environment), file), exposed_file })
}

fn others_can_read(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o044 != 0)
}
