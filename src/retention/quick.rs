//! Fast path for lines of TSV and CSV as most of them are: short, plain ASCII, no escapes, quotes only around whole fields,
//! nothing NULL, as many columns as the header, a time like `2017-04-01 10:00:00`. Any other line is left to the full reading.
//! A property test and a fuzz target hold the two equal.
use fearless_simd::prelude::*;
use fearless_simd::u8x64;

use super::date_time::DateTimeParser;

/// Longest line that the fast path reads.
pub(super) const LINE_BYTES_MOST: usize = LOOKED_AT;
/// Bytes of a line that are looked at. From any of them, sixteen more must be readable.
const LOOKED_AT: usize = 128;
const READABLE: usize = LOOKED_AT + 16;

/// The positions of columns, from 0, and their delimiter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    delimiter: u8,
    time: usize,
    uid: usize,
    event_name: usize,
    /// How many columns are looked for.
    columns: usize,
    /// How many columns a line must have: values of a line with more or fewer may be under other names.
    all_columns: usize,
}

/// Limit on the number of columns.
const COLUMNS_MOST: usize = 8;

/// An event read by the fast path.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuickEvent<'a> {
    /// The line's length with its line end.
    pub(super) len_with_end: usize,
    /// The day of its time.
    pub(super) day: i32,
    /// As `MySQL` writes a DATETIME.
    pub(super) time: &'a [u8; 19],
    /// The user, in ASCII.
    pub(super) uid: &'a [u8],
    /// The same, where it is short enough.
    pub(super) short_uid: Option<Short>,
    /// What happened, in ASCII.
    pub(super) event_name: &'a [u8],
}

/// One to sixteen bytes, followed by zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Short {
    pub(super) bytes: [u8; 16],
    pub(super) len: usize,
}

impl Short {
    /// The first `len` of `bytes`, if that is more than none.
    #[inline(always)]
    pub(super) fn new(bytes: [u8; 16], len: usize) -> Option<Self> {
        let bits = u128::from_le_bytes(bytes) & u128::MAX.checked_shr(128u32.wrapping_sub(8 * len as u32))?;
        Some(Short { bytes: bits.to_le_bytes(), len })
    }

    /// ASCII in upper case; None where it ends in a space.
    #[inline(always)]
    pub(super) fn upper(self) -> Option<Self> {
        // Eight bytes at a time: the high bit of `from_a` is set from `a` on, that of `after_z` after `z`.
        let upper = |word: u64| {
            let low = word & 0x7f7f_7f7f_7f7f_7f7f;
            let (from_a, behind_z) = (low + 0x1f1f_1f1f_1f1f_1f1f, low + 0x0505_0505_0505_0505);
            word ^ ((from_a & !behind_z & !word & 0x8080_8080_8080_8080) >> 2)
        };
        let bits = u128::from_le_bytes(self.bytes);
        let bits = u128::from(upper(bits as u64)) | u128::from(upper((bits >> 64) as u64)) << 64;
        let bytes = bits.to_le_bytes();
        (self.bytes[(self.len - 1) % 16] != b' ').then_some(Short { bytes, len: self.len })
    }
}

impl Places {
    /// For columns `time`, `uid` and `event_name` of `all_columns`; None if one is too far to the right.
    pub(super) fn new(delimiter: u8, [time, uid, event_name]: [usize; 3], all_columns: usize) -> Option<Self> {
        let columns = time.max(uid).max(event_name) + 1;
        (columns <= COLUMNS_MOST).then_some(Places { delimiter, time, uid, event_name, columns, all_columns })
    }

