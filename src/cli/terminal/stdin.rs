//! Whether stdin has something to say.
use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

/// Whether a command without files should read stdin: a pipe or a file is there, not a terminal and not `/dev/null`.
pub fn is_given() -> bool {
    !io::stdin().is_terminal() && !is_dev_null().unwrap_or(false)
}

/// How many bytes stdin has, where it is a file.
pub fn file_bytes() -> Option<u64> {
    let stdin = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?).metadata().ok()?;
    stdin.is_file().then_some(stdin.len())
}

fn is_dev_null() -> io::Result<bool> {
    let stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?).metadata()?;
    let null = fs::metadata("/dev/null")?;
    Ok((stdin.dev(), stdin.ino()) == (null.dev(), null.ino()))
}
