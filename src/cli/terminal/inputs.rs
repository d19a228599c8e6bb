//! What a command reads: files by name, the files below a directory, stdin; and that it does not write over them.
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use glob::Pattern;
use votekit::scan::{Found, Input};

use super::console::Console;
use super::exit;

/// The inputs that `paths` name: a directory for all files below it whose names match one of `include`, `-` for stdin. `failed`
/// says what comes of an error: `no sum`.
///
/// # Errors
/// When stdin is named twice, or a directory cannot be listed or holds no file.
fn named(paths: &[PathBuf], include: &[Pattern], failed: &'static str) -> anyhow::Result<Found> {
    let is_wanted =
        |name: &OsStr| include.is_empty() || include.iter().any(|pattern| pattern.matches(&name.to_string_lossy()));
    let is_stdin = |path: &&PathBuf| *path == Path::new("-");
    // It may hold a password, so only the scheme is repeated.
    let scheme = |path: &PathBuf| path.to_str().and_then(|text| Some(text.split_once("://")?.0.to_owned()));
    if let Some(scheme) = paths.iter().find_map(scheme) {
        return Err(exit::misuse(format!("{scheme}:// is an address, not a file: files are named by their paths")));
    }
    if paths.iter().filter(is_stdin).count() > 1 {
        return Err(exit::misuse("stdin can be read only once: - is given twice"));
    }
    let mut found = Found::default();
    for path in paths {
        match is_stdin(&path) {
            true => found.add_stdin(),
            false => found.add(path, &is_wanted).context(failed)?,
        }
    }
    Ok(found)
}

/// The files that a command reads, as they are named on the command line.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct FileArgs {
    /// Files to read, plain, gzip or zstd; a directory for all files below it; - for stdin
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Read the names of further files from this file, one a line or with NULs between; - for stdin
    #[arg(long, value_name = "FILE")]
    files_from: Option<PathBuf>,
    /// In folders, read only files whose names match, as in '*.gz'
    #[arg(long, value_name = "GLOB")]
    include: Vec<Pattern>,
}

impl FileArgs {
    /// Whether any file is named.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.files_from.is_none()
    }

    /// The named files, as they were typed.
    pub(crate) fn typed(&self) -> &[PathBuf] {
        &self.files
    }

    /// The inputs that are named here and in `more`, see [`named`]; None if none is. Says which files were left out.
    ///
    /// # Errors
    /// When stdin is named twice, or a list or a directory cannot be read.
    pub(crate) fn named(
        &self,
        more: &[PathBuf],
        failed: &'static str,
        console: &Console,
    ) -> anyhow::Result<Option<Vec<Input>>> {
        if self.is_empty() && more.is_empty() {
            return Ok(None);
        }
        let mut paths = [&self.files, more].concat();
        if let Some(list) = &self.files_from {
            let is_stdin = list == Path::new("-");
            if is_stdin && paths.iter().any(|path| path == Path::new("-")) {
                return Err(exit::misuse("stdin can be read only once: - is given twice"));
            }
            let read = if is_stdin { read_stdin() } else { std::fs::read(list) };
            let text = read.with_context(|| format!("{failed}: cannot read the list {}", list.display()))?;
            paths.extend(paths_in(&text));
        }
        let found = named(&paths, &self.include, failed)?;
        tell_of_left_out(&found, console);
        Ok(Some(found.inputs))
    }
}

/// How many names a note lists.
const LISTED: usize = 3;

fn tell_of_left_out(found: &Found, console: &Console) {
    let listed = |names: Vec<String>| {
        let rest = names.len().saturating_sub(LISTED);
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        format!("{}{more}", names.into_iter().take(LISTED).collect::<Vec<_>>().join(", "))
    };
    if !found.passed_over.is_empty() {
        let names = found.passed_over.iter().map(|path| path.display().to_string()).collect();
        console.note(&format!("passed over, for it is not data: {} (name it to read it)", listed(names)));
    }
    if !found.repeated.is_empty() {
        let same = |(path, first): &(PathBuf, PathBuf)| match path == first {
            true => path.display().to_string(),
            false => format!("{} (the file {})", path.display(), first.display()),
        };
        let names = listed(found.repeated.iter().map(same).collect());
        console.note(&format!("read once, though named again: {names}"));
    }
}

