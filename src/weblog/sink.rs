//! Receivers of the rows that count.
use parking_lot::Mutex;

use super::log_time::LogTime;
use super::record::Row;
use crate::units::CalendarUnit;

/// The finest detail that sinks need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granularity {
    /// All values of every row.
    Rows,
    /// Only the requests and bytes per unit of time; for months, per day.
    Times(CalendarUnit),
}

impl Granularity {
    /// Length of the unit of time in seconds, or None for rows.
    pub fn unit_secs(self) -> Option<u32> {
        match self {
            Granularity::Rows => None,
            Granularity::Times(CalendarUnit::Minute) => Some(60),
            Granularity::Times(CalendarUnit::Hour) => Some(3600),
            Granularity::Times(CalendarUnit::Day | CalendarUnit::Week | CalendarUnit::Month) => Some(86_400),
        }
    }
}

/// Receives the rows that count. Each thread has its own sink, and rows come in no particular order.
pub trait Sink: Send {
    /// Receives a row that counts.
    fn row(&mut self, row: &Row<'_>);

    /// The sum of the rows that count in the unit of time that begins at `moment`, on the clock of the filter's UTC offset.
    /// Called instead of [`Sink::row`] unless the run's [`Granularity`] is rows.
    fn time(&mut self, moment: LogTime, requests: u64, bytes: u128);

    /// Whether this sink has failed and ignores all further rows, so that the run can stop early.
    fn gave_up(&self) -> bool {
        false
    }
}

impl Sink for () {
    #[inline]
    fn row(&mut self, _row: &Row<'_>) {}

    fn time(&mut self, _moment: LogTime, _requests: u64, _bytes: u128) {}
}

impl<S: Sink> Sink for Option<S> {
    fn row(&mut self, row: &Row<'_>) {
        if let Some(sink) = self {
            sink.row(row);
        }
    }

    fn time(&mut self, moment: LogTime, requests: u64, bytes: u128) {
        if let Some(sink) = self {
            sink.time(moment, requests, bytes);
        }
    }

    fn gave_up(&self) -> bool {
        self.as_ref().is_some_and(Sink::gave_up)
    }
}

/// A pool of sinks that threads borrow. A sink lives through all inputs of a run, even if reading one of them fails.
#[derive(Debug)]
pub struct Sinks<S, F> {
    idle: Mutex<Vec<S>>,
    new: F,
}

impl<S: Sink, F: Fn() -> S + Sync> Sinks<S, F> {
    /// An empty pool. `new` creates a sink whenever none is idle.
    pub fn new(new: F) -> Self {
        Sinks { idle: Mutex::new(Vec::new()), new }
    }

    /// Borrows a sink. It returns to the pool when the lease is dropped, even after an error.
    pub fn lease(&self) -> Lease<'_, S, F> {
        let idle = self.idle.lock().pop();
        Lease { sink: Some(idle.unwrap_or_else(&self.new)), home: self }
    }

    /// All sinks in the pool.
    pub fn into_all(self) -> Vec<S> {
        self.idle.into_inner()
    }
}

/// A sink borrowed by a thread.
#[derive(Debug)]
pub struct Lease<'a, S, F> {
    /// `Some` until the lease is dropped.
    sink: Option<S>,
    home: &'a Sinks<S, F>,
}

impl<S: Sink, F: Fn() -> S + Sync> Lease<'_, S, F> {
    /// The sink itself, to give it more or to ask it.
    pub fn sink(&mut self) -> &mut S {
        self.sink.get_or_insert_with(&self.home.new)
    }
}

impl<S, F> Drop for Lease<'_, S, F> {
    fn drop(&mut self) {
        self.home.idle.lock().extend(self.sink.take());
    }
}
