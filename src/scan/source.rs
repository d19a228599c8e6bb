//! Open inputs: a file that can be read at any position, or a stream, decompressed if necessary.
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::compression::{self, is_compressed};
use super::input::{Input, SourceError};
use super::packed_tail::{self, PackedTail};
use super::positioned::{Positioned, WithoutNuls};

/// An open input. [`Source::head`] looks at its beginning without consuming it.
pub struct Source {
    pub(super) input: Input,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// A file that can be read at any position. The lines that begin in `start..end` are wanted.
    Positioned { file: Positioned, start: u64, end: u64 },
    /// Anything that can be read only once, and the part of it already read.
    Stream { head: Vec<u8>, reader: Box<dyn Read + Send>, taken_bytes: Taken },
}

/// Bytes read from the input so far, before decompression: what progress is measured in.
pub(super) type Taken = Arc<AtomicU64>;

/// Pipe buffer size: the most that Linux grants unprivileged users.
const PIPE_BYTES: usize = 1 << 20;
/// Bytes per read of compressed data.
const COMPRESSED_BYTES: usize = 128 << 10;

impl Source {
    /// Opens `input`. gzip (any number of members) and zstd are recognised by content and decompressed; so is gzip data after text,
    /// unless text follows it again in a file that can be read at any position.
    ///
    /// # Errors
    /// When the file does not exist, may not be read, or is a directory.
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

    /// Opens `input` as a stream, also where it could be read at any position, so that gzip data after text is unpacked.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open_as_stream(input: &Input) -> Result<Self, SourceError> {
        match input {
            Input::Path(path) => {
                let content = File::open(path).and_then(|file| stream(Box::new(file)));
                Ok(Source { input: input.clone(), content: content.map_err(|cause| input.error(cause))? })
            }
            _ => Self::open(input),
        }
    }

    /// The input that was opened.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// Whether it can be read at any position, and opened and read again.
    pub fn is_positioned(&self) -> bool {
        matches!(self.content, Content::Positioned { .. })
    }

    /// Size in bytes if it can be read at any position; None for a stream.
    pub fn bytes_total(&self) -> Option<u64> {
        match self.content {
            Content::Positioned { end, .. } => Some(end),
            Content::Stream { .. } => None,
        }
    }

    /// Up to `bytes_max` bytes from `offset`; fewer only at the end. Empty for a stream.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn peek(&self, offset: u64, bytes_max: usize) -> Result<Vec<u8>, SourceError> {
        match &self.content {
            Content::Positioned { file, .. } => {
                file.read_at_most(offset, bytes_max).map_err(|cause| self.input.error(cause))
            }
            Content::Stream { .. } => Ok(Vec::new()),
        }
    }

    /// Restricts a scan to the lines that begin in `wanted`, which must start at a line's first byte. Has no effect on a
    /// stream.
    #[must_use]
    pub fn limited(mut self, wanted: std::ops::Range<u64>) -> Self {
        if let Content::Positioned { start, end, .. } = &mut self.content {
            (*start, *end) = (wanted.start, wanted.end.min(*end));
        }
        self
    }

    /// The first `bytes_max` bytes, fewer only if there are no more. They are not consumed.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn head(&mut self, bytes_max: usize) -> Result<Vec<u8>, SourceError> {
        let head = match &mut self.content {
            Content::Positioned { file, .. } => file.read_at_most(0, bytes_max),
            Content::Stream { head, reader, .. } => {
                let wanted = bytes_max.saturating_sub(head.len()) as u64;
                reader.take(wanted).read_to_end(head).map(|_| head[..head.len().min(bytes_max)].to_vec())
            }
        };
        head.map_err(|cause| self.input.error(cause))
    }

    /// The whole content as a stream.
    pub fn into_reader(self) -> Box<dyn Read + Send> {
        match self.content {
            Content::Positioned { file, .. } => Box::new(file.into_file()),
            Content::Stream { head, reader, .. } => Box::new(io::Cursor::new(head).chain(reader)),
        }
    }
}

/// Enlarges the buffer of `pipe`, if it is one, beyond the usual 64 KiB, so that reader and writer wake each other less
/// often.
fn widen(pipe: impl AsFd) {
    // If it is not a pipe, or the limit is lower, nothing changes.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_BYTES);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (pipe, PIPE_BYTES);
}

/// A stream, decompressed if it is compressed, or where it is.
fn stream(reader: Box<dyn Read + Send>) -> io::Result<Content> {
    let taken_bytes = Taken::default();
    let counted: Box<dyn Read + Send> = Box::new(Counted { reader, taken_bytes: taken_bytes.clone() });
    let reader: Box<dyn Read + Send> = Box::new(WithoutNuls::new(decompressed(counted)?)?);
    Ok(Content::Stream { head: Vec::new(), reader, taken_bytes })
}

/// What is compressed more than once is not compressed more often than this.
const LAYERS_MAX: usize = 4;

/// `reader`, decompressed as often as it is compressed: a gzip file that logrotate packs again is gzip in gzip. Text may go on
/// as gzip data.
fn decompressed(mut reader: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    for layer in 0..LAYERS_MAX {
        let mut head = Vec::new();
        (&mut reader).take(compression::head_bytes() as u64).read_to_end(&mut head)?;
        let compression = compression::of(&head);
        reader = Box::new(io::Cursor::new(head).chain(reader));
        match compression {
            Some(compression) => {
                reader = compression.decoder(Box::new(BufReader::with_capacity(COMPRESSED_BYTES, reader)))?;
            }
            None if layer == 0 => return Ok(Box::new(PackedTail::new(reader))),
            None => return Ok(reader),
        }
    }
    Err(io::Error::other("it is compressed again and again: decompress it first"))
}

fn of_file(file: File) -> io::Result<Content> {
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    // Files of /proc and the like report a length of 0 and are not empty.
    if !meta.is_file() || meta.len() == 0 {
        if !meta.is_file() {
            widen(&file);
        }
        return stream(Box::new(file));
    }
    let file = Positioned::new(file)?;
    if is_compressed(&file.read_at_most(0, compression::head_bytes())?) {
        return stream(Box::new(file.into_file()));
    }
    let end = meta.len().saturating_sub(file.nuls());
    if packed_tail::ends(&file, end)? {
        return stream(Box::new(file.into_file()));
    }
    Ok(Content::Positioned { file, start: 0, end })
}

/// Counts the bytes read from a reader.
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
