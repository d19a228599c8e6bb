//! A quick look at lines of TSV as most of them are: short, plain ASCII, nothing NULL, a time like `2017-04-01 10:00:00`.
//! Where anything is unusual it says so, and the line is read in full. What it does say is what the full reading says; a
//! property test and a fuzz target hold the two equal.
use fearless_simd::prelude::*;
use fearless_simd::u8x64;

use super::date_time::DateTimeParser;

/// How long a line may be.
pub(super) const LINE_BYTES_MOST: usize = LOOKED_AT;
/// How many bytes from a line's beginning are looked at; the rest is there so that sixteen bytes may be read anywhere.
const LOOKED_AT: usize = 128;
const READABLE: usize = LOOKED_AT + 16;

/// Which column, from 0, is what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    time: usize,
    uid: usize,
    event_name: usize,
    /// How many columns must be there.
    columns: usize,
}

/// So many columns from the first on are told apart.
const COLUMNS_MOST: usize = 8;

/// An event of which nothing is unusual.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuickEvent<'a> {
    /// The line's length with its line end.
    pub(super) len_with_end: usize,
    /// The day of its time.
    pub(super) day: i32,
    /// As MySQL writes a DATETIME.
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
        // Eight bytes at a time: the high bit of `from_a` is set from `a` on, that of `behind_z` behind `z`.
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
    /// For columns `time`, `uid` and `event_name`; None where one is too far behind for a quick look.
    pub(super) fn new(time: usize, uid: usize, event_name: usize) -> Option<Self> {
        let columns = time.max(uid).max(event_name) + 1;
        (columns <= COLUMNS_MOST).then_some(Places { time, uid, event_name, columns })
    }

    /// Looks at the line that `text` begins with.
    #[inline(always)]
    pub(super) fn look<'a, S: Simd>(
        &self,
        simd: S,
        text: &'a [u8],
        clock: &mut DateTimeParser,
    ) -> Option<QuickEvent<'a>> {
        let row: &[u8; READABLE] = text.first_chunk()?;
        let near = Marks::of(simd, row, 0)?;
        // Most lines end within the first half; then there is nothing to be known of the second.
        let far = if near.newlines == 0 { Marks::of(simd, row, 64)? } else { Marks { tabs: 0, newlines: 0 } };
        let end = match near.newlines {
            0 => 64 + far.newlines.trailing_zeros() as usize,
            newlines => newlines.trailing_zeros() as usize,
        };
        if end == 0 || end >= LOOKED_AT {
            return None;
        }
        let line_end = end - usize::from(row[end - 1] == b'\r');
        if line_end > 0 && row[line_end - 1] == b'\r' {
            return None;
        }
        let (mut near, mut far) = (near.up_to_newline(), far.up_to_newline());
        *if line_end < 64 { &mut near } else { &mut far } |= 1 << (line_end % 64);
        // bounds[i] is one behind the beginning of the ith column; LOOKED_AT and more where there are fewer.
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
        let span = |column: usize| {
            let (start, behind) = (bounds[column], bounds[column + 1]);
            (behind <= LOOKED_AT).then(|| (start, behind - 1))
        };
        let (time, uid, event_name) = (span(self.time)?, span(self.uid)?, span(self.event_name)?);
        if time.1 - time.0 != 19 {
            return None;
        }
        let time = text[time.0..].first_chunk::<19>()?;
        let day = clock.quick_day(time)?;
        let (uid_bytes, name) = (&row[uid.0..uid.1], &row[event_name.0..event_name.1]);
        // It may be `\N`, which is how MySQL writes NULL.
        let may_be_null = |field: &[u8]| field.first() == Some(&b'\\');
        if may_be_null(uid_bytes) || may_be_null(name) {
            return None;
        }
        let short_uid = row[uid.0..].first_chunk().and_then(|bytes| Short::new(*bytes, uid_bytes.len()));
        Some(QuickEvent { len_with_end: end + 1, day, time, uid: uid_bytes, short_uid, event_name: name })
    }
}

/// What 64 bytes hold, a bit a byte.
struct Marks {
    tabs: u64,
    newlines: u64,
}

impl Marks {
    /// The marks of the 64 bytes of `row` from `at` on; None where some are not ASCII.
    #[inline(always)]
    fn of<S: Simd>(simd: S, row: &[u8; READABLE], at: usize) -> Option<Self> {
        let bytes = u8x64::from_slice(simd, &row[at..at + 64]);
        let marks = Marks { tabs: bytes.simd_eq(b'\t').to_bitmask(), newlines: bytes.simd_eq(b'\n').to_bitmask() };
        (bytes.simd_ge(0x80).to_bitmask() == 0).then_some(marks)
    }

    /// The tabs of the first line.
    #[inline(always)]
    fn up_to_newline(&self) -> u64 {
        self.tabs & (self.newlines ^ self.newlines.wrapping_sub(1))
    }
}
