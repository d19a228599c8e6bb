//! Fast path for rows of the four columns `date  time  size  url`, most of which are read with a dozen machine words.
//! Anything unusual is left to the complete reader; a property test compares the two.
use fearless_simd::prelude::*;
use fearless_simd::u8x64;

use crate::weblog::media::JPEG_EXTENSIONS;

/// The first bytes of all rows of one day, or of one hour or minute of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowPrefix {
    bytes: u128,
    mask: u128,
    /// Offset of the time, after the day and its tab.
    time_at: usize,
}

/// A row as the fast path reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QuickRow {
    /// Length in bytes, with the line end.
    pub len_with_end: usize,
    /// The digits of its size, which [`QuickRow::size_bytes`] parses.
    size_digits: u64,
    /// The last eight bytes of its URL, in lower case.
    url_end: u64,
}

/// Bytes that the fast path may look at; longer rows are left to the complete reader.
pub(super) const WINDOW_BYTES: usize = 136;

impl RowPrefix {
    /// The prefix of rows that begin with `day`, a tab and `time`, which may be cut short; None if that is longer than a
    /// machine word of 16 bytes.
    pub(super) fn new(day: &[u8], time: &[u8]) -> Option<Self> {
        let mut bytes = [0; 16];
        let time_at = day.len() + 1;
        bytes.get_mut(..day.len())?.copy_from_slice(day);
        *bytes.get_mut(day.len())? = b'\t';
        bytes.get_mut(time_at..time_at + time.len())?.copy_from_slice(time);
        let mask = u128::MAX >> (128 - 8 * (time_at + time.len()));
        Some(RowPrefix { bytes: u128::from_le_bytes(bytes), mask, time_at })
    }
}

/// Reads the row at the beginning of `text`. None if it does not begin with `prefix` or is unusual in any way; it may still
/// be good.
#[inline(always)]
pub(super) fn quick_row<S: Simd>(simd: S, text: &[u8], prefix: &RowPrefix) -> Option<QuickRow> {
    let row: &[u8; WINDOW_BYTES] = text.first_chunk()?;
    let head = u128::from_le_bytes(*row.first_chunk()?);
    let RowPrefix { bytes, mask, time_at } = *prefix;
    // `10:28:13`: colons, digits, and at most 5 in the tens of minutes and seconds. The hour is checked only if it is part of
    // `prefix`; if it is not, the run does not ask for the time.
    let time = word(row, time_at) ^ 0x3030_3a30_303a_3030;
    let is_time = (time | time.wrapping_add(0x060a_0006_0a00_0606)) & 0xf0f0_fff0_f0ff_f0f0 == 0;
    if (head ^ bytes) & mask != 0 || !is_time || row[(time_at + 8) % 128] != b'\t' {
        return None;
    }
    let size_at = time_at + 9;
    let size = word(row, size_at);
    // The next row begins where this one ends, so this is the critical path of the loop and must be short: from the row's
    // beginning to its second unusual byte, the one after the tab that ends the size. Checks and sums are off that path.
    let unusual = unusual(simd, row, size_at);
    let after_size = unusual & unusual.wrapping_sub(1);
    let url_end_at = size_at + after_size.trailing_zeros() as usize;
    let size_digits = unusual.trailing_zeros();
    let digits = size ^ 0x3030_3030_3030_3030;
    // The first byte that is not a digit has its high bit set; a carry can only change bytes after it.
    let not_digits = (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080;
    let is_size = not_digits.trailing_zeros() / 8 == size_digits && not_digits != 0 && size_digits > 0;
    if !is_size || row[(size_at + size_digits as usize) % 128] != b'\t' {
        return None;
    }
    let end = row[url_end_at % 128];
    let len_with_end = url_end_at + 1;
    let has_cr = end == b'\r' && row[len_with_end % 128] == b'\n';
    // The host of an absolute URL is not part of its path.
    let is_path = row[(size_at + size_digits as usize + 1) % 128] == b'/';
    if after_size == 0 || !is_path || !(end == b'\n' || has_cr) {
        return None;
    }
    Some(QuickRow {
        len_with_end: len_with_end + usize::from(has_cr),
        size_digits: digits << (64 - 8 * size_digits),
        url_end: word(row, url_end_at - 8) | 0x2020_2020_2020_2020,
    })
}

impl QuickRow {
    /// Bytes sent. There are at most seven digits, and they are parsed at once as in
    /// <https://lemire.me/blog/2022/01/21/swar-explained-parsing-eight-digits/>.
    #[inline(always)]
    pub(super) fn size_bytes(&self) -> u64 {
        let pairs = self.size_digits.wrapping_mul(10).wrapping_add(self.size_digits >> 8) & 0x00ff_00ff_00ff_00ff;
        let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
        fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
    }

    /// Whether its URL names a JPEG. There is a tab before the URL, so bytes before it cannot pass for an extension.
    #[inline(always)]
    pub(super) fn is_jpeg(&self) -> bool {
        JPEG_ENDS.iter().fold(false, |is_jpeg, (mask, end)| is_jpeg | (self.url_end & mask == *end))
    }
}

/// How the last eight bytes of a JPEG's URL end: which of them matter, and what they are.
const JPEG_ENDS: [(u64, u64); JPEG_EXTENSIONS.len()] = {
    let mut ends = [(0, 0); JPEG_EXTENSIONS.len()];
    let mut index = 0;
    while index < ends.len() {
        let extension = JPEG_EXTENSIONS[index];
        let dot_at = 7 - extension.len();
        let mut end = (b'.' as u64) << (8 * dot_at);
        let mut at = 0;
        while at < extension.len() {
            end |= (extension[at] as u64) << (8 * (dot_at + 1 + at));
            at += 1;
        }
        ends[index] = (!0 << (8 * dot_at), end);
        index += 1;
    }
    ends
};

#[inline(always)]
fn word(row: &[u8; WINDOW_BYTES], at: usize) -> u64 {
    // Offsets are always below 128; with the remainder the compiler knows it and leaves the bounds check out.
    let at = at % 128;
    row[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Which of the 64 bytes from `at` on may end a URL or its path, or need decoding, one bit each: all bytes up to `%` (among
/// them `\t`, `\n`, `\r` and `#`), and `?`.
#[inline(always)]
fn unusual<S: Simd>(simd: S, row: &[u8; WINDOW_BYTES], at: usize) -> u64 {
    let at = at % 64;
    let bytes = u8x64::from_slice(simd, &row[at..at + 64]);
    (bytes.simd_le(b'%') | bytes.simd_eq(b'?')).to_bitmask()
}

#[cfg(test)]
mod tests {
    use fearless_simd::dispatch;
    use proptest::prelude::*;

    use super::*;
    use crate::rows::split::levels;

    proptest! {
        #[test]
        fn every_instruction_set_reads_the_same(
            row in "24/8/2019\t10:28:[0-5][0-9]\t[0-9]{0,8}\t/[a-z?%#\r\t\u{80}]{0,40}(\\.jpe?g)?(\r?\n)?",
        ) {
            let prefix = RowPrefix::new(b"24/8/2019", b"10:").unwrap();
            let text = [row.as_bytes(), &[b'x'; WINDOW_BYTES]].concat();
            let rows = levels().into_iter().map(|level| dispatch!(level, simd => quick_row(simd, &text, &prefix)));
            let rows: Vec<_> = rows.collect();
            prop_assert!(rows.iter().all(|other| *other == rows[0]), "{:?}", rows);
        }
    }
}
