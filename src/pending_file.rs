//! Files that appear whole or not at all, also after a power failure.
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that is written under a temporary name in the folder of its path, and takes that path only when it is whole.
/// Dropped before, it leaves nothing behind.
#[derive(Debug)]
pub struct PendingFile {
    path: PathBuf,
    file: NamedTempFile,
}

impl PendingFile {
    /// Begins a file that will be at `path`.
    ///
    /// # Errors
    /// When the folder does not exist, or no file can be made in it.
    pub fn create(path: &Path) -> io::Result<Self> {
        // The system's own error: the temporary name means nothing to the user.
        let mut reason = None;
        let create = |temporary: &Path| {
            // With the permissions of any new file, not those of a secret.
            let created = OpenOptions::new().read(true).write(true).create_new(true).open(temporary);
            created.inspect_err(|error| reason = error.raw_os_error())
        };
        let made = tempfile::Builder::new().prefix(".votekit-").make_in(folder_of(path), create);
        let file = made.map_err(|error| reason.map_or(error, io::Error::from_raw_os_error))?;
        Ok(PendingFile { path: path.to_owned(), file })
    }

    /// What is written to. Its errors do not name the temporary path.
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// The temporary path, for those who open files by name.
    pub fn temporary_path(&self) -> &Path {
        self.file.path()
    }

    /// Takes the path, in place of a file that has it.
    ///
    /// # Errors
    /// When the file cannot be saved or renamed.
    pub fn replace(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.path).map_err(|error| error.error)?;
        sync_folder(&self.path)
    }

    /// Takes the path if it is free: of two who try at once, one is refused.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when it is not; when the file cannot be saved or renamed.
    pub fn place(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.path).map_err(|error| error.error)?;
        sync_folder(&self.path)
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new name is on disk when its folder is. Where the system cannot sync a folder (one that may not be read, a file system
/// that has no such sync), the file is as safe as it can be.
fn sync_folder(path: &Path) -> io::Result<()> {
    let synced = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    synced.or_else(|error| match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput => Ok(()),
        _ => Err(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn written(path: &Path, text: &str) -> PendingFile {
        let pending = PendingFile::create(path).unwrap();
        pending.file().write_all(text.as_bytes()).unwrap();
        pending
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        drop(written(&path, "dropped"));
        assert!(names(folder.path()).is_empty());
        let pending = written(&path, "one, long");
        assert!(!path.exists(), "not yet");
        pending.place().unwrap();
        assert_eq!(written(&path, "two").place().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one, long");
        written(&path, "three").replace().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        assert_eq!(names(folder.path()), ["a"], "nothing else is left");
    }

    #[test]
    fn it_is_as_readable_as_any_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let [plain, path] = ["plain", "a"].map(|name| folder.path().join(name));
        fs::write(&plain, b"").unwrap();
        written(&path, "").place().unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&plain));
    }

    #[test]
    fn an_error_is_the_systems_own() {
        let folder = tempfile::tempdir().unwrap();
        let error = PendingFile::create(&folder.path().join("no/such/a")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(!error.to_string().contains(".votekit-"), "{error}");
    }
}
