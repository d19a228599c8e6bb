//! Files that appear complete or not at all, even after a power failure.
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that is written under a temporary name in the folder of its path and moved to that path only when complete. If
/// dropped before, it leaves nothing behind.
#[derive(Debug)]
pub struct PendingFile {
    path: PathBuf,
    file: NamedTempFile,
}

impl PendingFile {
    /// Creates the temporary file for `path`.
    ///
    /// # Errors
    /// When the folder does not exist or no file can be created in it.
    pub fn create(path: &Path) -> io::Result<Self> {
        // The system's error without the temporary name, which would mean nothing to the user.
        let mut reason = None;
        let create = |temporary: &Path| {
            // tempfile would make it readable by its owner alone; a result has the permissions of any new file.
            let created = OpenOptions::new().read(true).write(true).create_new(true).open(temporary);
            created.inspect_err(|error| reason = error.raw_os_error())
        };
        let made = tempfile::Builder::new().prefix(".votekit-").make_in(folder_of(path), create);
        let file = made.map_err(|error| reason.map_or(error, io::Error::from_raw_os_error))?;
        Ok(PendingFile { path: path.to_owned(), file })
    }

    /// The open file. Its errors do not name the temporary path.
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// The temporary path, for libraries that open files by name.
    pub fn temporary_path(&self) -> &Path {
        self.file.path()
    }

    /// Moves the file to its path, replacing any file there.
    ///
    /// # Errors
    /// When the file cannot be saved or renamed.
    pub fn replace(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.path).map_err(|error| error.error)?;
        sync_folder(&self.path)
    }

    /// Moves the file to its path unless something is there. If two processes race, one fails.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when the path is taken; when the file cannot be saved or renamed.
    pub fn place(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.path).map_err(|error| error.error)?;
        sync_folder(&self.path)
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new name is on disk only once its folder is synced. If the system cannot do that (the folder is not readable, or the
/// file system has no such sync), nothing more can be done, and it is not an error.
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
