//! Requests and bytes by unit of time, for sinks that need no single rows.
use std::collections::BTreeMap;

use crate::weblog::log_time::LogTime;
use crate::weblog::sink::Sink;

/// Requests and bytes of each unit of time.
#[derive(Debug, Clone, Default)]
pub(super) struct TimeSums {
    sums: BTreeMap<LogTime, (u64, u128)>,
    /// The last sum, kept out of the map because the next row is usually of the same unit.
    last: Option<(LogTime, u64, u128)>,
}

impl TimeSums {
    /// Adds to the sum of the unit that begins at `moment`.
    pub(super) fn add(&mut self, moment: LogTime, requests: u64, bytes: u128) {
        if let Some(last) = self.last.as_mut().filter(|last| last.0 == moment) {
            *last = (moment, last.1 + requests, last.2 + bytes);
            return;
        }
        self.flush();
        self.last = Some((moment, requests, bytes));
    }

    /// Adds all sums of `other`.
    pub(super) fn join(&mut self, mut other: TimeSums) {
        other.flush();
        other.sums.into_iter().for_each(|(moment, (requests, bytes))| self.add(moment, requests, bytes));
    }

    /// Passes all sums to `sink` in time order.
    pub(super) fn give(mut self, sink: &mut impl Sink) {
        self.flush();
        self.sums.into_iter().for_each(|(moment, (requests, bytes))| sink.time(moment, requests, bytes));
    }

    /// Moves `last` into the map.
    fn flush(&mut self) {
        if let Some((moment, requests, bytes)) = self.last.take() {
            let sum = self.sums.entry(moment).or_default();
            *sum = (sum.0 + requests, sum.1 + bytes);
        }
    }
}
