//! Ballot files that this process holds open, and what shows that one was moved or replaced meanwhile.
//!
//! Each stays open as long as the process lives: closing *any* descriptor of a file drops all POSIX locks that the process has
//! on it, also those of `SQLite` connections in other threads (<https://sqlite.org/howtocorrupt.html>, 2.2).
use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::names::{beside, io_fault};
use super::wal;
use crate::ballot::BoxError;

/// Device and inode: the same for all names of a file.
type FileId = (u64, u64);

fn file_id(metadata: &Metadata) -> FileId {
    (metadata.dev(), metadata.ino())
}

/// The identity of the file at `path`.
///
/// # Errors
/// When there is none, or its metadata cannot be read.
fn identity(path: &Path) -> Result<FileId, BoxError> {
    let metadata = fs::metadata(path).map_err(|error| io_fault(path, &error))?;
    Ok(file_id(&metadata))
}

/// The file at `real`, open for reading; messages call it `path`.
///
/// # Errors
/// When it cannot be opened.
pub(super) fn open(path: &Path, real: &Path) -> Result<Arc<File>, BoxError> {
    static OPEN: Mutex<Option<HashMap<FileId, Arc<File>>>> = Mutex::new(None);
    let id = identity(real)?;
    let mut open = OPEN.lock();
    let open = open.get_or_insert_with(HashMap::new);
    match open.entry(id) {
        std::collections::hash_map::Entry::Occupied(entry) => Ok(entry.get().clone()),
        std::collections::hash_map::Entry::Vacant(entry) => {
            let file = File::open(real).map_err(|error| io_fault(path, &error))?;
            Ok(entry.insert(Arc::new(file)).clone())
        }
    }
}

/// A file and its write-ahead log as they were when they were opened. Whatever is written to one that was moved, deleted or
/// replaced since would be lost.
pub(super) struct Opened {
    id: FileId,
    file: Arc<File>,
    cookie: Option<u32>,
    /// `None` where there was none: the file was opened as immutable, or has another kind of journal.
    wal: Option<FileId>,
}

impl Opened {
    /// The files that `real` names now, after a connection has read them.
    ///
    /// # Errors
    /// When there is no such file any more.
    pub(super) fn at(path: &Path, real: &Path) -> Result<Self, BoxError> {
        let file = open(path, real)?;
        let cookie = wal::cookie(&file);
        Ok(Opened { id: identity(real)?, file, cookie, wal: identity(&beside(real, "-wal")).ok() })
    }

    /// Whether there is a write-ahead log.
    pub(super) fn has_wal(&self) -> bool {
        self.wal.is_some()
    }

    /// Checks that `real` still names the same files, and that no other was written over them.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn expect_same(&self, path: &Path, real: &Path) -> Result<(), BoxError> {
        let same = |path: &Path, opened: &FileId| identity(path).is_ok_and(|now| now == *opened);
        let is_overwritten = || match (self.cookie, wal::cookie(&self.file)) {
            (Some(opened), Some(now)) => !wal::is_same(opened, now),
            (opened, now) => opened != now,
        };
        let reason = if !same(real, &self.id) {
            "it was moved, deleted or replaced while it was open: start again to use the one that is there now"
        } else if self.wal.as_ref().is_some_and(|wal| !same(&beside(real, "-wal"), wal)) {
            // SQLite still has it open, and moves what is in it into the file when it closes that.
            "its …-wal was moved, deleted or replaced while it was open: end the programs that have it open, \
             so that they save what was in it"
        } else if is_overwritten() {
            "another file was copied over it while it was open: end the programs that have it open, and put the right file back"
        } else {
            return Ok(());
        };
        Err(BoxError::Replaced { place: path.display().to_string(), reason: reason.to_owned() })
    }
}
