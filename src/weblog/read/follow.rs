//! Sums a growing log.
use std::io;

use super::joined::Carried;
use super::options::SumOptions;
use super::outcome::{BadRow, LogError, Totals};
use super::visit::visit;
use crate::scan::follow::{Beginning, Event, Tail};
use crate::scan::{Block, Input, is_compressed};
use crate::weblog::format::{self, LineReader};
use crate::weblog::sink::Sink;

/// An event of a followed file that the user should know about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The file does not exist now; it is followed again when it does.
    Missing(String),
    /// The file was truncated. It is read again from its start, and what was counted before remains counted.
    Truncated {
        /// The file.
        input: String,
        /// Bytes of an unfinished last line, which are lost.
        lost_bytes: usize,
    },
    /// The file was replaced by another one, which is read from its start.
    Rotated(String),
    /// A row that cannot be read.
    Bad(BadRow),
}

/// A followed log.
#[derive(Debug)]
pub struct FollowedLog {
    input: Input,
    tail: Tail,
    /// None until the first line is complete.
    detected: Option<DetectedLog>,
}

impl FollowedLog {
    /// Follows the file at `path`, which need not exist yet.
    pub fn new(path: &std::path::Path, options: &SumOptions) -> Self {
        let tail = Tail::new(path, options.scan.line_bytes_max);
        FollowedLog { input: Input::Path(path.to_owned()), tail, detected: None }
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
        let (detected, input) = (&mut self.detected, &self.input);
        self.tail.poll(&mut |event| {
            match event {
                Event::Missing => notice(Notice::Missing(input.name())),
                Event::Began(why) => {
                    *detected = None;
                    match why {
                        Beginning::First => {}
                        Beginning::Rotated => notice(Notice::Rotated(input.name())),
                        Beginning::Truncated { lost_bytes } => {
                            notice(Notice::Truncated { input: input.name(), lost_bytes });
                        }
                    }
                }
                Event::Lines(bytes) => {
                    let log = match detected {
                        Some(log) => log,
                        None if is_compressed(bytes) => {
                            let cause = io::Error::other("it is compressed, and such a file cannot be followed");
                            return Err(input.error(cause).into());
                        }
                        None => detected.insert(DetectedLog::new(input, bytes, options)?),
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

/// A followed file with a detected format.
#[derive(Debug, Clone)]
struct DetectedLog {
    reader: LineReader,
    carried: Carried,
    /// The number of lines read.
    lines: u64,
}

impl DetectedLog {
    /// Detects the format of `input` from `head`, which contains at least the first line.
    fn new(input: &Input, head: &[u8], options: &SumOptions) -> Result<Self, LogError> {
        let reader = format::detect(head, &options.format, &options.needs);
        let reader = reader.map_err(|cause| LogError::Format { input: input.name(), cause })?;
        Ok(DetectedLog { reader, carried: Carried::new(true), lines: 0 })
    }

    /// Reads the next whole lines.
    fn add(&mut self, input: &Input, bytes: &[u8], options: &SumOptions, totals: &mut Totals, sink: &mut impl Sink) {
        let block = Block { bytes, offset: self.lines, cut_line: None };
        let mut found = visit(options, &block, &self.reader, &mut self.carried, sink);
        std::mem::take(&mut found.times).give(sink);
        found.add_to(totals, &input.name(), &mut self.lines);
    }
}
