//! Keeps a password typed on the command line out of `ps`, where every user of the system could read it. Before anything
//! else, the process replaces itself by one without the password in its arguments, and passes the password through a pipe.
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use parking_lot::Mutex;

use super::address::split_password;
use super::password::Password;

/// Tells the new process which descriptor is the reading end of the pipe.
const PIPE: &str = "VOTEKIT_PASSWORD_FD";
/// More than any password has, and less than a pipe holds without a reader.
const BYTES_MAX: usize = 4096;

/// Why the password is still on the command line.
#[derive(Debug, thiserror::Error)]
#[error("cannot take the password off the command line; give it in MYSQL_PWD or ~/.my.cnf instead: {0}")]
pub struct HideError(String);

/// If the arguments contain a password, replaces this process by one without it. Otherwise returns.
///
/// # Errors
/// When the process cannot be replaced. The caller must not go on while the password is visible.
pub fn hide_password() -> Result<(), HideError> {
    let args: Vec<OsString> = std::env::args_os().collect();
    let mut found = None;
    let clean: Vec<OsString> = args.iter().map(|arg| without_password(arg, &mut found)).collect();
    match found {
        None => Ok(()),
        Some(password) => Err(HideError(replace_process(&clean, &password))),
    }
}

/// The password that was taken off the command line, if one was. The pipe can be read once: what was in it is kept.
///
/// # Errors
/// When the pipe cannot be read.
pub(super) fn hidden_password() -> io::Result<Option<Password>> {
    static READ: Mutex<Option<Password>> = Mutex::new(None);
    let mut kept = READ.lock();
    if kept.is_none() {
        *kept = read_pipe()?;
    }
    Ok(kept.clone())
}

fn read_pipe() -> io::Result<Option<Password>> {
    let Some(fd) = std::env::var(PIPE).ok().and_then(|fd| fd.parse::<u16>().ok()) else { return Ok(None) };
    let mut password = String::new();
    File::open(format!("/dev/fd/{fd}"))?.take(BYTES_MAX as u64).read_to_string(&mut password)?;
    Ok(Some(Password(password)))
}

/// Moves the password in `arg`, if any, to `found`.
fn without_password(arg: &OsStr, found: &mut Option<Password>) -> OsString {
    let Some(text) = arg.to_str() else { return arg.to_owned() };
    // Either the address alone, or `--db=` and the address.
    let start = if text.starts_with('-') { text.find('=').map_or(0, |at| at + 1) } else { 0 };
    match split_password(&text[start..]) {
        Some((address, password)) => {
            *found = Some(password);
            format!("{}{address}", &text[..start]).into()
        }
        None => arg.to_owned(),
    }
}

/// Executes the same program with `args`. Returns only if that fails, with the reason.
fn replace_process(args: &[OsString], password: &Password) -> String {
    let start = || -> io::Result<io::Error> {
        if password.0.len() > BYTES_MAX {
            return Err(io::Error::other(format!("it is longer than {BYTES_MAX} bytes")));
        }
        // Unlike the standard library's pipes, this one is not closed by exec.
        let (reader, writer) = rustix::pipe::pipe()?;
        File::from(writer).write_all(password.0.as_bytes())?;
        let (name, rest) = args.split_first().ok_or_else(|| io::Error::other("there is no argument 0"))?;
        let program = std::env::current_exe()?;
        Ok(Command::new(program).arg0(name).args(rest).env(PIPE, reader.as_raw_fd().to_string()).exec())
    };
    match start() {
        Ok(error) | Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_leave_the_arguments_and_the_rest_stays() {
        let mut found = None;
        for (arg, clean) in [
            ("mysql://u:secret@h/d", "mysql://u@h/d"),
            ("--db=mysql://u:secret@h/d", "--db=mysql://u@h/d"),
            ("mysql://u@h/d", "mysql://u@h/d"),
            ("a:b@c", "a:b@c"),
            ("--event=x:y@z", "--event=x:y@z"),
        ] {
            assert_eq!(without_password(OsStr::new(arg), &mut found), OsString::from(clean));
        }
        assert_eq!(found, Some(Password("secret".to_owned())));
    }
}
