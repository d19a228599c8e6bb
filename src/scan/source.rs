//! An input that is open: a file to be read at any position, or a stream; gzip and zstd are unpacked on the way.
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{Input, SourceError};

/// An open input. Its beginning can be looked at without being lost.
pub struct Source {
    pub(super) input: Input,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// A file that can be read at any position, and the lines of it that are wanted: those that begin in `start..end`.
    Positioned { file: File, start: u64, end: u64 },
    /// Whatever can only be read once, and what was read of it to look at.
    Stream { head: Vec<u8>, reader: Box<dyn Read + Send>, taken_bytes: Taken },
}

/// How many bytes were taken out of the input up to now, packed ones where it is packed.
pub(super) type Taken = Arc<AtomicU64>;

/// The beginning of a gzip member (RFC 1952).
const GZIP: &[u8] = &[0x1f, 0x8b];
/// The beginning of a zstd frame (RFC 8878).
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The same of a frame that is skipped, behind a first byte of 0x50 to 0x5f; pzstd's files begin with one.
const ZSTD_SKIPPED: &[u8] = &[0x2a, 0x4d, 0x18];
/// How much of a pipe may wait to be read: as much as Linux lets anybody have.
const PIPE_BYTES: usize = 1 << 20;
/// Packed bytes are read in pieces of this size.
const PACKED_BYTES: usize = 128 << 10;

impl Source {
    /// Opens `input`; gzip, of any number of members, and zstd are known by their content and unpacked.
    ///
    /// # Errors
    /// When there is no such file, or it must not be read, or it is a directory.
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

    /// The input that this is.
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

/// How an input is packed.
enum Packing {
    Gzip,
    Zstd,
}

/// How an input is packed that begins with `head`; None where it is not.
fn packing(head: &[u8]) -> Option<Packing> {
    let is_skipped = matches!(head, [0x50..=0x5f, rest @ ..] if rest.starts_with(ZSTD_SKIPPED));
    match head.starts_with(GZIP) {
        true => Some(Packing::Gzip),
        false => (head.starts_with(ZSTD) || is_skipped).then_some(Packing::Zstd),
    }
}

/// Whether an input that begins with `head` is packed, with gzip or zstd.
pub fn is_packed(head: &[u8]) -> bool {
    packing(head).is_some()
}

/// Lets who writes into `pipe`, if it is one, get further ahead than the usual 64 KiB: the two wake each other less often.
fn widen(pipe: impl AsFd) {
    // What is no pipe, or must not be so wide, is read as it is.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_BYTES);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (pipe, PIPE_BYTES);
}

/// A stream, unpacked if it is packed.
fn stream(mut reader: Box<dyn Read + Send>) -> io::Result<Content> {
    let taken_bytes = Taken::default();
    let mut head = Vec::new();
    (&mut reader).take(4).read_to_end(&mut head)?;
    let packing = packing(&head);
    let counted = Counted { reader: io::Cursor::new(head).chain(reader), taken_bytes: taken_bytes.clone() };
    let packed = BufReader::with_capacity(PACKED_BYTES, counted);
    let reader: Box<dyn Read + Send> = match packing {
        Some(Packing::Gzip) => {
            Box::new(Unpacked { reader: flate2::bufread::MultiGzDecoder::new(packed), format: "gzip" })
        }
        Some(Packing::Zstd) => {
            Box::new(Unpacked { reader: zstd::stream::read::Decoder::with_buffer(packed)?, format: "zstd" })
        }
        // Without the buffer: it would only be one more copy.
        None => Box::new(packed.into_inner()),
    };
    Ok(Content::Stream { head: Vec::new(), reader, taken_bytes })
}

fn of_file(file: File) -> io::Result<Content> {
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let magic = if meta.is_file() { read_at_most(&file, 0, 4)? } else { Vec::new() };
    // Files of /proc and the like tell a length of 0 and are not empty.
    if is_packed(&magic) || !meta.is_file() || meta.len() == 0 {
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

/// What the zstd library says of a frame that wants a larger window than it gives on its own.
const ZSTD_WINDOW: &str = "requires too much memory";

/// Says of an error that it came up while unpacking.
struct Unpacked<R> {
    reader: R,
    format: &'static str,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| {
            let reason = match error.kind() {
                io::ErrorKind::UnexpectedEof => "it ends too early, part of it is missing".to_owned(),
                io::ErrorKind::Interrupted => return error,
                _ => error.to_string(),
            };
            if self.format == "zstd" && reason.contains(ZSTD_WINDOW) {
                return io::Error::other(
                    "it was packed with zstd --long, and unpacking it would take more than 128 MiB of memory; \
                     zstd -dc --long=31 can do it, into a pipe",
                );
            }
            io::Error::new(error.kind(), format!("the {} data is damaged: {reason}", self.format))
        })
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
    use std::io::Write;

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

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn unpacked(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let Content::Stream { mut reader, .. } = stream(Box::new(io::Cursor::new(bytes)))? else { unreachable!() };
        let mut all = Vec::new();
        reader.read_to_end(&mut all).map(|_| all)
    }

    #[test]
    fn packed_content_is_unpacked_to_its_last_member() {
        let members = [gzip(b"one\n"), gzip(b""), gzip(b"two\n")].concat();
        assert_eq!(unpacked(members).unwrap(), b"one\ntwo\n");
        let frames =
            [zstd::encode_all(&b"one\n"[..], 1).unwrap(), zstd::encode_all(&b"two\n"[..], 1).unwrap()].concat();
        assert_eq!(unpacked(frames).unwrap(), b"one\ntwo\n");
        let skipped = b"\x50\x2a\x4d\x18\x02\0\0\0xx".to_vec();
        let frame = zstd::encode_all(&b"one\n"[..], 1).unwrap();
        assert_eq!(unpacked([skipped.clone(), frame.clone(), skipped, frame].concat()).unwrap(), b"one\none\n");
        assert_eq!(unpacked(b"\x1fplain".to_vec()).unwrap(), b"\x1fplain");
        assert_eq!(unpacked(b"P plain".to_vec()).unwrap(), b"P plain");
    }

    #[test]
    fn a_frame_that_wants_much_memory_is_not_called_damaged() {
        let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        packer.long_distance_matching(true).unwrap();
        packer.window_log(28).unwrap();
        packer.write_all(b"one\n").unwrap();
        // Not knowing how much follows, it must ask for the whole window.
        let error = unpacked(packer.finish().unwrap()).unwrap_err().to_string();
        assert!(error.contains("zstd --long") && !error.contains("damaged"), "{error}");
    }

    #[test]
    fn damaged_content_is_an_error_and_not_an_end() {
        let text: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        for packed in [gzip(&text), zstd::encode_all(&text[..], 1).unwrap()] {
            assert_eq!(unpacked(packed.clone()).unwrap(), text);
            for cut in [packed.len() - 1, packed.len() / 2, 12] {
                let error = unpacked(packed[..cut].to_vec()).unwrap_err().to_string();
                assert!(error.contains("it ends too early"), "{cut}: {error}");
            }
            let mut broken = packed.clone();
            broken[packed.len() / 2] ^= 0xff;
            // zstd has a checksum only where the packer wants one.
            assert!(unpacked(broken).is_err() || !packed.starts_with(GZIP));
            assert!(unpacked([packed, b"garbage behind it".to_vec()].concat()).is_err());
        }
    }
}
