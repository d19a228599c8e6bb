//! Sums a growing log.
use std::io;

use super::joined::Carried;
use super::options::SumOptions;
use super::outcome::{BadRow, LogError, Totals};
use super::visit::visit;
use crate::rows::{self, PartRows};
use crate::scan::follow::{Beginning, Event, Tail};
use crate::scan::{Block, Input, is_compressed};
use crate::weblog::format::{self, LineReader};
use crate::weblog::record::RowError;
use crate::weblog::sink::Sink;

/// An event of a followed file that the user should know about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The file does not exist now; it is followed again when it does.
    Missing(String),
    /// The file was truncated. It is read again from its start, and what was counted before remains counted.
    Truncated {
        /// Its path, as it was given.
        input: String,
        /// Bytes of an unfinished last line, which are lost.
        lost_bytes: usize,
    },
    /// The file was replaced by another one, which is read from its start.
    Rotated(String),
    /// A row that cannot be read.
    Bad(BadRow),
}

/// A log whose rows are read as they are written, across its rotation.
#[derive(Debug)]
pub struct FollowedLog {
    input: Input,
    tail: Tail,
    /// None until the format is known.
    detected: Option<DetectedLog>,
    /// Lines that do not show the format yet: blank ones, a message, half a header.
    pending: Vec<u8>,
}

impl FollowedLog {
    /// Follows the file at `path`, which need not exist yet.
    pub fn new(path: &std::path::Path, options: &SumOptions) -> Self {
        let tail = Tail::new(path, options.scan.line_bytes_max);
        FollowedLog { input: Input::Path(path.to_owned()), tail, detected: None, pending: Vec::new() }
    }

    /// Adds new rows to `totals` and passes those that count to `sink`; everything else is reported to `notice`. Returns
    /// whether anything happened. Never waits.
    ///
    /// # Errors
    /// When the file cannot be read or is not a log, or, in a strict run, at the first row that cannot be read.
    pub fn poll(
        &mut self,
        options: &SumOptions,
        totals: &mut Totals,
        sink: &mut impl Sink,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<bool, LogError> {
        let (detected, pending, input) = (&mut self.detected, &mut self.pending, &self.input);
        self.tail.poll(&mut |event| {
            match event {
                Event::Missing => notice(Notice::Missing(input.name())),
                Event::Began(why) => {
                    *detected = None;
                    give_up(pending, input, totals);
                    match why {
                        Beginning::First => {}
                        Beginning::Rotated => notice(Notice::Rotated(input.name())),
                        Beginning::Truncated { lost_bytes } => {
                            notice(Notice::Truncated { input: input.name(), lost_bytes });
                        }
                    }
                }
                Event::Lines(bytes) => {
                    if detected.is_none() && pending.is_empty() && is_compressed(bytes) {
                        let cause = io::Error::other("it is compressed, and such a file cannot be followed");
                        return Err(input.error(cause).into());
                    }
                    let head;
                    let (log, bytes) = match detected {
                        Some(log) => (log, bytes),
                        None => {
                            pending.extend_from_slice(bytes);
                            let Some(log) = DetectedLog::new(input, pending, options)? else { return Ok(()) };
                            head = std::mem::take(pending);
                            (detected.insert(log), &head[..])
                        }
                    };
                    let known = totals.rows.first_bad.len();
                    log.add(input, bytes, options, totals, sink);
                    totals.rows.first_bad[known..].iter().for_each(|bad| notice(Notice::Bad(bad.clone())));
                    if let (true, Some(bad)) = (options.strict, totals.rows.first_bad.first()) {
                        return Err(LogError::Strict(bad.clone()));
                    }
                }
            }
            Ok(())
        })
    }
}

/// The format must show in so many lines.
const LINES_WAITED_FOR: usize = 16;

/// Counts lines as bad that never showed a format.
fn give_up(pending: &mut Vec<u8>, input: &Input, totals: &mut Totals) {
    let (mut part, mut lines) = (PartRows::default(), 0);
    for line in rows::lines(&std::mem::take(pending)) {
        if !line.trim_ascii().is_empty() {
            let reason = format!("a line of no known format: {}", rows::excerpt(line));
            part.add_bad(part.lines, RowError::Header(reason));
        }
        part.lines += 1;
    }
    totals.rows.add_part(part, &input.name(), &mut lines);
}

/// A followed file whose format is known.
#[derive(Debug, Clone)]
struct DetectedLog {
    reader: LineReader,
    carried: Carried,
    /// The number of lines read.
    lines: u64,
}

impl DetectedLog {
    /// Detects the format of `input` from `head`; None if more lines may show it.
    fn new(input: &Input, head: &[u8], options: &SumOptions) -> Result<Option<Self>, LogError> {
        let lines = rows::lines(head).filter(|line| !line.trim_ascii().is_empty()).count();
        if lines == 0 {
            return Ok(None);
        }
        match format::detect(head, &options.format, &options.needs) {
            Ok(reader) => Ok(Some(DetectedLog { reader, carried: Carried::new(true), lines: 0 })),
            Err(_) if lines < LINES_WAITED_FOR => Ok(None),
            Err(cause) => Err(LogError::Format { input: input.name(), cause: Box::new(cause) }),
        }
    }

    /// Reads the next whole lines.
    fn add(&mut self, input: &Input, bytes: &[u8], options: &SumOptions, totals: &mut Totals, sink: &mut impl Sink) {
        let block = Block { bytes, offset: self.lines, cut_line: None };
        let mut found = visit(options, &block, &self.reader, &mut self.carried, sink);
        std::mem::take(&mut found.times).give(sink);
        found.add_to(totals, &input.name(), &mut self.lines);
    }
}
