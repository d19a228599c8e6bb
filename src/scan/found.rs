//! The inputs that paths name: files, and the files in folders, each once.
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::input::{Input, SourceError};
use super::source::Source;

/// The inputs that paths name, and what was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// What is to be read, in the order of the paths, the files of a folder by name.
    pub inputs: Vec<Input>,
    /// Files in folders that are not data: hidden ones and those that programs put beside their output. Files that were named
    /// are never passed over.
    pub passed_over: Vec<PathBuf>,
    /// Names of files that another name in `inputs` is read for, and that name.
    pub repeated: Vec<(PathBuf, PathBuf)>,
    files: HashMap<(u64, u64), PathBuf>,
}

/// Files that programs put beside their output: Hadoop and Spark, macOS, Windows.
const BESIDE_OUTPUT: [&str; 6] =
    ["_SUCCESS", "_metadata", "_common_metadata", "_temporary", "Thumbs.db", "desktop.ini"];
/// How such names begin: files of transactions on Databricks.
const BESIDE_OUTPUT_BEGIN: [&str; 2] = ["_started_", "_committed_"];
/// What a compressed copy of a file is called.
const PACKED: [&str; 4] = ["gz", "zst", "zstd", "gzip"];

impl Found {
    /// Adds stdin as a further input.
    pub fn add_stdin(&mut self) {
        self.inputs.push(Input::Stdin);
    }

    /// Adds what `path` names: a file, or all files below a folder whose names `is_wanted` accepts.
    ///
    /// # Errors
    /// When a folder cannot be listed, holds no wanted files, holds something that is neither a file nor a folder, or holds a
    /// file and a compressed copy of it.
    pub fn add(&mut self, path: &Path, is_wanted: &dyn Fn(&OsStr) -> bool) -> Result<(), SourceError> {
        if !path.is_dir() {
            self.add_file(path.to_owned());
            return Ok(());
        }
        let whole = Input::Path(path.to_owned());
        let before = (self.inputs.len(), self.repeated.len());
        let mut in_folder = Vec::new();
        let mut walk = WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            let entry = entry.map_err(|error| {
                let at = error.path().map_or_else(|| whole.clone(), |path| Input::Path(path.to_owned()));
                // walkdir's message repeats the system's error, if there is one.
                let loops = error.to_string();
                at.error(error.into_io_error().unwrap_or_else(|| io::Error::other(loops)))
            })?;
            let kind = entry.file_type();
            if is_passed_over(&entry) {
                if kind.is_dir() {
                    walk.skip_current_dir();
                }
                self.passed_over.push(entry.into_path());
            } else if kind.is_file() {
                if is_wanted(entry.file_name()) {
                    in_folder.push(entry.path().to_owned());
                    self.add_file(entry.into_path());
                }
            } else if !kind.is_dir() {
                let cause = io::Error::other(
                    "not a file but a pipe, a socket or a device: move it elsewhere, or name it on the command line",
                );
                return Err(Input::Path(entry.into_path()).error(cause));
            }
        }
        if (self.inputs.len(), self.repeated.len()) == before {
            return Err(whole.error(io::Error::other("there are no files to read in this directory")));
        }
        refuse_packed_copies(&in_folder)
    }

    /// Adds a file unless it is read already, under this name or another.
    fn add_file(&mut self, path: PathBuf) {
        // A pipe or a device gives other bytes each time.
        if let Ok(meta) = path.metadata()
            && meta.is_file()
        {
            if let Some(first) = self.files.get(&(meta.dev(), meta.ino())) {
                self.repeated.push((path, first.clone()));
                return;
            }
            self.files.insert((meta.dev(), meta.ino()), path.clone());
        }
        self.inputs.push(Input::Path(path));
    }
}

/// Whether an entry of a folder is no data. The folder itself was named.
fn is_passed_over(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_beside = BESIDE_OUTPUT.contains(&&*name) || BESIDE_OUTPUT_BEGIN.iter().any(|begin| name.starts_with(begin));
    entry.depth() > 0 && (name.starts_with('.') || is_beside)
}

