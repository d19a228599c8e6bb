//! Inputs by name, before they are opened.
use std::io;
use std::path::{Path, PathBuf};

/// Where bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Anything with a path: a file, a named pipe, a device.
    Path(PathBuf),
    /// The process's standard input.
    Stdin,
    /// Bytes compiled into the program.
    BuiltIn {
        /// The name shown in errors and notes.
        name: &'static str,
        /// The content, uncompressed or compressed.
        bytes: &'static [u8],
    },
}

/// An input that cannot be read. It ends the run: a sum over the other inputs would look complete.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {input}")]
pub struct SourceError {
    /// The input, as [`Input::name`] shows it.
    pub input: String,
    /// What the system or the decoder reported.
    #[source]
    pub cause: io::Error,
}

impl Input {
    /// The name shown in errors and notes.
    pub fn name(&self) -> String {
        match self {
            Input::Path(path) => path.display().to_string(),
            Input::Stdin => "stdin".to_owned(),
            Input::BuiltIn { name, .. } => (*name).to_owned(),
        }
    }

    /// Expands `path`: a directory to all files below it, sorted by name at each level; anything else to itself.
    ///
    /// # Errors
    /// When a directory cannot be listed, holds no files, or holds something that is neither a file nor a directory.
    pub fn below(path: &Path) -> Result<Vec<Input>, SourceError> {
        if !path.is_dir() {
            return Ok(vec![Input::Path(path.to_owned())]);
        }
        let whole = Input::Path(path.to_owned());
        let mut files = Vec::new();
        for entry in walkdir::WalkDir::new(path).follow_links(true).sort_by_file_name() {
            let entry = entry.map_err(|error| {
                let at = error.path().map_or_else(|| whole.clone(), |path| Input::Path(path.to_owned()));
                // walkdir's message repeats the system's error, if there is one.
                let loops = error.to_string();
                at.error(error.into_io_error().unwrap_or_else(|| io::Error::other(loops)))
            })?;
            let kind = entry.file_type();
            if kind.is_file() {
                files.push(Input::Path(entry.into_path()));
            } else if !kind.is_dir() {
                let cause = io::Error::other(
                    "not a file but a pipe, a socket or a device: move it elsewhere, or name it on the command line",
                );
                return Err(Input::Path(entry.into_path()).error(cause));
            }
        }
        if files.is_empty() {
            return Err(whole.error(io::Error::other("there are no files in this directory")));
        }
        Ok(files)
    }

    /// Wraps `cause` with the name of this input.
    pub fn error(&self, cause: io::Error) -> SourceError {
        SourceError { input: self.name(), cause }
    }

    /// Size in bytes if known before reading, for progress: not for pipes or stdin.
    pub fn bytes_total(&self) -> Option<u64> {
        match self {
            Input::Path(path) => path.metadata().ok().filter(std::fs::Metadata::is_file).map(|meta| meta.len()),
            Input::Stdin => None,
            Input::BuiltIn { bytes, .. } => Some(bytes.len() as u64),
        }
    }
}
