//! Spills tables to a temporary file.
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;

use super::grouped::Sum;
use super::table::Table;

/// The number of parts of a spilled table.
pub(super) const PARTS: usize = 256;

/// A worker's tables on disk. The file has no name, so nothing is left behind however the program ends.
#[derive(Debug)]
pub(super) struct Spill {
    file: File,
    written: u64,
    /// For each part, its ranges in the file.
    ranges: Vec<Vec<(u64, u64)>>,
}

impl Spill {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Spill { file: tempfile::tempfile()?, written: 0, ranges: vec![Vec::new(); PARTS] })
    }

    /// Uses the middle bits of the hash: a table uses the lowest for buckets and the highest for tags.
    fn part(hash: u64) -> usize {
        (hash >> 32) as usize % PARTS
    }

    pub(super) fn write(&mut self, table: &Table) -> io::Result<()> {
        let mut of_part: Vec<Vec<u32>> = vec![Vec::new(); PARTS];
        for (at, (key, _)) in (0..).zip(table.iter()) {
            of_part[Self::part(table.hash(key))].push(at);
        }
        let mut file = BufWriter::with_capacity(1 << 18, &self.file);
        for (part, groups) in of_part.iter().enumerate().filter(|(_, groups)| !groups.is_empty()) {
            let start = self.written;
            for (key, sum) in groups.iter().map(|at| table.group(*at as usize)) {
                file.write_all(&(key.len() as u32).to_le_bytes())?;
                file.write_all(&sum.requests.to_le_bytes())?;
                file.write_all(&sum.bytes.to_le_bytes())?;
                file.write_all(key)?;
                self.written += 4 + 8 + 16 + key.len() as u64;
            }
            self.ranges[part].push((start, self.written));
        }
        file.flush()
    }

    /// Adds the groups of a part to `table`.
    pub(super) fn read_part(&self, part: usize, table: &mut Table) -> io::Result<()> {
        let mut key = Vec::new();
        for (start, end) in &self.ranges[part] {
            let mut reader = BufReader::new(PositionedRange { file: &self.file, at: *start, end: *end });
            let mut left = end - start;
            while left > 0 {
                let (mut len, mut requests, mut bytes) = ([0; 4], [0; 8], [0; 16]);
                reader.read_exact(&mut len)?;
                reader.read_exact(&mut requests)?;
                reader.read_exact(&mut bytes)?;
                key.resize(u32::from_le_bytes(len) as usize, 0);
                reader.read_exact(&mut key)?;
                let sum = Sum { bytes: u128::from_le_bytes(bytes), requests: u64::from_le_bytes(requests) };
                table.add(&key, sum);
                left -= 4 + 8 + 16 + key.len() as u64;
            }
        }
        Ok(())
    }
}

/// Reads a range of a file without moving its position, which is shared by other threads.
struct PositionedRange<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for PositionedRange<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
