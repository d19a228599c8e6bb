//! Visits blocks of whole lines on every core and merges the results in input order.
use std::io::Read;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;

use parking_lot::Mutex;

use super::block::{Block, ScanOptions};
use super::cutter::{Chunk, LineCutter};
use super::in_order::InOrder;
use super::input::{Input, SourceError};
use super::positioned::Positioned;
use super::range::RangeReader;
use super::source::{Content, Source, Taken};
use crate::progress::Progress;
use crate::threads;

/// Reads `source` in blocks of whole lines. Each thread creates one worker with `worker` and calls `visit` with it for each
/// block it claims, in no particular order. `merge` receives the results of `visit` in input order; if it fails, the scan
/// stops. Returns the workers.
///
/// # Errors
/// [`SourceError`], as `E`, when the input cannot be read to its end; any error of `merge`.
pub fn blocks<W, T, E>(
    source: Source,
    options: &ScanOptions,
    progress: &dyn Progress,
    worker: impl Fn() -> W + Sync,
    visit: impl Fn(&mut W, &Block) -> T + Sync,
    merge: impl FnMut(T) -> Result<(), E> + Send,
) -> Result<Vec<W>, E>
where
    W: Send,
    T: Send,
    E: From<SourceError> + Send,
{
    let order = InOrder::new(merge);
    let input = source.input().clone();
    let scan = Scan { input: &input, options, progress, worker: &worker, visit: &visit, order: &order };
    let workers = match source.content {
        Content::Positioned { file, start, end } => scan.positioned(&file, start..end),
        Content::Stream { ref taken_bytes, .. } => {
            let taken_bytes = taken_bytes.clone();
            scan.streamed(source.into_reader(), &taken_bytes)
        }
    };
    order.outcome().map(|()| workers)
}

struct Scan<'a, F, V, T, E, M> {
    input: &'a Input,
    options: &'a ScanOptions,
    progress: &'a dyn Progress,
    worker: &'a F,
    visit: &'a V,
    order: &'a InOrder<T, E, M>,
}

impl<F, V, T, E, M> Scan<'_, F, V, T, E, M>
where
    E: From<SourceError> + Send,
    T: Send,
    M: FnMut(T) -> Result<(), E> + Send,
{
    /// Each thread claims the next range of the file and reads it into its own buffer. Reading into a small reused buffer is
    /// twice as fast as a memory map: a page fault costs more than the copy.
    fn positioned<W: Send>(&self, file: &Positioned, wanted: Range<u64>) -> Vec<W>
    where
        F: Fn() -> W + Sync,
        V: Fn(&mut W, &Block) -> T + Sync,
    {
        let block_bytes = self.options.block_bytes.max(1) as u64;
        let blocks = (wanted.end.saturating_sub(wanted.start)).div_ceil(block_bytes);
        let claimed = AtomicU64::new(0);
        // A small file needs fewer threads than there are cores.
        let threads = usize::try_from(blocks).map_or(self.options.threads, |blocks| blocks.min(self.options.threads));
        let work = || {
            let mut worker = (self.worker)();
            let mut range = RangeReader::new(file, self.options);
            loop {
                let number = claimed.fetch_add(1, Relaxed);
                if number >= blocks || self.order.stopped() {
                    return worker;
                }
                let start = wanted.start + number * block_bytes;
                let end = (start + block_bytes).min(wanted.end);
                let result = range.read(start, end).map(|block| (self.visit)(&mut worker, &block));
                self.progress.advance(end - start);
                self.order.hand(number, result.map_err(|cause| self.input.error(cause).into()));
            }
        };
        threads::on_each(threads, work)
    }

    /// The calling thread reads and cuts at line ends. With one thread it also visits; with more, the others visit.
    fn streamed<W: Send>(&self, reader: Box<dyn Read + Send>, taken_bytes: &Taken) -> Vec<W>
    where
        F: Fn() -> W + Sync,
        V: Fn(&mut W, &Block) -> T + Sync,
    {
        let mut chunks = Chunks {
            scan: self,
            cutter: LineCutter::new(reader, self.options),
            taken_bytes,
            reported_bytes: 0,
            number: 0,
        };
        if self.options.threads <= 1 {
            let mut worker = (self.worker)();
            let mut buffer = Vec::new();
            while let Some((number, chunk)) = chunks.next(buffer) {
                self.order.hand(number, Ok((self.visit)(&mut worker, &chunk.block())));
                buffer = chunk.bytes;
            }
            return vec![worker];
        }
        let visitors = self.options.threads - 1;
        let (full_tx, full_rx) = mpsc::sync_channel::<(u64, Chunk)>(2 * visitors);
        let (empty_tx, empty_rx) = mpsc::channel::<Vec<u8>>();
        let full_rx = Mutex::new(full_rx);
        let work = || {
            let mut worker = (self.worker)();
            let empty_tx = empty_tx.clone();
            loop {
                let next = full_rx.lock().recv();
                let Ok((number, chunk)) = next else { return worker };
                if !self.order.stopped() {
                    self.order.hand(number, Ok((self.visit)(&mut worker, &chunk.block())));
                }
                // Fails only once the reader has finished and needs no more buffers.
                let _ = empty_tx.send(chunk.bytes);
            }
        };
        thread::scope(|scope| {
            let visitors: Vec<_> = (0..visitors).map(|_| scope.spawn(work)).collect();
            while let Some(chunk) = chunks.next(empty_rx.try_recv().unwrap_or_default()) {
                if full_tx.send(chunk).is_err() {
                    break;
                }
            }
            drop(full_tx);
            visitors.into_iter().map(|visitor| threads::returned(visitor.join())).collect()
        })
    }
}

