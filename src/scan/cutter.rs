//! Cuts a stream into blocks at line ends.
use std::io::{self, Read};
use std::ops::Range;

use super::block::{Block, ScanOptions};
use super::line_ends::{first_cut, last_cut};
use super::page::{PAGE_BYTES, place_in_page};

/// A block that owns its bytes: `begin..filled` of `bytes`. The bytes outside that range are meaningless; they stay so that
/// a reused buffer need not be zeroed again.
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    begin: usize,
    filled: usize,
    lines_end: usize,
    is_cut: bool,
    offset: u64,
}

impl Chunk {
    pub(super) fn block(&self) -> Block<'_> {
        let (lines, cut) = self.bytes[self.begin..self.filled].split_at(self.lines_end - self.begin);
        Block { bytes: lines, offset: self.offset, cut_line: self.is_cut.then_some(cut) }
    }
}

/// Cuts a stream at line ends.
pub(super) struct LineCutter {
    reader: Box<dyn Read + Send>,
    block_bytes: usize,
    line_bytes_max: usize,
    rest: Vec<u8>,
    offset: u64,
    ended: bool,
}

impl LineCutter {
    pub(super) fn new(reader: Box<dyn Read + Send>, options: &ScanOptions) -> Self {
        let (block_bytes, line_bytes_max) = (options.block_bytes.max(1), options.line_bytes_max);
        LineCutter { reader, block_bytes, line_bytes_max, rest: Vec::new(), offset: 0, ended: false }
    }

    /// Reads the next chunk into `buffer`. None at the end.
    pub(super) fn next(&mut self, mut buffer: Vec<u8>) -> io::Result<Option<Chunk>> {
        let had = self.rest.len();
        grow(&mut buffer, had + PAGE_BYTES + self.block_bytes);
        // Page-aligned like the reads of a file: see PAGE_BYTES.
        let begin = place_in_page(&buffer, had.wrapping_neg());
        let mut filled = begin + had;
        let mut end = filled + self.block_bytes;
        buffer[begin..filled].copy_from_slice(&self.rest);
        self.rest.clear();
        let mut searched_to = begin;
        loop {
            filled = self.read_to(&mut buffer[..end], filled)?;
            if let Some(lines_end) = last_cut(&buffer[..filled], searched_to..filled) {
                self.rest.extend_from_slice(&buffer[lines_end..filled]);
                return Ok(Some(self.chunk(buffer, begin..lines_end, lines_end, 0)));
            }
            if self.ended {
                return Ok((filled > begin).then(|| self.chunk(buffer, begin..filled, filled, 0)));
            }
            if filled - begin > self.line_bytes_max {
                let skipped = self.skip_line()?;
                return Ok(Some(self.chunk(buffer, begin..filled, begin, skipped)));
            }
            // What follows a `\r` at the end was not known.
            searched_to = (filled - 1).max(begin);
            end = filled + (filled - begin);
            grow(&mut buffer, end);
        }
    }

    /// The chunk in `place` of `bytes`: whole lines up to `lines_end`, then the beginning of a cut line.
    fn chunk(&mut self, bytes: Vec<u8>, place: Range<usize>, lines_end: usize, skipped: u64) -> Chunk {
        let offset = self.offset;
        self.offset += place.len() as u64 + skipped;
        Chunk { bytes, begin: place.start, filled: place.end, lines_end, is_cut: lines_end < place.end, offset }
    }

    /// Fills `buffer` from `filled` on and returns its new fill level, which is its length unless the stream ends.
    fn read_to(&mut self, buffer: &mut [u8], mut filled: usize) -> io::Result<usize> {
        while filled < buffer.len() && !self.ended {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => self.ended = true,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Skips the rest of a line; returns its length.
    fn skip_line(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        let mut piece = vec![0; self.block_bytes];
        while !self.ended {
            let filled = self.read_to(&mut piece, 0)?;
            if let Some(at) = first_cut(&piece[..filled], 0..filled) {
                self.rest.extend_from_slice(&piece[at..filled]);
                return Ok(skipped + at as u64);
            }
            skipped += filled as u64;
        }
        Ok(skipped)
    }
}

/// Makes `buffer` at least `len` bytes long.
fn grow(buffer: &mut Vec<u8>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
}
