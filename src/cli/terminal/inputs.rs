//! What a command reads: files by name, the files below a directory, stdin; and that it does not write over them.
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use votekit::scan::Input;

use super::exit;

/// The inputs that `paths` name: a directory for all files below it, `-` for stdin. `failed` says what comes of an error:
/// `no sum`.
///
/// # Errors
/// When stdin is named twice, or a directory cannot be listed or holds no file.
pub(crate) fn named(paths: &[PathBuf], failed: &'static str) -> anyhow::Result<Vec<Input>> {
    let is_stdin = |path: &&PathBuf| *path == Path::new("-");
    if paths.iter().filter(is_stdin).count() > 1 {
        return Err(exit::misuse("stdin can be read only once: - is given twice"));
    }
    let below = |path: &PathBuf| if is_stdin(&path) { Ok(vec![Input::Stdin]) } else { Input::below(path) };
    let inputs = paths.iter().map(below).collect::<Result<Vec<_>, _>>().context(failed)?;
    Ok(inputs.concat())
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
    fn stdin_is_read_once() {
        let twice = [PathBuf::from("-"), PathBuf::from("-")];
        assert!(named(&twice, "no sum").unwrap_err().is::<exit::Misuse>());
        assert_eq!(named(&twice[..1], "no sum").unwrap(), [Input::Stdin]);
        let error = named(&[tempfile::tempdir().unwrap().path().to_owned()], "no sum").unwrap_err();
        assert!(format!("{error:#}").starts_with("no sum: cannot read "), "{error:#}");
    }
}
