//! An input that is open: a file to be read at any position, or a stream; compressed ones are decompressed on the way.
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::compression::{self, is_compressed};
use super::input::{Input, SourceError};

/// An open input. Its beginning can be looked at without being lost.
pub struct Source {
    pub(super) input: Input,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// A file that can be read at any position; of its lines, those that begin in `start..end` are wanted.
    Positioned { file: File, start: u64, end: u64 },
    /// Whatever can only be read once, and what was already read of it.
    Stream { head: Vec<u8>, reader: Box<dyn Read + Send>, taken_bytes: Taken },
}

/// How many bytes were taken out of the input up to now; compressed ones, where it is compressed.
pub(super) type Taken = Arc<AtomicU64>;

/// How much of a pipe may wait to be read: the most that Linux grants unprivileged users.
const PIPE_BYTES: usize = 1 << 20;
/// Compressed bytes are read in pieces of this size.
const COMPRESSED_BYTES: usize = 128 << 10;

impl Source {
    /// Opens `input`. gzip, of any number of members, and zstd are recognised by their content and decompressed.
    ///
    /// # Errors
    /// When there is no such file, or it may not be read, or it is a directory.
    pub fn open(input: &Input) -> Result<Self, SourceError> {
        let content = match input {
            Input::Path(path) => File::open(path).and_then(of_file),
            Input::Stdin => {
                widen(io::stdin());
                stream(Box::new(io::stdin()))
            }
            Input::BuiltIn { bytes, .. } => stream(Box::new(*bytes)),
        };
        Ok(Source { input: input.clone(), content: content.map_err(|cause| input.error(cause))? })
    }

    /// What was opened.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// Whether it can be opened and read again, at any position.
    pub fn is_positioned(&self) -> bool {
        matches!(self.content, Content::Positioned { .. })
    }

    /// How many bytes it holds, where it can be read at any position.
    pub fn bytes_total(&self) -> Option<u64> {
        match self.content {
            Content::Positioned { end, .. } => Some(end),
            Content::Stream { .. } => None,
        }
    }

    /// Up to `bytes_max` bytes from `offset` on; fewer only at the end. Nothing where it is a stream.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn peek(&self, offset: u64, bytes_max: usize) -> Result<Vec<u8>, SourceError> {
        match &self.content {
            Content::Positioned { file, .. } => {
                read_at_most(file, offset, bytes_max).map_err(|cause| self.input.error(cause))
            }
            Content::Stream { .. } => Ok(Vec::new()),
        }
    }

    /// Only the lines that begin in `wanted`, which begins where a line does; all where it is a stream.
    #[must_use]
    pub fn limited(mut self, wanted: std::ops::Range<u64>) -> Self {
        if let Content::Positioned { start, end, .. } = &mut self.content {
            (*start, *end) = (wanted.start, wanted.end.min(*end));
        }
        self
    }

    /// The first `bytes_max` bytes, fewer only where there are no more. They are still there to be read.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn head(&mut self, bytes_max: usize) -> Result<Vec<u8>, SourceError> {
        let head = match &mut self.content {
            Content::Positioned { file, .. } => read_at_most(file, 0, bytes_max),
            Content::Stream { head, reader, .. } => {
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
            Content::Stream { head, reader, .. } => Box::new(io::Cursor::new(head).chain(reader)),
        }
    }
}

/// Lets the writer of `pipe`, if it is one, get further ahead than the usual 64 KiB: the two wake each other less often.
fn widen(pipe: impl AsFd) {
    // What is not a pipe, or may not be so wide, is read as it is.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_BYTES);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (pipe, PIPE_BYTES);
}

/// A stream, decompressed if it is compressed.
fn stream(mut reader: Box<dyn Read + Send>) -> io::Result<Content> {
    let taken_bytes = Taken::default();
    let mut head = Vec::new();
    (&mut reader).take(compression::head_bytes() as u64).read_to_end(&mut head)?;
    let compression = compression::of(&head);
    let counted = Counted { reader: io::Cursor::new(head).chain(reader), taken_bytes: taken_bytes.clone() };
    let reader: Box<dyn Read + Send> = match compression {
        Some(compression) => compression.decoder(Box::new(BufReader::with_capacity(COMPRESSED_BYTES, counted)))?,
        None => Box::new(counted),
    };
    Ok(Content::Stream { head: Vec::new(), reader, taken_bytes })
}

fn of_file(file: File) -> io::Result<Content> {
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let head = if meta.is_file() { read_at_most(&file, 0, compression::head_bytes())? } else { Vec::new() };
    // Files of /proc and the like report a length of 0 and are not empty.
    if is_compressed(&head) || !meta.is_file() || meta.len() == 0 {
        if !meta.is_file() {
            widen(&file);
        }
        return stream(Box::new(file));
    }
    Ok(Content::Positioned { file, start: 0, end: meta.len() })
}

/// Counts what is taken out of a reader.
struct Counted<R> {
    reader: R,
    taken_bytes: Taken,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.taken_bytes.fetch_add(read as u64, Relaxed);
        Ok(read)
    }
}

fn read_at_most(file: &File, offset: u64, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut head = vec![0; bytes_max];
    let mut filled = 0;
    while filled < bytes_max {
        match file.read_at(&mut head[filled..], offset + filled as u64) {
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