fn read_stdin() -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    io::Read::read_to_end(&mut io::stdin().lock(), &mut text).map(|_| text)
}

/// The paths in a list: with NULs between if it has any, else one a line.
fn paths_in(text: &[u8]) -> Vec<PathBuf> {
    let separator = if text.contains(&0) { 0 } else { b'\n' };
    let names = text.split(|byte| *byte == separator).map(|name| match separator {
        0 => name,
        _ => name.strip_suffix(b"\r").unwrap_or(name),
    });
    names.filter(|name| !name.is_empty()).map(|name| OsStr::from_bytes(name).into()).collect()
}

/// How many bytes `inputs` hold, where that is known of all.
pub(crate) fn bytes_total(inputs: &[Input]) -> Option<u64> {
    inputs.iter().map(Input::bytes_total).sum()
}

/// Refuses to write to `path`, as `option` asks, if that is one of the files that are read.
///
/// # Errors
/// When it is.
pub(crate) fn refuse_to_overwrite(inputs: &[Input], option: &str, path: Option<&Path>) -> anyhow::Result<()> {
    let Some(written) = path.and_then(|path| path.metadata().ok()).filter(std::fs::Metadata::is_file) else {
        return Ok(());
    };
    let is_written = |input: &&Input| {
        let read = match input {
            Input::Path(path) => path.metadata(),
            // What the shell redirects is a file too.
            Input::Stdin => io::stdin().as_fd().try_clone_to_owned().and_then(|stdin| File::from(stdin).metadata()),
            Input::BuiltIn { .. } => return false,
        };
        read.is_ok_and(|read| (read.dev(), read.ino()) == (written.dev(), written.ino()))
    };
    match inputs.iter().find(is_written) {
        Some(input) => {
            Err(exit::misuse(format!("{option} would overwrite {}, which is read: name another file", input.name())))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let [log, link, other] = ["log", "link", "other"].map(|name| folder.path().join(name));
        std::fs::write(&log, b"x").unwrap();
        std::fs::write(&other, b"x").unwrap();
        std::os::unix::fs::symlink(&log, &link).unwrap();
        let inputs = [Input::Stdin, Input::Path(log.clone())];
        for path in [&log, &link] {
            let error = refuse_to_overwrite(&inputs, "--rejects", Some(path)).unwrap_err().to_string();
            assert!(error.contains("--rejects would overwrite") && error.contains("log"), "{error}");
        }
        for path in [&other, &folder.path().join("new"), Path::new("/dev/null")] {
            refuse_to_overwrite(&inputs, "--rejects", Some(path)).unwrap();
        }
        refuse_to_overwrite(&inputs, "--rejects", None).unwrap();
    }

    #[test]
    fn lists_have_a_name_a_line_or_nuls_between() {
        let paths = |text: &str| paths_in(text.as_bytes());
        assert_eq!(paths("a\nb c\r\n\nd"), ["a", "b c", "d"].map(PathBuf::from));
        assert_eq!(paths("a\nb\0c\0"), ["a\nb", "c"].map(PathBuf::from));
        assert!(paths("").is_empty());
    }

    #[test]
    fn stdin_is_read_once() {
        let twice = [PathBuf::from("-"), PathBuf::from("-")];
        assert!(named(&twice, &[], "no sum").unwrap_err().is::<exit::Misuse>());
        assert_eq!(named(&twice[..1], &[], "no sum").unwrap().inputs, [Input::Stdin]);
        let error = named(&[tempfile::tempdir().unwrap().path().to_owned()], &[], "no sum").unwrap_err();
        assert!(format!("{error:#}").starts_with("no sum: cannot read "), "{error:#}");
    }
}
