//! An input that is open: a file to be read at any position, or a stream.
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use super::{Input, SourceError};

/// An open input. Its beginning can be looked at without being lost.
pub struct Source {
    pub(super) input: Input,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// A file that can be read at any position.
    Positioned { file: File, bytes_total: u64 },
    /// Whatever can only be read once, and what was read of it to look at.
    Stream { head: Vec<u8>, reader: Box<dyn Read + Send> },
}

impl Source {
    /// Opens `input`.
    ///
    /// # Errors
    /// When there is no such file, or it must not be read, or it is a directory.
    pub fn open(input: &Input) -> Result<Self, SourceError> {
        let content = match input {
            Input::Path(path) => File::open(path).and_then(of_file).map_err(|cause| input.error(cause))?,
            Input::Stdin => stream(Box::new(io::stdin())),
            Input::BuiltIn { bytes, .. } => stream(Box::new(*bytes)),
        };
        Ok(Source { input: input.clone(), content })
    }

    /// The input that this is.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// Whether it can be opened and read again, at any position.
    pub fn is_positioned(&self) -> bool {
        matches!(self.content, Content::Positioned { .. })
    }

    /// The first `bytes_max` bytes, fewer only where there are no more. They are still there to be read.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn head(&mut self, bytes_max: usize) -> Result<Vec<u8>, SourceError> {
        let head = match &mut self.content {
            Content::Positioned { file, .. } => read_at_most(file, bytes_max),
            Content::Stream { head, reader } => {
                let wanted = bytes_max.saturating_sub(head.len()) as u64;
                reader.take(wanted).read_to_end(head).map(|_| head[..head.len().min(bytes_max)].to_vec())
            }
        };
        head.map_err(|cause| self.input.error(cause))
    }

    /// The whole content from its start, as a stream.
    pub fn into_reader(self) -> Box<dyn Read + Send> {
        match self.content {
            Content::Positioned { file, .. } => Box::new(file),
            Content::Stream { head, reader } => Box::new(io::Cursor::new(head).chain(reader)),
        }
    }
}

fn stream(reader: Box<dyn Read + Send>) -> Content {
    Content::Stream { head: Vec::new(), reader }
}

fn of_file(file: File) -> io::Result<Content> {
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    // Files of /proc and the like tell a length of 0 and are not empty.
    let positioned = meta.is_file() && meta.len() > 0;
    Ok(if positioned { Content::Positioned { file, bytes_total: meta.len() } } else { stream(Box::new(file)) })
}

fn read_at_most(file: &File, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut head = vec![0; bytes_max];
    let mut filled = 0;
    while filled < bytes_max {
        match file.read_at(&mut head[filled..], filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    head.truncate(filled);
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_at_the_head_loses_nothing() {
        let mut source = Source::open(&Input::BuiltIn { name: "test", bytes: b"abcdef" }).unwrap();
        assert_eq!(source.head(2).unwrap(), b"ab");
        assert_eq!(source.head(4).unwrap(), b"abcd");
        assert_eq!(source.head(1).unwrap(), b"a");
        let mut all = Vec::new();
        source.into_reader().read_to_end(&mut all).unwrap();
        assert_eq!(all, b"abcdef");
    }
}
