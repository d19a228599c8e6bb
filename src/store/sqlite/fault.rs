//! What SQLite says, in the words of the trait.
use std::path::Path;

use rusqlite::ffi;
use rusqlite::{Error, ErrorCode};

use super::file::waited_secs;
use crate::ballot::BoxError;

/// The extended result code, where SQLite gave one.
fn extended(error: &Error) -> i32 {
    error.sqlite_error().map_or(0, |error| error.extended_code)
}

fn reason(error: &Error) -> String {
    match error {
        Error::SqliteFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    }
}

/// `error` of anything but a commit: nothing was stored.
pub fn fault(path: &Path, error: &Error) -> BoxError {
    let place = path.display().to_string();
    match (error.sqlite_error_code(), extended(error)) {
        (Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed), _) => {
            BoxError::Busy { place, waited_secs: waited_secs() }
        }
        // To make or grow the -shm file fails with a code of its own on a full disk.
        (Some(ErrorCode::DiskFull), _) | (_, ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_WRITE) => {
            BoxError::Full { place }
        }
        (Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied), code) if code != ffi::SQLITE_READONLY_DIRECTORY => {
            BoxError::ReadOnly { place, reason: "you may read it, but not write it".into() }
        }
        (Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly), _) => BoxError::ReadOnly {
            place,
            reason: "SQLite needs to make files beside it (…-wal, …-shm), and its folder does not let it".into(),
        },
        (Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::SchemaChanged), _) => {
            BoxError::Damaged { place, reason: reason(error) }
        }
        // A table or column is not there, or holds what the schema does not allow.
        (Some(ErrorCode::Unknown), ffi::SQLITE_ERROR) | (None, _) => BoxError::Damaged { place, reason: reason(error) },
        _ => BoxError::Io { place, reason: reason(error) },
    }
}

/// `error` of a commit. SQLite reports a full disk before the commit record is written, and so is sure of it; any other
/// failure (an fsync above all) leaves open whether the record reached the disk.
pub fn commit_fault(path: &Path, error: &Error) -> BoxError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy) => fault(path, error),
        _ => BoxError::OutcomeUnknown { place: path.display().to_string(), reason: reason(error) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_lets_nobody_write_is_not_the_files_fault() {
        let told = |code| fault(Path::new("b.db"), &Error::SqliteFailure(ffi::Error::new(code), None)).to_string();
        for (code, reason) in [
            (ffi::SQLITE_READONLY, "you may read it, but not write it"),
            (ffi::SQLITE_READONLY_CANTINIT, "you may read it, but not write it"),
            (ffi::SQLITE_READONLY_DIRECTORY, "its folder does not let it"),
            (ffi::SQLITE_CANTOPEN, "its folder does not let it"),
            (ffi::SQLITE_PERM, "you may read it, but not write it"),
        ] {
            assert!(told(code).contains(reason), "{code}: {}", told(code));
        }
    }
}
