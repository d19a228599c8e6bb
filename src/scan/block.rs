//! Whole lines, as they reach whoever reads them.
use std::thread;

/// How an input is cut and how many threads read it.
#[derive(Debug, Clone, Copy)]
pub struct ScanOptions {
    /// Threads that visit blocks, at least 1.
    pub threads: usize,
    /// A block's usual size; blocks are longer by what completes their last line.
    pub block_bytes: usize,
    /// A longer line need not be held in memory: its block then has its beginning in [`Block::cut_line`]. It may also be
    /// in a block, whole; readers of lines treat both the same.
    pub line_bytes_max: usize,
}

impl Default for ScanOptions {
    fn default() -> Self {
        ScanOptions {
            threads: thread::available_parallelism().map_or(1, usize::from),
            block_bytes: 1 << 20,
            line_bytes_max: 1 << 20,
        }
    }
}

/// Consecutive whole lines of an input.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// The lines, each with its `\n`; the input's last line may lack it.
    pub bytes: &'a [u8],
    /// Where `bytes` begins in the (decompressed) input.
    pub offset: u64,
    /// The line after `bytes`, if it is longer than [`ScanOptions::line_bytes_max`]: its beginning, without the rest.
    pub cut_line: Option<&'a [u8]>,
}
