//! Files that a command writes: complete, or not at all.
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use anyhow::Context;
use votekit::weblog::SharedWriter;

/// Writes `bytes` to `path` atomically: a temporary file in the same folder is renamed once everything is on disk, so a full
/// disk or Ctrl-C leaves no partial file. An existing file is replaced; a symbolic link is followed.
///
/// # Errors
/// When the folder does not exist, is not writable, or is full; the error names `path`.
pub fn write_file_atomically(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        match Target::of(path)? {
            Target::Device(mut device) => device.write_all(bytes),
            Target::File { path, mut file } => {
                // Through the file itself, whose errors do not name the temporary path.
                file.as_file_mut().write_all(bytes)?;
                file.as_file().sync_all()?;
                file.persist(path).map_err(|error| error.error)?;
                Ok(())
            }
        }
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Where the bytes for a path are written.
#[derive(Debug)]
enum Target {
    /// A device or a pipe (/dev/stdout, /dev/null), which must not be replaced by a file.
    Device(File),
    /// A temporary file in the folder of `path`, renamed to `path` once it is complete.
    File { path: PathBuf, file: tempfile::NamedTempFile },
}

impl Target {
    fn of(path: &Path) -> std::io::Result<Self> {
        if path.is_dir() {
            return Err(std::io::ErrorKind::IsADirectory.into());
        }
        // Even if the shell redirects stdout to a file: replacing that file would lose the result.
        if ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name)) {
            return Ok(Target::Device(std::io::stdout().as_fd().try_clone_to_owned()?.into()));
        }
        if path.metadata().is_ok_and(|meta| !meta.is_file()) {
            return std::fs::OpenOptions::new().write(true).open(path).map(Target::Device);
        }
        // Replace the link's target, not the link.
        let path = if path.is_symlink() { path.canonicalize()? } else { path.to_owned() };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Target::File { file: temporary_in(folder)?, path })
    }
}

/// A file that is written bit by bit under a temporary name, and renamed once it is complete.
#[derive(Debug)]
pub struct PendingFile {
    path: PathBuf,
    target: Target,
    writer: SharedWriter,
}

impl PendingFile {
    /// Begins a file for `path`.
    ///
    /// # Errors
    /// When the folder does not exist, is not writable, or is full; the error names `path`.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let begin = || -> std::io::Result<_> {
            let target = Target::of(path)?;
            let file = match &target {
                Target::Device(device) => device.try_clone()?,
                Target::File { file, .. } => file.reopen()?,
            };
            Ok(PendingFile { path: path.to_owned(), target, writer: SharedWriter::new(BufWriter::new(file)) })
        };
        begin().with_context(|| format!("cannot write {}", path.display()))
    }

    /// A writer to it, for any thread.
    pub fn writer(&self) -> SharedWriter {
        self.writer.clone()
    }

    /// Renames the complete file.
    ///
    /// # Errors
    /// When the rest cannot be written; the error names the file.
    pub fn keep(self) -> anyhow::Result<()> {
        let keep = || -> std::io::Result<()> {
            self.writer.flush()?;
            if let Target::File { path, file } = self.target {
                file.as_file().sync_all()?;
                file.persist(path).map_err(|error| error.error)?;
            }
            Ok(())
        };
        keep().with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// A temporary file with the permissions of any new file, not tempfile's 0600. Errors are the system's own, without the
/// temporary name, which means nothing to the user.
fn temporary_in(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut reason = None;
    let create = |path: &Path| {
        let created = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
        created.inspect_err(|error| reason = error.raw_os_error())
    };
    let made = tempfile::Builder::new().prefix(".votekit-").make_in(folder, create);
    made.map_err(|error| reason.map_or(error, std::io::Error::from_raw_os_error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.svg");
        write_file_atomically(&path, b"long enough").unwrap();
        write_file_atomically(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let plain = folder.path().join("plain");
            std::fs::write(&plain, b"").unwrap();
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
            assert_eq!(mode(&path), mode(&plain), "as readable as any new file");
        }
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
        assert_eq!(read_while(&|| PendingFile::create(&path).unwrap().keep().unwrap()), b"");
        assert!(path.metadata().unwrap().file_type().is_fifo());
        let error = format!("{:#}", PendingFile::create(folder.path()).unwrap_err());
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
