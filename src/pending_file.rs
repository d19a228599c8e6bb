//! Files that appear complete or not at all, even after a power failure.
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// How the names of temporary files begin, and how many random characters follow.
const PREFIX: &str = ".votekit-";
const RANDOM_CHARS: usize = 6;
/// How many entries of a folder are looked at for leftovers: a folder of a million logs is not read for a picture.
const ENTRIES_MOST: usize = 10_000;

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
        // tempfile would make it readable by its owner alone; a result has the permissions of any new file.
        Self::begin(path, None)
    }

    /// Begins a file that will be at `path` with the permissions `mode`, whatever the umask is.
    ///
    /// # Errors
    /// When the folder does not exist, or no file can be made in it.
    pub fn create_with_mode(path: &Path, mode: u32) -> io::Result<Self> {
        Self::begin(path, Some(mode))
    }

    fn begin(path: &Path, mode: Option<u32>) -> io::Result<Self> {
        remove_leftovers(folder_of(path));
        // The system's error without the temporary name, which would mean nothing to the user.
        let mut reason = None;
        let create = |temporary: &Path| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create_new(true);
            if let Some(mode) = mode {
                // Nobody else opens it before it has its final permissions.
                options.mode(mode & 0o600);
            }
            let made = options.open(temporary).and_then(|file| {
                mode.map_or(Ok(()), |mode| file.set_permissions(Permissions::from_mode(mode)))?;
                // Whoever clears up leftovers leaves alone what is locked. Where nothing can be locked, nothing is cleared up.
                let _ = file.lock();
                Ok(file)
            });
            let file = made.inspect_err(|error| reason = error.raw_os_error())?;
            match file.metadata()?.nlink() {
                // Removed as a leftover between being made and being locked: another name is tried.
                0 => Err(io::ErrorKind::AlreadyExists.into()),
                _ => Ok(file),
            }
        };
        let made = tempfile::Builder::new().prefix(PREFIX).make_in(folder_of(path), create);
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

/// How many names the file at `path` has beside this one and its temporary ones, which are removed if they are leftovers; 0 if
/// that cannot be known.
pub fn other_names(path: &Path) -> u64 {
    let folder = folder_of(path);
    remove_leftovers(folder);
    let Ok(file) = fs::metadata(path) else { return 0 };
    let is_temporary = |entry: &fs::DirEntry| {
        entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX))
            && entry.metadata().is_ok_and(|other| (other.dev(), other.ino()) == (file.dev(), file.ino()))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(ENTRIES_MOST);
    file.nlink().saturating_sub(1 + entries.filter(is_temporary).count() as u64)
}

/// Removes temporary files of runs that were killed or lost their power: those that nobody has locked. What cannot be removed
/// is left.
fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().take(ENTRIES_MOST) {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        // With what SQLite keeps beside a file.
        let stem = ["-wal", "-shm", "-journal"].iter().find_map(|side| rest.strip_suffix(side)).unwrap_or(rest);
        if stem.len() != RANDOM_CHARS || !stem.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            continue;
        }
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        // Locked until it is removed.
        let file = File::open(folder.join(format!("{PREFIX}{stem}")));
        let is_left = match &file {
            Ok(file) => file.try_lock().is_ok(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if is_left {
            let _ = fs::remove_file(entry.path());
        }
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
    use std::io::Write;

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
    fn permissions_are_as_asked_whatever_the_umask_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for mode in [0o600, 0o660] {
            let pending = PendingFile::create_with_mode(&path, mode).unwrap();
            pending.replace().unwrap();
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode);
        }
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_is_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let in_use = PendingFile::create(&at("a")).unwrap();
        for name in [".votekit-aB3xYz", ".votekit-aB3xYz-wal", ".votekit-gone12-shm", ".votekit-notes.txt"] {
            fs::write(at(name), "x").unwrap();
        }
        drop(PendingFile::create(&at("b")).unwrap());
        let left = names(folder.path());
        assert!(left.contains(&".votekit-notes.txt".to_owned()) && in_use.temporary_path().exists(), "{left:?}");
        assert_eq!(left.len(), 2, "{left:?}");
    }

    #[test]
    fn an_error_is_the_systems_own() {
        let folder = tempfile::tempdir().unwrap();
        let error = PendingFile::create(&folder.path().join("no/such/a")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(!error.to_string().contains(".votekit-"), "{error}");
    }
}
