//! Visits a block in the fastest way that its format and the run allow.
use std::ops::ControlFlow;

use fearless_simd::{Level, Simd, dispatch};

use super::block::BlockTotals;
use super::joined::Carried;
use super::lane::{Lane, is_quick};
use super::options::SumOptions;
use super::visitor::Visitor;
use crate::rows::without_cr;
use crate::scan::Block;
use crate::weblog::format::{Delimited, LineReader, When};
use crate::weblog::sink::Sink;

/// Visits a block with the state carried over from earlier blocks, beginning with `reader` unless they carried over another.
pub(super) fn visit(
    options: &SumOptions,
    block: &Block,
    reader: &LineReader,
    carried: &mut Carried,
    sink: &mut impl Sink,
) -> BlockTotals {
    if let (None, Some(found)) = (&carried.reader, visit_halves(options, block, reader, sink))
        // Where columns change, the second half was read with the wrong ones; it gave nothing to the sink.
        && !(found.changed && carried.in_order)
    {
        return found;
    }
    let mut visitor = Visitor::new(options, block);
    if reader.may_join() {
        visitor.read_joined(reader, carried, sink);
        return visitor.finish();
    }
    while let ControlFlow::Continue(next) = read(&mut visitor, carried.reader.as_ref().unwrap_or(reader), sink) {
        carried.reader = Some(next);
    }
    visitor.finish()
}

/// Visits lines to the end of the block, or to a line that changes the columns; then returns the reader for the lines after
/// it.
fn read(visitor: &mut Visitor, reader: &LineReader, sink: &mut impl Sink) -> ControlFlow<(), LineReader> {
    match reader.delimited() {
        Some(delimited) if is_fast(delimited) => {
            dispatch!(Level::new(), simd => read_delimited(simd, visitor, delimited, reader, sink))
        }
        _ => {
            while let Some(line) = visitor.next_line() {
                if let Some(changed) = visitor.line(reader, without_cr(line), sink) {
                    return ControlFlow::Continue(changed);
                }
            }
            ControlFlow::Break(())
        }
    }
}

/// Whether rows can be filtered by the bytes of day and time, and split without regard to quotes.
fn is_fast(delimited: &Delimited) -> bool {
    let has_time = matches!(delimited.slots.when, When::Apart { time: Some(_), .. });
    let is_apart = matches!(delimited.slots.when, When::Apart { .. });
    !delimited.spans_lines() && is_apart && (has_time || !delimited.needs_time())
}

#[inline(always)]
fn read_delimited<S: Simd>(
    simd: S,
    visitor: &mut Visitor,
    delimited: &Delimited,
    reader: &LineReader,
    sink: &mut impl Sink,
) -> ControlFlow<(), LineReader> {
    let is_quick = is_quick(visitor.options, delimited, sink);
    while !visitor.rest.is_empty() {
        if let Some(changed) = visitor.delimited_line(simd, delimited, reader, sink) {
            return ControlFlow::Continue(changed);
        }
        if let Some(mut lane) = is_quick.then(|| Lane::enter(visitor)).flatten() {
            while lane.step(simd) {}
            lane.leave(visitor);
        }
    }
    ControlFlow::Break(())
}

/// Smaller blocks are not worth splitting.
const HALVES_BYTES_MIN: usize = 16 << 10;

/// Visits both halves of a block at once if the fast path reads most of its rows; None if it does not. The start of a row is
/// known only once the row before it was read, and a core spends most of its time waiting for that; two independent rows
/// keep it busy.
fn visit_halves(options: &SumOptions, block: &Block, reader: &LineReader, sink: &mut impl Sink) -> Option<BlockTotals> {
    let delimited = reader.delimited()?;
    if block.bytes.len() < HALVES_BYTES_MIN || !is_quick(options, delimited, sink) {
        return None;
    }
    let middle = memchr::memchr(b'\n', &block.bytes[block.bytes.len() / 2..])? + block.bytes.len() / 2 + 1;
    let (first, second) = block.bytes.split_at(middle);
    let first = Block { bytes: first, cut_line: None, ..*block };
    let second = Block { bytes: second, offset: block.offset + middle as u64, ..*block };
    let (mut left, mut right) = (Visitor::new(options, &first), Visitor::new(options, &second));
    dispatch!(Level::new(), simd => side_by_side(simd, &mut left, &mut right, delimited, reader, sink));
    let (_, _) = (read(&mut left, reader, sink), read(&mut right, reader, sink));
    Some(left.finish().followed_by(right.finish()))
}

/// Visits rows of both in turn until one runs out.
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
        // A line that gives another reader is in what was found, and the block is visited again.
        let (_, _) =
            (left.delimited_line(simd, delimited, reader, sink), right.delimited_line(simd, delimited, reader, sink));
        if let (Some(mut one), Some(mut other)) = (Lane::enter(left), Lane::enter(right)) {
            while one.step(simd) & other.step(simd) {}
            one.leave(left);
            other.leave(right);
        }
    }
}
