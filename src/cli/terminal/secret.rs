//! A password on the command line is seen by everyone who runs `ps`. So the process starts itself once more without it,
//! before anything else, and hands it over through a pipe that only the two of them hold.
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::Context;
use votekit::retention::server::{Password, split_password};

/// Names the pipe's end for the process that takes over.
const PIPE: &str = "VOTEKIT_PASSWORD_FD";
/// Longer than any password, and less than what a pipe holds without a reader.
const LONGEST: usize = 4096;

/// Replaces this process by one whose arguments hold no password, if these do.
///
/// # Errors
/// When that cannot be done: it does not go on with the password in sight.
pub fn hide() -> anyhow::Result<()> {
    let args: Vec<OsString> = std::env::args_os().collect();
    let mut found = None;
    let clean: Vec<OsString> = args.iter().map(|arg| without_password(arg, &mut found)).collect();
    let Some(password) = found else { return Ok(()) };
    let why = "cannot take the password off the command line; give it in MYSQL_PWD or ~/.my.cnf instead";
    Err(take_over(&clean, &password).context(why))
}

/// The password that was taken off the command line, if one was.
///
/// # Errors
/// When the pipe cannot be read.
pub fn hidden() -> io::Result<Option<Password>> {
    let Some(fd) = std::env::var(PIPE).ok().and_then(|fd| fd.parse::<u16>().ok()) else { return Ok(None) };
    let mut password = String::new();
    File::open(format!("/dev/fd/{fd}"))?.take(LONGEST as u64).read_to_string(&mut password)?;
    Ok(Some(Password(password)))
}

/// `arg` as it may be seen; its password goes to `found`.
fn without_password(arg: &OsStr, found: &mut Option<Password>) -> OsString {
    let Some(text) = arg.to_str() else { return arg.to_owned() };
    // The address alone, or behind `--db=`.
    let start = if text.starts_with('-') { text.find('=').map_or(0, |at| at + 1) } else { 0 };
    match split_password(&text[start..]) {
        Some((address, password)) => {
            *found = Some(password);
            format!("{}{address}", &text[..start]).into()
        }
        None => arg.to_owned(),
    }
}

/// Becomes the same program with `args`; comes back only to say why not.
fn take_over(args: &[OsString], password: &Password) -> anyhow::Error {
    let start = || -> anyhow::Result<io::Error> {
        anyhow::ensure!(password.0.len() <= LONGEST, "it is longer than {LONGEST} bytes");
        // Unlike the standard library's, this pipe outlives the change of programs.
        let (reader, writer) = rustix::pipe::pipe().map_err(io::Error::from)?;
        File::from(writer).write_all(password.0.as_bytes())?;
        let (name, rest) = args.split_first().context("there is no argument 0")?;
        let program = std::env::current_exe()?;
        Ok(Command::new(program).arg0(name).args(rest).env(PIPE, reader.as_raw_fd().to_string()).exec())
    };
    match start() {
        Ok(error) => error.into(),
        Err(error) => error,
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
