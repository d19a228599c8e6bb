//! Translates `SQLite`'s errors to those of the trait.
use std::path::Path;

use rusqlite::ffi;
use rusqlite::{Error, ErrorCode};

use super::busy::waited_secs;
use crate::ballot::BoxError;

/// The extended result code; 0 if there is none.
fn extended(error: &Error) -> i32 {
    error.sqlite_error().map_or(0, |error| error.extended_code)
}

fn reason(error: &Error) -> String {
    match error {
        Error::SqliteFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    }
}

/// Translates an error of anything but a commit: nothing was stored.
pub(super) fn fault(path: &Path, error: &Error) -> BoxError {
    let place = path.display().to_string();
    match (error.sqlite_error_code(), extended(error)) {
        (Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed), _) => {
            BoxError::Busy { place, waited_secs: waited_secs() }
        }
        // On a full disk, creating or growing the -shm file fails with other codes.
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
        // A table or column is missing, or holds what the schema does not allow.
        (Some(ErrorCode::Unknown), ffi::SQLITE_ERROR) | (None, _) => BoxError::Damaged { place, reason: reason(error) },
        _ => BoxError::Io { place, reason: reason(error) },
    }
}

/// Translates an error of a commit. `SQLite` reports a full disk before it writes the commit record, so nothing was stored
/// then. After any other failure (above all of an fsync) it is unknown whether the record reached the disk.
pub(super) fn commit_fault(path: &Path, error: &Error) -> BoxError {
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
        let text = |code| fault(Path::new("b.db"), &Error::SqliteFailure(ffi::Error::new(code), None)).to_string();
        for (code, reason) in [
            (ffi::SQLITE_READONLY, "you may read it, but not write it"),
            (ffi::SQLITE_READONLY_CANTINIT, "you may read it, but not write it"),
            (ffi::SQLITE_READONLY_DIRECTORY, "its folder does not let it"),
            (ffi::SQLITE_CANTOPEN, "its folder does not let it"),
            (ffi::SQLITE_PERM, "you may read it, but not write it"),
        ] {
            assert!(text(code).contains(reason), "{code}: {}", text(code));
        }
    }
}
