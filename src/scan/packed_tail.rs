//! Text that goes on as gzip data: what `cat access.log access.log.1.gz` writes.
use std::io::{self, BufReader, Read};

use super::compression;
use super::positioned::Positioned;

/// How a gzip member begins: its magic number, and deflate, the only method (RFC 1952, 2.3.1). No text has these bytes: 0x1f is
/// a control character, and 0x8b is only the middle of a character of UTF-8.
const GZIP: &[u8] = &[0x1f, 0x8b, 8];
/// The bits of the byte after that which are always 0.
const RESERVED_FLAGS: u8 = 0xe0;
const HEAD_BYTES: usize = GZIP.len() + 1;
/// Bytes that are searched at once.
const PART_BYTES: usize = 1 << 20;
/// Compressed bytes per read.
const BUFFER_BYTES: usize = 128 << 10;

/// Whether gzip data begins in `line`, which is not a row.
pub fn goes_on_packed(line: &[u8]) -> bool {
    memchr::memmem::find_iter(line, GZIP).any(|at| is_member(&line[at..]))
}

fn is_member(head: &[u8]) -> bool {
    head.starts_with(GZIP) && head.get(GZIP.len()).is_some_and(|flags| flags & RESERVED_FLAGS == 0)
}

/// Whether the `file` of so many `bytes` ends with gzip data that follows text. In so many bytes of compressed data, or in all of it,
/// is the first byte of the magic number: without that at the end, the file is text and is not searched.
pub(super) fn ends(file: &Positioned, bytes: u64) -> io::Result<bool> {
    const END_BYTES: usize = 4 << 10;
    let end = file.read_at_most(bytes.saturating_sub(END_BYTES as u64), END_BYTES)?;
    if memchr::memchr(GZIP[0], &end).is_none() {
        return Ok(false);
    }
    let mut at = 0;
    while at < bytes {
        // A member may begin where a part ends.
        if goes_on_packed(&file.read_at_most(at, PART_BYTES + HEAD_BYTES)?) {
            return Ok(true);
        }
        at += PART_BYTES as u64;
    }
    Ok(false)
}

/// Reads text as it is, and unpacks all that follows from the first gzip member on.
pub(super) struct PackedTail {
    reader: Box<dyn Read + Send>,
    /// Bytes that were read and not handed on, from `held_at` on. They begin where a member might.
    held: Vec<u8>,
    held_at: usize,
    /// The last byte of text that was handed on.
    last: u8,
    is_packed: bool,
}

impl PackedTail {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        PackedTail { reader, held: Vec::new(), held_at: 0, last: b'\n', is_packed: false }
    }

    /// Unpacks from here on.
    fn unpack(&mut self) -> io::Result<()> {
        let head = self.held.split_off(self.held_at);
        let rest = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        let packed = BufReader::with_capacity(BUFFER_BYTES, io::Cursor::new(head).chain(rest));
        self.reader = compression::of(GZIP)
            .map_or_else(|| Err(io::ErrorKind::Unsupported.into()), |gzip| gzip.decoder(Box::new(packed)))?;
        self.is_packed = true;
        Ok(())
    }

    /// Hands on what is held up to the next place where a member might begin.
    fn hand_on(&mut self, buffer: &mut [u8]) -> usize {
        let held = &self.held[self.held_at..];
        let text = memchr::memchr(GZIP[0], &held[1..]).map_or(held.len(), |at| at + 1).min(buffer.len());
        buffer[..text].copy_from_slice(&held[..text]);
        self.held_at += text;
        if self.held_at == self.held.len() {
            (self.held_at, self.held) = (0, Vec::new());
        }
        text
    }
}

impl Read for PackedTail {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_packed || buffer.is_empty() {
            return self.reader.read(buffer);
        }
        if self.held.is_empty() {
            let read = self.reader.read(buffer)?;
            let text = memchr::memchr(GZIP[0], &buffer[..read]).unwrap_or(read);
            self.held.extend_from_slice(&buffer[text..read]);
            if text > 0 || read == 0 {
                self.last = buffer[..text].last().copied().unwrap_or(self.last);
                return Ok(text);
            }
        }
        let missing = (self.held_at + HEAD_BYTES).saturating_sub(self.held.len());
        (&mut self.reader).take(missing as u64).read_to_end(&mut self.held)?;
        if !is_member(&self.held[self.held_at..]) {
            let text = self.hand_on(buffer);
            self.last = buffer[text - 1];
            return Ok(text);
        }
        self.unpack()?;
        if matches!(self.last, b'\n' | b'\r') {
            return self.reader.read(buffer);
        }
        // The last line of the text has no end of its own.
        buffer[0] = b'\n';
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    /// Gives at most a few bytes at a time.
    struct Slow<R>(R, usize);

    impl<R: Read> Read for Slow<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn what_follows_text_is_unpacked_wherever_reads_end() {
        let text = b"one\n\x1f\x1f\x8bx two\n";
        for (before, expected) in [(&text[..], &text[..]), (b"one\ntwo", b"one\ntwo\n"), (b"", b""), (b"a\r", b"a\r")] {
            let members = [before, &gzip(b"three\n"), &gzip(b"four\n")].concat();
            let expected = [expected, b"three\nfour\n"].concat();
            for size in [1, 2, 3, 4, 5, 7, 1000] {
                let mut read = Vec::new();
                PackedTail::new(Box::new(Slow(io::Cursor::new(members.clone()), size))).read_to_end(&mut read).unwrap();
                assert_eq!(read, expected, "{size}");
            }
            let cut = members[..members.len() - 5].to_vec();
            let error = PackedTail::new(Box::new(io::Cursor::new(cut))).read_to_end(&mut Vec::new()).unwrap_err();
            assert!(error.to_string().contains("gzip data is damaged"), "{error}");
        }
    }

    #[test]
    fn text_alone_is_read_as_it_is() {
        for text in
            [&b""[..], b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x08", b"a\x1f\x8b\x08\xff", b"\x1f\x1f\x1f\x1f\x1f\x8b\x07\n"]
        {
            for size in [1, 2, 3, 1000] {
                let mut read = Vec::new();
                PackedTail::new(Box::new(Slow(io::Cursor::new(text.to_vec()), size))).read_to_end(&mut read).unwrap();
                assert_eq!(read, text, "{size}");
            }
        }
    }

    #[test]
    fn a_line_shows_whether_it_is_packed() {
        assert!(goes_on_packed(&gzip(b"x")) && goes_on_packed(&[b"a row", &gzip(b"x")[..]].concat()));
        assert!(!goes_on_packed(b"a row") && !goes_on_packed(b"\x1f\x8b\x08") && !goes_on_packed(b"\x1f\x8b\x08\xff"));
    }
}
