//! Where bytes come from, and how they reach whoever reads them in whole lines. Knows no columns.
mod blocks;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

pub use blocks::{Block, ScanOptions, blocks};

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

/// An input that cannot be read: it ends the run, for a sum over the rest would pass for the whole.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {input}")]
pub struct SourceError {
    /// The input's name, as [`Input::name`] gives it.
    pub input: String,
    /// Why.
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

    /// An error of this input.
    pub fn error(&self, cause: io::Error) -> SourceError {
        SourceError { input: self.name(), cause }
    }

    /// Opens it to be read from start to end.
    ///
    /// # Errors
    /// When there is no such file or it must not be read.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, SourceError> {
        Ok(match self {
            Input::Path(path) => Box::new(File::open(path).map_err(|cause| self.error(cause))?),
            Input::Stdin => Box::new(io::stdin()),
            Input::BuiltIn { bytes, .. } => Box::new(*bytes),
        })
    }

    /// The file and its length in bytes, where it can be read at any position.
    fn seekable(&self) -> io::Result<Option<(File, u64)>> {
        let Input::Path(path) = self else { return Ok(None) };
        let file = File::open(path)?;
        let meta = file.metadata()?;
        if meta.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // Files of /proc and the like tell a length of 0 and are not empty.
        Ok((meta.is_file() && meta.len() > 0).then_some((file, meta.len())))
    }

    /// How many bytes [`Input::open`] will give, where that is known beforehand.
    pub fn bytes_total(&self) -> Option<u64> {
        match self {
            Input::Path(path) => path.metadata().ok().filter(std::fs::Metadata::is_file).map(|meta| meta.len()),
            Input::Stdin => None,
            Input::BuiltIn { bytes, .. } => Some(bytes.len() as u64),
        }
    }
}