    /// The event in the first line of `text`; None if the line must be read in full. With `QUOTES`, fields may be quoted; without
    /// them, a backslash is unusual.
    #[inline(always)]
    pub(super) fn look<'a, S: Simd, const QUOTES: bool>(
        &self,
        simd: S,
        text: &'a [u8],
        times: &mut DateTimeParser,
    ) -> Option<QuickEvent<'a>> {
        let row: &[u8; READABLE] = text.first_chunk()?;
        let near = self.marks::<S, QUOTES>(simd, row, 0)?;
        // Most lines end within the first half; then there is nothing to be known of the second.
        let far = if near.newlines == 0 { self.marks::<S, QUOTES>(simd, row, 64)? } else { Marks::default() };
        let end = match near.newlines {
            0 => 64 + far.newlines.trailing_zeros() as usize,
            newlines => newlines.trailing_zeros() as usize,
        };
        if end == 0 || end >= LOOKED_AT {
            return None;
        }
        let line_end = end;
        // A return alone ends a line too.
        let end = line_end + usize::from(row[line_end] == b'\r');
        if row[end] != b'\n' {
            return None;
        }
        let quotes = [near.first_line(near.quotes), far.first_line(far.quotes)];
        let (mut near, mut far) = (near.first_line(near.delimiters), far.first_line(far.delimiters));
        if QUOTES && quotes != [0, 0] {
            [near, far] = outside_quotes(quotes, [near, far], line_end)?;
        }
        if self.columns != self.all_columns && (near.count_ones() + far.count_ones()) as usize + 1 != self.all_columns {
            return None;
        }
        *if line_end < 64 { &mut near } else { &mut far } |= 1 << (line_end % 64);
        // bounds[i] is one after the beginning of the ith column; LOOKED_AT or more if there are fewer.
        let mut bounds = [0; COLUMNS_MOST + 1];
        for bound in bounds.iter_mut().skip(1).take(self.columns) {
            if near != 0 {
                *bound = near.trailing_zeros() as usize + 1;
                near &= near - 1;
            } else {
                *bound = 64 + far.trailing_zeros() as usize + 1;
                far &= far.wrapping_sub(1);
            }
        }
        // Of as many columns as are looked for, the last ends with the line; of fewer, one has no end.
        if self.columns == self.all_columns && bounds[self.columns] != line_end + 1 {
            return None;
        }
        let (time, uid, event_name) =
            (span(&bounds, self.time)?, span(&bounds, self.uid)?, span(&bounds, self.event_name)?);
        let (time, uid, event_name) = (
            inside_quotes::<QUOTES>(row, time),
            inside_quotes::<QUOTES>(row, uid),
            inside_quotes::<QUOTES>(row, event_name),
        );
        if time.1 - time.0 != 19 {
            return None;
        }
        let time = text[time.0..].first_chunk::<19>()?;
        let day = times.quick_day(time)?;
        let (uid_bytes, name) = (&row[uid.0..uid.1], &row[event_name.0..event_name.1]);
        // `\N` and `NULL` are how MySQL writes NULL; a blank user is nobody.
        if matches!(uid_bytes.first(), None | Some(b' '))
            || may_be_null::<QUOTES>(uid_bytes)
            || may_be_null::<QUOTES>(name)
        {
            return None;
        }
        let short_uid = match row[uid.0..].first_chunk() {
            Some(bytes) => Short::new(*bytes, uid_bytes.len()),
            None => None,
        };
        Some(QuickEvent { len_with_end: end + 1, day, time, uid: uid_bytes, short_uid, event_name: name })
    }

    /// The marks of the 64 bytes of `row` from `at` on; None if some are not ASCII.
    #[inline(always)]
    fn marks<S: Simd, const QUOTES: bool>(&self, simd: S, row: &[u8; READABLE], at: usize) -> Option<Marks> {
        let bytes = u8x64::from_slice(simd, &row[at..at + 64]);
        let marks = Marks {
            delimiters: bytes.simd_eq(self.delimiter).to_bitmask(),
            newlines: (bytes.simd_eq(b'\n') | bytes.simd_eq(b'\r')).to_bitmask(),
            quotes: if QUOTES { bytes.simd_eq(b'"').to_bitmask() } else { 0 },
        };
        // Backslashes are rare: one in a line nearby may send this line to the full reading, too.
        let not_ascii = bytes.simd_ge(0x80);
        let unusual = if QUOTES { not_ascii } else { not_ascii | bytes.simd_eq(b'\\') };
        (unusual.to_bitmask() == 0).then_some(marks)
    }
}

/// Where a column begins and ends; None if the line is not looked at so far.
#[inline(always)]
fn span(bounds: &[usize; COLUMNS_MOST + 1], column: usize) -> Option<(usize, usize)> {
    let (start, after) = (bounds[column], bounds[column + 1]);
    if after <= LOOKED_AT { Some((start, after - 1)) } else { None }
}

/// Whether a field may be how `MySQL` writes NULL.
#[inline(always)]
fn may_be_null<const QUOTES: bool>(field: &[u8]) -> bool {
    match field.first() {
        Some(b'N') => field.len() == 4,
        Some(b'\\') => QUOTES,
        _ => false,
    }
}

/// A field of `row` without its quotes, of which it has two or none.
#[inline(always)]
fn inside_quotes<const QUOTES: bool>(row: &[u8; READABLE], (start, end): (usize, usize)) -> (usize, usize) {
    if QUOTES && row[start] == b'"' { (start + 1, end - 1) } else { (start, end) }
}

/// The delimiters of a line that are not quoted, as a bit for each of its 128 bytes, like `quotes` and `delimiters`; `end` is
/// where its line end is. None unless each quote opens at the beginning of a field or closes at its end.
#[inline(always)]
fn outside_quotes(quotes: [u64; 2], delimiters: [u64; 2], end: usize) -> Option<[u64; 2]> {
    let (near, far) = (odd_so_far(quotes[0]), odd_so_far(quotes[1]));
    let carried = if near >> 63 == 1 { u64::MAX } else { 0 };
    // From each quote that opens up to the one that closes, without the latter.
    let inside = joined([near, far ^ carried]);
    let (quotes, outside) = (joined(quotes), joined(delimiters) & !inside);
    let (begins, ends) = (outside << 1 | 1, (outside | 1 << end) >> 1);
    let is_sound = inside >> end & 1 == 0 && quotes & inside & !begins == 0 && quotes & !inside & !ends == 0;
    is_sound.then_some([outside as u64, (outside >> 64) as u64])
}

/// For each bit, whether the number of bits of `bits` up to and with it is odd.
#[inline(always)]
fn odd_so_far(bits: u64) -> u64 {
    let odd = bits ^ bits << 1;
    let odd = odd ^ odd << 2;
    let odd = odd ^ odd << 4;
    let odd = odd ^ odd << 8;
    let odd = odd ^ odd << 16;
    odd ^ odd << 32
}

#[inline(always)]
fn joined([near, far]: [u64; 2]) -> u128 {
    u128::from(near) | u128::from(far) << 64
}

/// What 64 bytes hold, a bit for each.
#[derive(Default)]
struct Marks {
    delimiters: u64,
    newlines: u64,
    /// None in formats without quotes.
    quotes: u64,
}

impl Marks {
    /// Those of `marks` that belong to the first line.
    #[inline(always)]
    fn first_line(&self, marks: u64) -> u64 {
        marks & (self.newlines ^ self.newlines.wrapping_sub(1))
    }
}
