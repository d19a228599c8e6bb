//! Reads the lines of one range of a file with positioned reads.
use std::io;
use std::ops::Range;

use super::block::{Block, ScanOptions};
use super::line_ends::{first_cut, last_cut};
use super::page::{PAGE_BYTES, place_in_page};
use super::positioned::Positioned;

/// Reads the lines that begin in a range of a file.
pub(super) struct RangeReader<'a> {
    file: &'a Positioned,
    line_bytes_max: usize,
    memory: Vec<u8>,
    /// The aligned part of `memory` that is read into.
    place: Range<usize>,
}

/// Bytes read beyond a range at first to find the end of its last line.
const TAIL_BYTES: usize = 4096;

impl<'a> RangeReader<'a> {
    pub(super) fn new(file: &'a Positioned, options: &ScanOptions) -> Self {
        RangeReader { file, line_bytes_max: options.line_bytes_max, memory: Vec::new(), place: 0..0 }
    }

    /// The lines whose first byte lies in `start..end`.
    pub(super) fn read(&mut self, start: u64, end: u64) -> io::Result<Block<'_>> {
        // The byte before `start` shows whether a line begins there.
        let from = start.saturating_sub(1);
        let range = (end - from) as usize;
        let mut filled = self.fill(from, 0, range + TAIL_BYTES)?;
        if filled < range {
            return Err(io::Error::other("it became shorter while it was read"));
        }
        let first = if start == 0 {
            0
        } else {
            match first_cut(&self.buffer()[..filled], 0..range - 1) {
                Some(first) => first,
                None => return Ok(Block { bytes: &[], offset: end, cut_line: None }),
            }
        };
        // The last line that begins here ends at the first line end at or after the range's last byte.
        let mut searched = range - 1;
        loop {
            if let Some(end) = first_cut(&self.buffer()[..filled], searched..filled) {
                let bytes = &self.buffer()[first..end];
                return Ok(Block { bytes, offset: from + first as u64, cut_line: None });
            }
            if filled < self.buffer().len() {
                let bytes = &self.buffer()[first..filled];
                return Ok(Block { bytes, offset: from + first as u64, cut_line: None });
            }
            // What follows a `\r` at the end was not known.
            searched = (filled - 1).max(searched);
            let last = last_cut(&self.buffer()[..filled], first..range).unwrap_or(first);
            if filled - last > self.line_bytes_max {
                return Ok(Block {
                    bytes: &self.buffer()[first..last],
                    offset: from + first as u64,
                    cut_line: Some(&self.buffer()[last..filled]),
                });
            }
            filled = self.fill(from, filled, filled * 2)?;
        }
    }

    /// Fills the buffer from `have` to `want` bytes, or to the end of the file.
    fn fill(&mut self, from: u64, have: usize, want: usize) -> io::Result<usize> {
        self.place(from, have, want);
        let mut filled = have;
        while filled < want {
            match self.file.read_at(&mut self.memory[self.place.clone()][filled..], from + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Makes the buffer `want` bytes long, aligned for file offset `from`, and keeps its first `have` bytes.
    fn place(&mut self, from: u64, have: usize, want: usize) {
        let had = self.place.start..self.place.start + have;
        self.memory.resize(want + PAGE_BYTES, 0);
        let begin = place_in_page(&self.memory, from as usize);
        self.memory.copy_within(had, begin);
        self.place = begin..begin + want;
    }

    fn buffer(&self) -> &[u8] {
        &self.memory[self.place.clone()]
    }
}
