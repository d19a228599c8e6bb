//! Output files, written completely or not at all.
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use anyhow::Context;
use votekit::pending_file::PendingFile;
use votekit::weblog::SharedWriter;

/// Writes `bytes` to `path` atomically: a temporary file in the same folder is renamed once everything is on disk, so a full
/// disk or Ctrl-C leaves no partial file. An existing file is replaced; a symbolic link is followed.
///
/// # Errors
/// When the folder does not exist, is not writable, or is full; the error names `path`.
pub(crate) fn write_file_atomically(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        match Target::of(path)? {
            Target::Device(mut device) => device.write_all(bytes),
            Target::File(pending) => {
                pending.file().write_all(bytes)?;
                pending.replace()
            }
        }
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Where the bytes for a path go.
#[derive(Debug)]
enum Target {
    /// A device or a pipe (/dev/stdout, /dev/null), which must not be replaced by a file.
    Device(File),
    /// A file that is renamed to the path once it is complete.
    File(PendingFile),
}

impl Target {
    fn of(path: &Path) -> std::io::Result<Self> {
        if path.is_dir() {
            return Err(std::io::ErrorKind::IsADirectory.into());
        }
        if let Some(file) = open_descriptor(path) {
            return file.map(Target::Device);
        }
        if path.metadata().is_ok_and(|meta| !meta.is_file()) {
            return std::fs::OpenOptions::new().write(true).open(path).map(Target::Device);
        }
        // Replace the link's target, not the link.
        match path.is_symlink() {
            true => PendingFile::create(&path.canonicalize()?),
            false => PendingFile::create(path),
        }
        .map(Target::File)
    }
}

/// The open file named by a path like `/dev/stderr` or `/dev/fd/3`; None for any other path. Even if the shell has
/// redirected it to a file, that file must not be replaced: its other content would be lost.
fn open_descriptor(path: &Path) -> Option<std::io::Result<File>> {
    let number = match path.to_str()? {
        "/dev/stdout" => "1",
        "/dev/stderr" => "2",
        path => path.strip_prefix("/dev/fd/").or_else(|| path.strip_prefix("/proc/self/fd/"))?,
    };
    Some(match number {
        "1" => std::io::stdout().as_fd().try_clone_to_owned().map(File::from),
        "2" => std::io::stderr().as_fd().try_clone_to_owned().map(File::from),
        _ => File::options().append(true).open(path),
    })
}

/// A file that is written incrementally under a temporary name, and renamed once it is complete.
#[derive(Debug)]
pub(crate) struct OutputFile {
    path: PathBuf,
    target: Target,
    writer: SharedWriter,
}

impl OutputFile {
    /// Begins a file for `path`.
    ///
    /// # Errors
    /// When the folder does not exist, is not writable, or is full; the error names `path`.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        let begin = || -> std::io::Result<_> {
            let target = Target::of(path)?;
            let file = match &target {
                Target::Device(device) => device.try_clone()?,
                Target::File(pending) => pending.file().try_clone()?,
            };
            Ok(OutputFile { path: path.to_owned(), target, writer: SharedWriter::new(BufWriter::new(file)) })
        };
        begin().with_context(|| format!("cannot write {}", path.display()))
    }

    /// A writer to it, for any thread.
    pub(crate) fn writer(&self) -> SharedWriter {
        self.writer.clone()
    }

    /// Renames the complete file.
    ///
    /// # Errors
    /// When the rest cannot be written; the error names the file.
    pub(crate) fn keep(self) -> anyhow::Result<()> {
        let keep = || -> std::io::Result<()> {
            self.writer.flush()?;
            match self.target {
                Target::File(pending) => pending.replace(),
                Target::Device(_) => Ok(()),
            }
        };
        keep().with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_a_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let [path, link] = ["a.svg", "link"].map(|name| folder.path().join(name));
        write_file_atomically(&path, b"long enough").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_file_atomically(&link, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert!(link.is_symlink());
    }

    #[test]
    fn a_device_or_pipe_is_written_and_stays_what_it_is() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let read_while = |write: &dyn Fn()| {
            let path = path.clone();
            let reader = std::thread::spawn(move || std::fs::read(path).unwrap());
            write();
            reader.join().unwrap()
        };
        assert_eq!(read_while(&|| write_file_atomically(&path, b"one").unwrap()), b"one");
        assert_eq!(read_while(&|| OutputFile::create(&path).unwrap().keep().unwrap()), b"");
        assert!(path.metadata().unwrap().file_type().is_fifo());
        let error = format!("{:#}", OutputFile::create(folder.path()).unwrap_err());
        assert!(error.contains("is a directory"), "{error}");
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no/such/a.svg");
        let error = format!("{:#}", write_file_atomically(&missing, b"x").unwrap_err());
        assert!(error.contains("no/such/a.svg") && error.contains("No such file"), "{error}");
        let error = format!("{:#}", write_file_atomically(folder.path(), b"x").unwrap_err());
        assert!(error.contains("is a directory"), "{error}");
    }
}
