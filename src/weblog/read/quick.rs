//! A quick look at rows of the four columns `date  time  size  url`, as most of them are: it takes a dozen machine words a
//! row, and where it is not sure, it says so and the row is read in full. What it does say is what the full reading says; a
//! property test holds the two equal.
use fearless_simd::prelude::*;
use fearless_simd::u8x64;

/// What rows of one day, or of one hour or minute of it, begin with.
#[derive(Debug, Clone, Copy)]
pub struct Beginning {
    bytes: u128,
    mask: u128,
    /// Where the time begins, behind the day and its tab.
    time_at: usize,
}

/// What a quick look tells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuickRow {
    /// The row's length with its line end.
    pub len_with_end: usize,
    /// The digits of its size, to be read by [`QuickRow::size_bytes`].
    size_digits: u64,
    /// The last eight bytes of its URL, in lower case.
    url_end: u64,
}

/// How many bytes from a row's beginning are looked at; a row that is longer is read in full.
pub const LOOKED_AT: usize = 136;

impl Beginning {
    /// For rows that begin with `day`, a tab, and `time`, the first bytes of a time; None where that is too long for a quick
    /// look.
    pub fn new(day: &[u8], time: &[u8]) -> Option<Self> {
        let mut bytes = [0; 16];
        let time_at = day.len() + 1;
        bytes.get_mut(..day.len())?.copy_from_slice(day);
        *bytes.get_mut(day.len())? = b'\t';
        bytes.get_mut(time_at..time_at + time.len())?.copy_from_slice(time);
        let mask = u128::MAX >> (128 - 8 * (time_at + time.len()));
        Some(Beginning { bytes: u128::from_le_bytes(bytes), mask, time_at })
    }
}

/// Looks at the row that `text` begins with. None where it does not begin so, or anything about it is unusual: then nothing is
/// said of it.
#[inline(always)]
pub fn look<S: Simd>(simd: S, text: &[u8], beginning: &Beginning) -> Option<QuickRow> {
    let row: &[u8; LOOKED_AT] = text.first_chunk()?;
    let head = u128::from_le_bytes(*row.first_chunk()?);
    let Beginning { bytes, mask, time_at } = *beginning;
    // `10:28:13`: colons, digits, and at most 5 where tens of minutes and seconds stand. The hour may be none where it is not
    // in `beginning`; but then nobody asks for it.
    let time = word(row, time_at) ^ 0x3030_3a30_303a_3030;
    let is_time = (time | time.wrapping_add(0x060a_0006_0a00_0606)) & 0xf0f0_fff0_f0ff_f0f0 == 0;
    if (head ^ bytes) & mask != 0 || !is_time || row[(time_at + 8) % 128] != b'\t' {
        return None;
    }
    let size_at = time_at + 9;
    let size = word(row, size_at);
    // The next row begins where this one ends, so that everything waits for this one chain: it must be short. It leads from
    // the row's beginning to its second unusual byte, behind the tab that ends the size, and nothing that is only checked or
    // added is on it.
    let unusual = unusual(simd, row, size_at);
    let behind_size = unusual & unusual.wrapping_sub(1);
    let url_end_at = size_at + behind_size.trailing_zeros() as usize;
    let size_digits = unusual.trailing_zeros();
    let digits = size ^ 0x3030_3030_3030_3030;
    // The first byte that is no digit has its high bit set; a carry can only disturb bytes behind it.
    let not_digits = (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080;
    let is_size = not_digits.trailing_zeros() / 8 == size_digits && not_digits != 0 && size_digits > 0;
    if !is_size || row[(size_at + size_digits as usize) % 128] != b'\t' {
        return None;
    }
    let end = row[url_end_at % 128];
    let len_with_end = url_end_at + 1;
    let has_cr = end == b'\r' && row[len_with_end % 128] == b'\n';
    // An absolute URL has a host, which is no path.
    let is_path = row[(size_at + size_digits as usize + 1) % 128] == b'/';
    if behind_size == 0 || !is_path || !(end == b'\n' || has_cr) {
        return None;
    }
    Some(QuickRow {
        len_with_end: len_with_end + usize::from(has_cr),
        size_digits: digits << (64 - 8 * size_digits),
        url_end: word(row, url_end_at - 8) | 0x2020_2020_2020_2020,
    })
}

impl QuickRow {
    /// Bytes sent: at most seven digits, eight at a time by the method of
    /// <https://lemire.me/blog/2022/01/21/swar-explained-parsing-eight-digits/>.
    #[inline(always)]
    pub fn size_bytes(&self) -> u64 {
        let pairs = self.size_digits.wrapping_mul(10).wrapping_add(self.size_digits >> 8) & 0x00ff_00ff_00ff_00ff;
        let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
        fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
    }

    /// Whether its URL names a JPEG. A tab stands before the URL, so that no extension can begin there.
    #[inline(always)]
    pub fn is_jpeg(&self) -> bool {
        const fn tail(extension: &[u8]) -> u64 {
            let mut word = 0;
            let mut at = 0;
            while at < extension.len() {
                word |= (extension[at] as u64) << (8 * (8 - extension.len() + at));
                at += 1;
            }
            word
        }
        let (four, five) = (self.url_end & !0 << 32, self.url_end & !0 << 24);
        (four == tail(b".jpg")) | (four == tail(b".jpe")) | (five == tail(b".jpeg")) | (five == tail(b".jfif"))
    }
}

#[inline(always)]
fn word(row: &[u8; LOOKED_AT], at: usize) -> u64 {
    // Offsets are small by their making; saying so here spares a check.
    let at = at % 128;
    row[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Which of the 64 bytes from `at` on may end a URL or its path, or need decoding: all up to `%` (`\t`, `\n`, `\r`, `#` among
/// them) and `?`. A bit a byte.
#[inline(always)]
fn unusual<S: Simd>(simd: S, row: &[u8; LOOKED_AT], at: usize) -> u64 {
    let at = at % 64;
    let bytes = u8x64::from_slice(simd, &row[at..at + 64]);
    (bytes.simd_le(b'%') | bytes.simd_eq(b'?')).to_bitmask()
}

#[cfg(test)]
mod tests {
    use fearless_simd::dispatch;
    use proptest::prelude::*;

    use super::*;
    use crate::scan::split::levels;

    proptest! {
        #[test]
        fn every_instruction_set_tells_the_same(
            row in "24/8/2019\t10:28:[0-5][0-9]\t[0-9]{0,8}\t/[a-z?%#\r\t\u{80}]{0,40}(\\.jpe?g)?(\r?\n)?",
        ) {
            let beginning = Beginning::new(b"24/8/2019", b"10:").unwrap();
            let text = [row.as_bytes(), &[b'x'; LOOKED_AT]].concat();
            let told = levels().into_iter().map(|level| dispatch!(level, simd => look(simd, &text, &beginning)));
            let told: Vec<_> = told.collect();
            prop_assert!(told.iter().all(|other| *other == told[0]), "{:?}", told);
        }
    }
}
