//! Inputs by name, before they are opened.
use std::io;
use std::path::PathBuf;

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
