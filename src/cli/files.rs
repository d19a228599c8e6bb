//! Files that a command leaves behind: whole, or not at all.
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use votekit::weblog::SharedWriter;

/// Writes `bytes` to `path` so that a reader, a full disk or a Ctrl-C never leaves half of it there: a temporary file in
/// the same folder takes the name when all is on disk. A file of that name is replaced; a symbolic link is followed.
///
/// # Errors
/// When the folder does not exist, must not be written, or is full; the error names `path`.
pub fn write_file_atomically(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    // The link's target is what the user means to replace, not the link.
    let target = if path.is_symlink() { path.canonicalize() } else { Ok(path.to_owned()) };
    let write = || -> std::io::Result<()> {
        let target = target?;
        if target.is_dir() {
            return Err(std::io::ErrorKind::IsADirectory.into());
        }
        // A device or a pipe (/dev/stdout, /dev/null) cannot be replaced by a file.
        if target.metadata().is_ok_and(|meta| !meta.is_file()) {
            return std::fs::OpenOptions::new().write(true).open(&target)?.write_all(bytes);
        }
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = temporary_in(folder)?;
        // Through the file itself, whose errors do not name the temporary path.
        file.as_file_mut().write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|error| error.error)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// A file that grows under a temporary name in the folder where it will stand, and takes its own only when it is whole.
#[derive(Debug)]
pub struct Growing {
    path: PathBuf,
    file: tempfile::NamedTempFile,
    writer: SharedWriter,
}

impl Growing {
    /// Begins a file that will stand at `path`.
    ///
    /// # Errors
    /// When the folder does not exist, must not be written, or is full; the error names `path`.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let begin = || -> std::io::Result<_> {
            let file = temporary_in(folder)?;
            let writer = SharedWriter::new(BufWriter::new(file.reopen()?));
            Ok(Growing { path: path.to_owned(), file, writer })
        };
        begin().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Where it is written, by any thread.
    pub fn writer(&self) -> SharedWriter {
        self.writer.clone()
    }

    /// The file is whole: it takes its name.
    ///
    /// # Errors
    /// When the rest cannot be written; the error names the file.
    pub fn keep(self) -> anyhow::Result<()> {
        let keep = || -> std::io::Result<()> {
            self.writer.flush()?;
            self.file.as_file().sync_all()?;
            self.file.persist(&self.path).map_err(|error| error.error)?;
            Ok(())
        };
        let path = self.path.clone();
        keep().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A temporary file with the permissions any new file gets, not those of a secret. An error of it is the system's own: the
/// temporary name means nothing to the user.
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
    fn what_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no/such/a.svg");
        let error = format!("{:#}", write_file_atomically(&missing, b"x").unwrap_err());
        assert!(error.contains("no/such/a.svg") && error.contains("No such file"), "{error}");
        let error = format!("{:#}", write_file_atomically(folder.path(), b"x").unwrap_err());
        assert!(error.contains("is a directory"), "{error}");
    }
}