/// Numbers the chunks of a stream in input order.
struct Chunks<'a, 'r, F, V, T, E, M> {
    scan: &'a Scan<'r, F, V, T, E, M>,
    cutter: LineCutter,
    taken_bytes: &'a Taken,
    reported_bytes: u64,
    number: u64,
}

impl<F, V, T, E, M> Chunks<'_, '_, F, V, T, E, M>
where
    E: From<SourceError>,
    M: FnMut(T) -> Result<(), E>,
{
    /// Reads the next chunk into `buffer`. None at the end, or once the scan has stopped.
    fn next(&mut self, buffer: Vec<u8>) -> Option<(u64, Chunk)> {
        if self.scan.order.stopped() {
            return None;
        }
        let next = self.cutter.next(buffer);
        let taken_bytes = self.taken_bytes.load(Relaxed);
        self.scan.progress.advance(taken_bytes - self.reported_bytes);
        self.reported_bytes = taken_bytes;
        let number = self.number;
        self.number += 1;
        match next {
            Ok(chunk) => chunk.map(|chunk| (number, chunk)),
            Err(cause) => {
                self.scan.order.hand(number, Err(self.scan.input.error(cause).into()));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    /// All lines in order as `(offset, line)`; of an overlong line, only its first bytes.
    fn lines(input: &Input, options: &ScanOptions) -> Vec<(u64, Vec<u8>)> {
        let mut all = Vec::new();
        let cut = options.line_bytes_max.min(3);
        blocks(
            Source::open(input).unwrap(),
            options,
            &(),
            || (),
            |(), block| {
                let mut found = Vec::new();
                let mut at = block.offset;
                for line in block.bytes.split_inclusive(|b| *b == b'\n') {
                    let kept = if line.len() > options.line_bytes_max { &line[..cut] } else { line };
                    found.push((at, kept.to_vec()));
                    at += line.len() as u64;
                }
                found.extend(block.cut_line.map(|line| (at, line[..cut].to_vec())));
                found
            },
            |found| {
                all.extend(found);
                Ok::<(), SourceError>(())
            },
        )
        .unwrap();
        all
    }

    proptest! {
        #[test]
        fn every_line_comes_once_and_in_order(
            lens in proptest::collection::vec(0usize..40, 0..60),
            block_bytes in 1usize..64,
            threads in 1usize..4,
            ends_with_newline: bool,
        ) {
            let mut text: Vec<u8> = lens.iter().flat_map(|len| {
                let mut line: Vec<u8> = (0..*len).map(|i| b'a' + (i % 26) as u8).collect();
                line.push(b'\n');
                line
            }).collect();
            if !ends_with_newline { text.pop(); }
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&text).unwrap();
            let mut expected = Vec::new();
            let mut at = 0;
            for line in text.split_inclusive(|b| *b == b'\n') {
                expected.push((at, line.to_vec()));
                at += line.len() as u64;
            }
            let options = ScanOptions { threads, block_bytes, line_bytes_max: 1 << 20 };
            prop_assert_eq!(&lines(&Input::Path(file.path().to_owned()), &options), &expected);
            let bytes: &'static [u8] = text.leak();
            prop_assert_eq!(&lines(&Input::BuiltIn { name: "test", bytes }, &options), &expected);
        }
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (len_before, len_after, block_bytes) in [(10_000, 5_000, 1 << 20), (10_000, 5_000, 100), (10_000, 0, 100)] {
            std::fs::write(file.path(), vec![b'\n'; len_before]).unwrap();
            let source = Source::open(&Input::Path(file.path().to_owned())).unwrap();
            file.as_file().set_len(len_after).unwrap();
            let options = ScanOptions { threads: 2, block_bytes, ..ScanOptions::default() };
            let read = blocks(source, &options, &(), || (), |(), _| (), |()| Ok::<(), SourceError>(()));
            assert!(read.unwrap_err().cause.to_string().contains("became shorter"), "{len_after} {block_bytes}");
        }
    }

    #[test]
    fn a_line_over_the_limit_is_reported_and_not_held() {
        let mut text = b"one\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 100_000));
        text.extend(b"\ntwo\n");
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&text).unwrap();
        let expected = vec![(0, b"one\n".to_vec()), (4, b"xxx".to_vec()), (100_005, b"two\n".to_vec())];
        let bytes: &'static [u8] = text.leak();
        for block_bytes in [2, 7, 512, 1 << 20] {
            let options = ScanOptions { threads: 2, block_bytes, line_bytes_max: 9_000 };
            assert!(lines(&Input::BuiltIn { name: "test", bytes }, &options) == expected, "stream {block_bytes}");
            assert!(lines(&Input::Path(file.path().to_owned()), &options) == expected, "file {block_bytes}");
        }
    }
}
