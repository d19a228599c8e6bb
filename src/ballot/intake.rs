//! Stores a stream of ballots, one per line: one thread reads, parses and sorts, another stores.
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::memchr;

use super::ballot_box::BallotBox;
use super::batch_queue::{BALLOTS_AT_FIRST, BALLOTS_MOST, BatchQueue, Lines, Producer};
use super::errors::BoxError;
use super::limits::Limits;
use super::lines::{BadLine, parse_line};
use super::time::Clock;
use super::vote::Outcome;
use crate::progress::Progress;
use crate::threads;

/// Target limit for a transaction, since other writers wait for it.
const TRANSACTION_MOST: Duration = Duration::from_secs(4);
/// Size of the read buffer.
const READ_BYTES: usize = 256 * 1024;
/// Ballots handed over at once; transactions are not made smaller than this.
const BALLOTS_HANDED: usize = 8_192;

/// What became of the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Intake {
    /// Lines whose vote was stored.
    pub stored: u64,
    /// Lines whose vote was already in the box under the same key.
    pub repeated: u64,
    /// Lines that are not ballots, or whose ballot the rules refuse.
    pub refused: u64,
}

/// Why an intake ended early.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The input cannot be read on.
    #[error("cannot read the ballots")]
    Read(#[source] io::Error),
    /// The box cannot be written.
    #[error(transparent)]
    Box(#[from] BoxError),
}

/// Stores the ballots on the lines of `input`; each transaction takes all that wait. A line whose vote is not stored is
/// reported to `on_bad_line` with its number, from 1. `done` counts what is on disk, even if this ends early.
///
/// # Errors
/// When the input cannot be read or the box cannot be written.
pub fn take_in(
    votes: &mut dyn BallotBox,
    input: impl Read + Send + 'static,
    clock: &dyn Clock,
    progress: &dyn Progress,
    on_bad_line: &mut dyn FnMut(u64, &BadLine),
    done: &mut Intake,
) -> Result<(), IntakeError> {
    let queue = Arc::new(BatchQueue::new());
    let producer = Producer(Arc::clone(&queue));
    // Not a scoped thread: if the box fails, this must not wait for a silent input.
    let reader = std::thread::spawn(move || read_all(input, &producer.0));
    let stored = store_all(votes, &queue, clock, progress, on_bad_line, done);
    queue.abandon();
    stored?;
    threads::returned(reader.join()).map_err(IntakeError::Read)
}

/// Stores the ballots on the lines of `input` if every one of them can be stored, else none.
///
/// # Errors
/// When the box cannot be written.
pub fn take_in_all(
    votes: &mut dyn BallotBox,
    input: &[u8],
    clock: &dyn Clock,
    progress: &dyn Progress,
    on_bad_line: &mut dyn FnMut(u64, &BadLine),
) -> Result<Intake, BoxError> {
    let parsed = || (1..).zip(lines(input)).map(|(number, line)| (number, line, parse_line(bare(number, line))));
    let mut done = Intake::default();
    // Lines that are not ballots come first, since they need no transaction.
    for (number, _, error) in parsed().filter_map(|(number, line, parsed)| Some((number, line, parsed.err()?))) {
        on_bad_line(number, &error.into());
        done.refused += 1;
    }
    if done.refused > 0 {
        return Ok(done);
    }
    let mut ballots = parsed().filter_map(|(_, line, parsed)| {
        progress.advance(line.len() as u64);
        parsed.ok().flatten()
    });
    let cast = votes.cast_all(&mut ballots, clock)?;
    if cast.refused.is_empty() {
        return Ok(Intake { stored: cast.stored, repeated: cast.repeated, refused: 0 });
    }
    let numbers: Vec<u64> = parsed().filter_map(|(number, _, parsed)| parsed.ok().flatten().map(|_| number)).collect();
    for (index, refusal) in cast.refused {
        let number = usize::try_from(index).ok().and_then(|index| numbers.get(index)).copied().unwrap_or_default();
        on_bad_line(number, &refusal.into());
        done.refused += 1;
    }
    Ok(done)
}

/// The lines of `input` with their line ends.
fn lines(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    input.split_inclusive(|byte| *byte == b'\n')
}

/// Removes the line end, and a byte order mark from the first line.
fn bare(number: u64, line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line }
}

impl Lines {
    fn line(&mut self, number: u64, line: &[u8]) {
        self.bytes += line.len() as u64;
        match parse_line(bare(number, line)) {
            Ok(Some(ballot)) => {
                self.ballots.push(ballot);
                self.numbers.push(number);
            }
            Ok(None) => {}
            Err(error) => self.bad.push((number, error.into())),
        }
    }
}

/// Queues what was read whenever the next line is not buffered yet, so that ballots of a slow input do not wait for more.
fn read_all(input: impl Read, queue: &BatchQueue) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(READ_BYTES, input);
    let mut lines = Lines::default();
    let mut line = Vec::new();
    for number in 1.. {
        let waits = memchr(b'\n', reader.buffer()).is_none();
        if (waits && lines.bytes > 0 || lines.ballots.len() >= BALLOTS_HANDED) && !queue.put(&mut lines) {
            return Ok(());
        }
        line.clear();
        let read = read_line(&mut reader, &mut line);
        if !matches!(read, Ok(1..)) {
            queue.put(&mut lines);
            return read.map(|_| ());
        }
        lines.line(number, &line);
    }
    Ok(())
}

/// Reads a line with its line end into `line`, but only the beginning of an overlong one. Returns the bytes read.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    let mut bytes = 0;
    loop {
        let seen = match reader.fill_buf() {
            Ok(seen) => seen,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = memchr(b'\n', seen).map(|end| end + 1);
        let part = &seen[..end.unwrap_or(seen.len())];
        // Two bytes more: the line end, and one that shows that the line is too long.
        let room = (Limits::LINE_BYTES + 2).saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len();
        reader.consume(used);
        bytes += used;
        if end.is_some() || used == 0 {
            return Ok(bytes);
        }
    }
}

fn store_all(
    votes: &mut dyn BallotBox,
    queue: &BatchQueue,
    clock: &dyn Clock,
    progress: &dyn Progress,
    on_bad_line: &mut dyn FnMut(u64, &BadLine),
    done: &mut Intake,
) -> Result<(), BoxError> {
    let bulk_most = votes.bulk_most().min(BALLOTS_MOST);
    let mut ballots_most = BALLOTS_AT_FIRST.min(bulk_most);
    while let Some(lines) = queue.take(ballots_most) {
        let begun = Instant::now();
        let outcomes = votes.cast_sorted(&lines.ballots, clock)?;
        let took = begun.elapsed();
        if took > TRANSACTION_MOST {
            ballots_most = (ballots_most / 2).max(BALLOTS_HANDED.min(bulk_most));
        } else if took < TRANSACTION_MOST / 2 {
            ballots_most = (ballots_most * 2).min(bulk_most);
        }
        progress.advance(lines.bytes);
        let mut bad = lines.bad;
        for (outcome, number) in outcomes.into_iter().zip(lines.numbers) {
            match outcome {
                Outcome::Stored { .. } => done.stored += 1,
                Outcome::Repeated { .. } => done.repeated += 1,
                Outcome::Refused(refusal) => bad.push((number, refusal.into())),
            }
        }
        bad.sort_by_key(|(number, _)| *number);
        done.refused += bad.len() as u64;
        bad.iter().for_each(|(number, why)| on_bad_line(*number, why));
    }
    Ok(())
}
