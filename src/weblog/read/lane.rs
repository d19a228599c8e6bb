//! Rows of one run, as far as a quick look at each tells all; two runs of them side by side.
use fearless_simd::{Level, Simd, dispatch};

use super::quick::{self, Beginning};
use super::sum::SumOptions;
use super::visit::{BlockTotals, Visitor};
use crate::scan::Block;
use crate::weblog::count::{Sink, Wanted};
use crate::weblog::format::{Delimited, LineReader};
use crate::weblog::media::Media;

/// Whether a quick look at a row can tell all that is asked.
pub fn is_quick<S: Sink>(options: &SumOptions, delimited: &Delimited, _sink: &S) -> bool {
    delimited.is_four_columns()
        && options.filter.media == Media::Jpeg
        && options.filter.tests.is_empty()
        && (options.wanted != Wanted::Rows || size_of::<S>() == 0)
        && options.scan.line_bytes_max >= quick::LOOKED_AT
}

/// Rows of one run.
pub struct Lane<'a> {
    rest: &'a [u8],
    beginning: Beginning,
    counts: bool,
    rows: u64,
    requests: u64,
    bytes: u64,
}

impl Lane<'_> {
    /// Looks at the next row; false where that does not tell.
    #[inline(always)]
    pub fn step<S: Simd>(&mut self, simd: S) -> bool {
        let Some(row) = quick::look(simd, self.rest, &self.beginning) else { return false };
        self.rest = &self.rest[row.len_with_end..];
        self.rows += 1;
        if self.counts {
            let counts = u64::from(row.is_jpeg());
            self.requests += counts;
            self.bytes += row.size_bytes() * counts;
        }
        true
    }
}

impl<'a> Visitor<'a> {
    /// What a quick look at the rows that follow needs; None where the run before them is not known, or does not tell.
    pub(super) fn lane(&self) -> Option<Lane<'a>> {
        let run = self.run.as_ref()?;
        let (beginning, counts) = (run.beginning?, run.counts?);
        Some(Lane { rest: self.rest, beginning, counts, rows: 0, requests: 0, bytes: 0 })
    }

    /// Takes over what a quick look has found.
    pub(super) fn leave(&mut self, lane: Lane<'a>) {
        self.rest = lane.rest;
        self.found.lines += lane.rows;
        self.found.rows_read += lane.rows;
        if let Some(run) = &mut self.run {
            run.requests += lane.requests;
            run.bytes += u128::from(lane.bytes);
        }
    }
}

/// Blocks below this are not worth two lanes.
const HALVES_BYTES_MIN: usize = 16 << 10;

/// Visits both halves of a block at once, where a quick look is enough for most of its rows; None where it is not. A row begins
/// where the one before it ends, and a core would wait for that most of the time: with two lanes it has something to do.
pub fn visit_halves(
    options: &SumOptions,
    block: &Block,
    reader: &LineReader,
    sink: &mut impl Sink,
) -> Option<BlockTotals> {
    let LineReader::Delimited(delimited) = reader else { return None };
    if block.bytes.len() < HALVES_BYTES_MIN || !is_quick(options, delimited, sink) {
        return None;
    }
    let middle = memchr::memchr(b'\n', &block.bytes[block.bytes.len() / 2..])? + block.bytes.len() / 2 + 1;
    let (first, second) = block.bytes.split_at(middle);
    let first = Block { bytes: first, cut_line: None, ..*block };
    let second = Block { bytes: second, offset: block.offset + middle as u64, ..*block };
    let (mut left, mut right) = (Visitor::new(options, &first), Visitor::new(options, &second));
    dispatch!(Level::new(), simd => side_by_side(simd, &mut left, &mut right, delimited, reader, sink));
    let (_, _) = (left.read(reader, sink), right.read(reader, sink));
    Some(left.finish().followed_by(right.finish()))
}

/// Visits rows of both until one of them has no more.
#[inline(always)]
fn side_by_side<S: Simd>(
    simd: S,
    left: &mut Visitor,
    right: &mut Visitor,
    delimited: &Delimited,
    reader: &LineReader,
    sink: &mut impl Sink,
) {
    while !left.rest.is_empty() && !right.rest.is_empty() {
        // A header with these four columns cannot be changed by a line.
        let (_, _) =
            (left.delimited_line(simd, delimited, reader, sink), right.delimited_line(simd, delimited, reader, sink));
        if let (Some(mut one), Some(mut other)) = (left.lane(), right.lane()) {
            while one.step(simd) & other.step(simd) {}
            left.leave(one);
            right.leave(other);
        }
    }
}
