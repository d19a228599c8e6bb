//! A log that is summed while it grows.
use std::io;

use super::sum::{BadRow, Growing, LogError, SumOptions, Totals};
use crate::scan::follow::{Beginning, Event, Tail};
use crate::scan::{Input, is_packed};
use crate::weblog::count::Sink;

/// Something about a followed file that its reader should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// There is no such file now; it is waited for.
    Missing(String),
    /// It became shorter: it is read from its start, and what was counted stays counted.
    Truncated {
        /// The file.
        input: String,
        /// Bytes of a last line that had no end, and belong to no row.
        lost_bytes: usize,
    },
    /// Another file took its name, and is read from its start.
    Rotated(String),
    /// A row cannot be read.
    Bad(BadRow),
}

/// One followed log.
#[derive(Debug)]
pub struct FollowedLog {
    input: Input,
    tail: Tail,
    head: Option<Growing>,
}

impl FollowedLog {
    /// Will follow the file at `path`, which need not exist yet.
    pub fn new(path: &std::path::Path, options: &SumOptions) -> Self {
        let tail = Tail::new(path, options.scan.line_bytes_max);
        FollowedLog { input: Input::Path(path.to_owned()), tail, head: None }
    }

    /// Adds what is new to `totals` and gives the rows that count to `sink`; `notice` is told of the rest. Gives whether
    /// anything happened. Never waits.
    ///
    /// # Errors
    /// When the file cannot be read or is no log, or, if strict, at the first row that cannot be read.
    pub fn poll(
        &mut self,
        options: &SumOptions,
        totals: &mut Totals,
        sink: &mut impl Sink,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<bool, LogError> {
        let (head, input) = (&mut self.head, &self.input);
        self.tail.poll(&mut |event| {
            match event {
                Event::Missing => notice(Notice::Missing(input.name())),
                Event::Began(why) => {
                    *head = None;
                    match why {
                        Beginning::First => {}
                        Beginning::Rotated => notice(Notice::Rotated(input.name())),
                        Beginning::Truncated { lost_bytes } => {
                            notice(Notice::Truncated { input: input.name(), lost_bytes });
                        }
                    }
                }
                Event::Lines(bytes) => {
                    let head = match head {
                        Some(head) => head,
                        None if is_packed(bytes) => {
                            let cause = io::Error::other("it is compressed, and such a file cannot be followed");
                            return Err(input.error(cause).into());
                        }
                        None => head.insert(Growing::of(input, bytes, options)?),
                    };
                    let known = totals.bad_rows.len();
                    head.add(input, bytes, options, totals, sink);
                    totals.bad_rows[known..].iter().for_each(|bad| notice(Notice::Bad(bad.clone())));
                    if let (true, Some(bad)) = (options.strict, totals.bad_rows.first()) {
                        return Err(LogError::Strict(bad.clone()));
                    }
                }
            }
            Ok(())
        })
    }
}
