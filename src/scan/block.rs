//! Blocks of whole lines, as their readers get them.
use std::thread;

/// How an input is cut and how many threads read it.
#[derive(Debug, Clone, Copy)]
pub struct ScanOptions {
    /// Threads that visit blocks, at least 1.
    pub threads: usize,
    /// Target size of a block. A block is longer by the rest of its last line.
    pub block_bytes: usize,
    /// Longest line that is always held in memory whole. Of a longer one, the block may have only the beginning, in
    /// [`Block::cut_line`]; or it may have the whole line, so readers must reject overlong lines in both cases.
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
    /// The lines, each with its line end; the input's last line may lack it.
    pub bytes: &'a [u8],
    /// Offset of `bytes` in the decompressed input.
    pub offset: u64,
    /// The beginning of the line after `bytes`, if that line is longer than [`ScanOptions::line_bytes_max`].
    pub cut_line: Option<&'a [u8]>,
}
