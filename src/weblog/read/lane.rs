//! Fast path over consecutive rows of the same streak.
use fearless_simd::Simd;

use super::options::SumOptions;
use super::quick::{RowPrefix, WINDOW_BYTES, quick_row};
use super::visitor::Visitor;
use crate::weblog::format::Delimited;
use crate::weblog::media::Media;
use crate::weblog::sink::{Granularity, Sink};

/// Whether the fast path answers all that the run asks.
pub(super) fn is_quick<S: Sink>(options: &SumOptions, delimited: &Delimited, _sink: &S) -> bool {
    delimited.is_four_columns()
        && options.filter.media == Media::Jpeg
        && options.filter.tests.is_empty()
        && (options.granularity != Granularity::Rows || size_of::<S>() == 0)
        && options.scan.line_bytes_max >= WINDOW_BYTES
}

/// Rows of a streak, and what was found in those that were passed. A small copy of the visitor's state, so that two of them
/// stay in registers when they are stepped in turns.
pub(super) struct Lane<'a> {
    rest: &'a [u8],
    prefix: RowPrefix,
    counts: bool,
    rows: u64,
    requests: u64,
    bytes: u64,
}

impl<'a> Lane<'a> {
    /// The rows that follow in `visitor`; None if it is in no streak, or not all rows of the streak are treated alike.
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

    /// Adds what was found to `visitor`, which goes on at the first row that was not passed.
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
