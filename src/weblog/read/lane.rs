//! Fast path over the rows of a streak: consecutive rows of the same day, hour or minute.
use fearless_simd::Simd;

use super::options::SumOptions;
use super::quick::{RowPrefix, WINDOW_BYTES, quick_row};
use super::visitor::Visitor;
use crate::weblog::format::Delimited;
use crate::weblog::media::Media;
use crate::weblog::sink::{Granularity, Sink};

/// Whether the fast path can answer the run.
pub(super) fn is_quick<S: Sink>(options: &SumOptions, delimited: &Delimited, _sink: &S) -> bool {
    delimited.is_four_columns()
        && options.filter.media == Media::Jpeg
        && options.filter.tests.is_empty()
        && (options.granularity != Granularity::Rows || size_of::<S>() == 0)
        && options.scan.line_bytes_max >= WINDOW_BYTES
}

/// The rows of a streak, and the sums of those already passed. A small copy of the visitor's state, so that two of them fit
/// into registers when they take turns.
pub(super) struct Lane<'a> {
    rest: &'a [u8],
    prefix: RowPrefix,
    counts: bool,
    rows: u64,
    requests: u64,
    bytes: u64,
}

impl<'a> Lane<'a> {
    /// Takes over the rows of `visitor`; None if it is not in a streak, or not all rows of the streak count alike.
    pub(super) fn enter(visitor: &Visitor<'a>) -> Option<Self> {
        let streak = visitor.streak.as_ref()?;
        let (prefix, counts) = (streak.prefix?, streak.counts?);
        Some(Lane { rest: visitor.rest, prefix, counts, rows: 0, requests: 0, bytes: 0 })
    }

    /// Passes the next row; false if the fast path cannot read it.
    #[inline(always)]
    pub(super) fn step<S: Simd>(&mut self, simd: S) -> bool {
        let Some(row) = quick_row(simd, self.rest, &self.prefix) else { return false };
        self.rest = &self.rest[row.len_with_end..];
        self.rows += 1;
        if self.counts {
            let counts = u64::from(row.is_jpeg());
            self.requests += counts;
            self.bytes += row.size_bytes() * counts;
        }
        true
    }

    /// Adds the sums to `visitor`, which continues at the first row that was not passed.
    pub(super) fn leave(self, visitor: &mut Visitor<'a>) {
        visitor.rest = self.rest;
        visitor.found.rows.lines += self.rows;
        visitor.found.rows.read += self.rows;
        if let Some(streak) = &mut visitor.streak {
            streak.requests += self.requests;
            streak.bytes += u128::from(self.bytes);
        }
    }
}