/// # Errors
/// When one of `files` is a compressed copy of another, so that everything in it would count twice.
fn refuse_packed_copies(files: &[PathBuf]) -> Result<(), SourceError> {
    for packed in files {
        let is_packed = packed.extension().and_then(OsStr::to_str).is_some_and(|ext| PACKED.contains(&ext));
        let plain = packed.with_extension("");
        if is_packed && files.binary_search(&plain).is_ok() && is_same_content(&plain, packed)? {
            let cause = format!(
                "it has the same content as {}, which would count twice: move one of them elsewhere, or name the files",
                plain.display()
            );
            return Err(Input::Path(packed.clone()).error(io::Error::other(cause)));
        }
    }
    Ok(())
}

/// Whether two files hold the same bytes once they are decompressed. Ends at the first difference.
fn is_same_content(one: &Path, other: &Path) -> Result<bool, SourceError> {
    const PIECE_BYTES: usize = 1 << 16;
    let [one, other] = [one, other].map(|path| Input::Path(path.to_owned()));
    let (mut left, mut right) = (Source::open(&one)?.into_reader(), Source::open(&other)?.into_reader());
    let (mut left_piece, mut right_piece) = (Vec::with_capacity(PIECE_BYTES), Vec::with_capacity(PIECE_BYTES));
    loop {
        left_piece.clear();
        right_piece.clear();
        left.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut left_piece).map_err(|cause| one.error(cause))?;
        // A compressed file that is cut short or damaged is for the reader to report.
        if right.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut right_piece).is_err() {
            return Ok(false);
        }
        if left_piece != right_piece {
            return Ok(false);
        }
        if left_piece.is_empty() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(paths: &[&Path]) -> Result<Found, SourceError> {
        let mut found = Found::default();
        for path in paths {
            found.add(path, &|_| true)?;
        }
        Ok(found)
    }

    fn names(found: &Found) -> Vec<String> {
        let name = |input: &Input| match input {
            Input::Path(path) => path.file_name().unwrap().to_string_lossy().into_owned(),
            other => other.name(),
        };
        found.inputs.iter().map(name).collect()
    }

    #[test]
    fn each_file_is_read_once_whatever_its_names_are() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a.log"), "x").unwrap();
        std::fs::write(at("b.log"), "x").unwrap();
        std::os::unix::fs::symlink("a.log", at("current.log")).unwrap();
        std::fs::hard_link(at("b.log"), at("z.log")).unwrap();
        let twice = found(&[folder.path(), &at("b.log"), folder.path()]).unwrap();
        assert_eq!(names(&twice), ["a.log", "b.log"]);
        assert_eq!(twice.repeated.len(), 2 + 1 + 4);
        assert_eq!(twice.repeated[0], (at("current.log"), at("a.log")));
    }

    #[test]
    fn what_is_no_data_is_passed_over_in_folders_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at(".git")).unwrap();
        for name in ["_SUCCESS", ".DS_Store", ".part-0.crc", "_committed_17", ".git/HEAD", "part-0", "_access.log"] {
            std::fs::write(at(name), name).unwrap();
        }
        let all = found(&[folder.path()]).unwrap();
        assert_eq!((names(&all), all.passed_over.len()), (vec!["_access.log".to_owned(), "part-0".to_owned()], 5));
        assert_eq!(names(&found(&[&at("_SUCCESS"), &at(".DS_Store")]).unwrap()), ["_SUCCESS", ".DS_Store"]);
        let mut gz = Found::default();
        let error = gz.add(folder.path(), &|name| name.to_string_lossy().ends_with(".gz")).unwrap_err();
        assert!(error.cause.to_string().contains("no files to read"), "{error:?}");
    }

    #[test]
    fn a_compressed_copy_is_not_counted_again() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let pack = |bytes: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            io::Write::write_all(&mut packer, bytes).unwrap();
            packer.finish().unwrap()
        };
        let long = b"a row of a log\n".repeat(20_000);
        std::fs::write(at("a.log"), &long).unwrap();
        std::fs::write(at("a.log.gz"), pack(&long[15..])).unwrap();
        assert_eq!(names(&found(&[folder.path()]).unwrap()), ["a.log", "a.log.gz"], "another part of the same log");
        for packed in [pack(&long), zstd::encode_all(&long[..], 1).unwrap()] {
            std::fs::write(at("a.log.gz"), packed).unwrap();
            let error = found(&[folder.path()]).unwrap_err();
            assert!(error.input.ends_with("a.log.gz") && error.cause.to_string().contains("a.log, which"), "{error:?}");
            assert_eq!(names(&found(&[&at("a.log"), &at("a.log.gz")]).unwrap()).len(), 2, "they were named");
        }
    }
}
