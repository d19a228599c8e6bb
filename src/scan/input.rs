//! An input by name, before it is opened.
use std::io;
use std::path::{Path, PathBuf};

/// A place bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, a named pipe, anything with a path.
    Path(PathBuf),
    /// The program's stdin.
    Stdin,
    /// Bytes that are compiled in.
    BuiltIn {
        /// What errors and notes call it.
        name: &'static str,
        /// The whole content.
        bytes: &'static [u8],
    },
}

/// An input that cannot be read. It ends the run: a sum over the rest would pass for the whole.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {input}")]
pub struct SourceError {
    /// The input's name, as [`Input::name`] gives it.
    pub input: String,
    /// What the system or the decoder reported.
    #[source]
    pub cause: io::Error,
}

impl Input {
    /// What errors and notes call it.
    pub fn name(&self) -> String {
        match self {
            Input::Path(path) => path.display().to_string(),
            Input::Stdin => "stdin".to_owned(),
            Input::BuiltIn { name, .. } => (*name).to_owned(),
        }
    }

    /// The files that `path` stands for: itself, or, if it is a directory, all files below it in the order of their names.
    ///
    /// # Errors
    /// When a directory cannot be listed, holds no file, or something that is neither a file nor a directory.
    pub fn below(path: &Path) -> Result<Vec<Input>, SourceError> {
        if !path.is_dir() {
            return Ok(vec![Input::Path(path.to_owned())]);
        }
        let whole = Input::Path(path.to_owned());
        let mut files = Vec::new();
        for entry in walkdir::WalkDir::new(path).follow_links(true).sort_by_file_name() {
            let entry = entry.map_err(|error| {
                let at = error.path().map_or_else(|| whole.clone(), |path| Input::Path(path.to_owned()));
                // Where the system has an error of its own, walkdir's words only repeat it.
                let loops = error.to_string();
                at.error(error.into_io_error().unwrap_or_else(|| io::Error::other(loops)))
            })?;
            let kind = entry.file_type();
            if kind.is_file() {
                files.push(Input::Path(entry.into_path()));
            } else if !kind.is_dir() {
                let cause =
                    io::Error::other("it is no file, but a pipe, a socket or a device: move it elsewhere, or name it");
                return Err(Input::Path(entry.into_path()).error(cause));
            }
        }
        if files.is_empty() {
            return Err(whole.error(io::Error::other("there are no files in this directory")));
        }
        Ok(files)
    }

    /// An error of this input.
    pub fn error(&self, cause: io::Error) -> SourceError {
        SourceError { input: self.name(), cause }
    }

    /// How many bytes it holds, where that is known beforehand.
    pub fn bytes_total(&self) -> Option<u64> {
        match self {
            Input::Path(path) => path.metadata().ok().filter(std::fs::Metadata::is_file).map(|meta| meta.len()),
            Input::Stdin => None,
            Input::BuiltIn { bytes, .. } => Some(bytes.len() as u64),
        }
    }
}
