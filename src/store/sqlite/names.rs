//! The name of a ballot file. `SQLite` keeps its side files beside the name by which it opens a file; a name beside which other
//! programs do not look for them would split one vote in two.
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::ballot::BoxError;
use crate::pending_file;

/// The meaning of the system's `error` at `path`.
pub(super) fn io_fault(path: &Path, error: &std::io::Error) -> BoxError {
    let place = path.display().to_string();
    match error.kind() {
        ErrorKind::NotFound => BoxError::Missing(place),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => BoxError::Full { place },
        ErrorKind::ReadOnlyFilesystem => BoxError::ReadOnly { place, reason: "its disk is read-only".into() },
        _ => BoxError::Io { place, reason: error.to_string() },
    }
}

/// `path` with `suffix`: a side file of `SQLite`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The name of the file at `path` beside which every program looks for its side files: symbolic links are resolved, as
/// `SQLite` itself does.
///
/// # Errors
/// When there is no such file, or when it has several such names: hard links, or a mount of the file alone.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, BoxError> {
    let real = fs::canonicalize(path).map_err(|error| io_fault(path, &error))?;
    let metadata = fs::metadata(&real).map_err(|error| io_fault(path, &error))?;
    let refuse = |reason: &str| Err(BoxError::Unsafe { place: path.display().to_string(), reason: reason.to_owned() });
    // A file gets its final name before it loses its temporary one; a power failure in between leaves both.
    if metadata.is_file() && metadata.nlink() > 1 && pending_file::other_names(&real) > 0 {
        return refuse(
            "it has more than one name (hard links), and votes that a program stores by one of them are missing by the other \
             until that program ends. Remove the other name, or make a file of its own of it: cp it while nobody votes",
        );
    }
    if metadata.is_file() && is_mount_point(&real) {
        return refuse(
            "it is mounted by itself, and what SQLite keeps beside it (…-wal) would stay on this side of the mount and be lost. \
             Mount its folder instead: docker run -v ./folder:/data",
        );
    }
    Ok(real)
}

/// Whether something is mounted at `path` itself, as Linux says; elsewhere that is not known.
fn is_mount_point(path: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let Ok(mounts) = fs::read("/proc/self/mountinfo") else { return false };
    let escaped = escaped(path.as_os_str().as_bytes());
    mounts.split(|byte| *byte == b'\n').any(|line| line.split(|byte| *byte == b' ').nth(4) == Some(&escaped[..]))
}

/// `path` as mountinfo writes it: blanks and backslashes in octal.
fn escaped(path: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(path.len());
    for byte in path {
        match byte {
            b' ' | b'\t' | b'\n' | b'\\' => text.extend(format!("\\{byte:03o}").bytes()),
            byte => text.push(*byte),
        }
    }
    text
}

/// Why this process may not write the file at `real`, if it may not. A process that may not must not make side files either:
/// they would be its own, and the file's owner could not write them.
pub(super) fn forbids_writing(path: &Path, real: &Path) -> Option<BoxError> {
    match rustix::fs::access(real, rustix::fs::Access::WRITE_OK) {
        Ok(()) => None,
        Err(rustix::io::Errno::ROFS) => Some(io_fault(path, &ErrorKind::ReadOnlyFilesystem.into())),
        Err(_) => {
            let reason = "you may read it, but not write it".into();
            Some(BoxError::ReadOnly { place: path.display().to_string(), reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_name_and_links_lead_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link, second] = ["a.db", "link.db", "second.db"].map(|name| folder.path().join(name));
        fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink("a.db", &link).unwrap();
        assert_eq!(resolve(&link), resolve(&file));
        fs::hard_link(&file, &second).unwrap();
        assert!(matches!(resolve(&link), Err(BoxError::Unsafe { .. })));
        assert!(matches!(resolve(&folder.path().join("none")), Err(BoxError::Missing(_))));
        assert_eq!(escaped(b"/a b\\c"), b"/a\\040b\\134c");
        assert!(!is_mount_point(&second) && (!cfg!(target_os = "linux") || is_mount_point(Path::new("/proc"))));
    }
}
