//! Tables that outgrew their memory, in temporary files.
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;

use super::Sum;
use super::table::Keys;

/// How many parts a spilled table is split into.
pub const PARTS: usize = 256;

/// A worker's tables on disk. The file has no name: nothing is left when the program ends, however it ends.
#[derive(Debug)]
pub struct Spill {
    file: File,
    written: u64,
    /// For each part the ranges of the file that hold it.
    ranges: Vec<Vec<(u64, u64)>>,
}

impl Spill {
    pub fn new() -> io::Result<Self> {
        Ok(Spill { file: tempfile::tempfile()?, written: 0, ranges: vec![Vec::new(); PARTS] })
    }

    /// The hash's bits that the table of a part uses least: neither the lowest, which choose its bucket, nor the highest.
    fn part(hash: u64) -> usize {
        (hash >> 32) as usize % PARTS
    }

    pub fn write(&mut self, keys: &Keys) -> io::Result<()> {
        let mut of_part: Vec<Vec<u32>> = vec![Vec::new(); PARTS];
        for (at, (key, _)) in (0..).zip(keys.iter()) {
            of_part[Self::part(keys.hash(key))].push(at);
        }
        let mut file = BufWriter::with_capacity(1 << 18, &self.file);
        for (part, groups) in of_part.iter().enumerate().filter(|(_, groups)| !groups.is_empty()) {
            let start = self.written;
            for (key, sum) in groups.iter().map(|at| keys.group(*at as usize)) {
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

    /// Adds all of a part to `keys`.
    pub fn read_part(&self, part: usize, keys: &mut Keys) -> io::Result<()> {
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
                keys.add(&key, sum);
                left -= 4 + 8 + 16 + key.len() as u64;
            }
        }
        Ok(())
    }
}

/// A range of a file that other threads read elsewhere.
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
