//! Properties of stdin.
use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

/// Whether a command without files should read stdin: it is a pipe or a file, not a terminal or `/dev/null`.
pub(crate) fn is_given() -> bool {
    !io::stdin().is_terminal() && !is_dev_null().unwrap_or(false)
}

/// The size of stdin in bytes, if it is a file.
pub(crate) fn file_bytes() -> Option<u64> {
    let stdin = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?).metadata().ok()?;
    stdin.is_file().then_some(stdin.len())
}

fn is_dev_null() -> io::Result<bool> {
    let stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?).metadata()?;
    let null = fs::metadata("/dev/null")?;
    Ok((stdin.dev(), stdin.ino()) == (null.dev(), null.ino()))
}
