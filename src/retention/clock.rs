//! Times as MySQL writes them.
use chrono::{Datelike, NaiveDate, NaiveDateTime};

/// A day as its number from the first of the year 1; None for the zero date.
pub(super) type DayNumber = Option<i32>;

/// The number of `day`.
pub(super) fn day_number(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

/// The day that a time as MySQL writes it begins with; None for the zero date.
pub(super) fn day_of(time: &str) -> Option<NaiveDate> {
    time.get(..10)?.parse().ok()
}

/// Reads times, faster where one is on the same day as that before it.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    /// How the last time began, with the space behind the day.
    last: [u8; 11],
    day: i32,
}

impl Clock {
    pub(super) fn new() -> Self {
        Clock { last: *b"0001-01-01 ", day: 1 }
    }

    /// `text` as MySQL writes a DATETIME, in itself or in `scratch`, and its day; None if it is none.
    #[inline]
    pub(super) fn read<'a>(&mut self, text: &'a str, scratch: &'a mut String) -> Option<(&'a str, DayNumber)> {
        if let Ok(whole) = <&[u8; 19]>::try_from(text.as_bytes())
            && let Some(day) = self.quick_day(whole)
        {
            return Some((text, Some(day)));
        }
        *scratch = datetime(text)?;
        let day = NaiveDate::parse_from_str(scratch.get(..10)?, "%Y-%m-%d").ok().map(day_number);
        Some((scratch, day))
    }

    /// The day of a time like `2017-04-01 10:00:00`; None where it is not quite like this, or not quickly known to be.
    #[inline(always)]
    pub(super) fn quick_day(&mut self, text: &[u8; 19]) -> Option<i32> {
        let clock = word(*text.last_chunk()?) ^ word(*b"00:00:00");
        // Digits as numbers, and zeros where the colons are. Both digits of the hour have their limit, together they are
        // at most 23.
        let hour = (clock & 0xf) * 10 + (clock >> 8 & 0xf);
        if above(clock, const { room([2, 9, 0, 5, 9, 0, 5, 9]) }) || hour > 23 {
            return None;
        }
        if text[..11] != self.last {
            (self.last, self.day) = (*text.first_chunk()?, date(text.first_chunk()?)?);
        }
        Some(self.day)
    }
}

const fn word(bytes: [u8; 8]) -> u64 {
    u64::from_le_bytes(bytes)
}

/// What brings a byte that is above its limit to 128 and more; limits are below that.
const fn room(limits: [u8; 8]) -> u64 {
    word([0x7f; 8]) - word(limits)
}

/// Whether any byte of `bytes` is above the limit that `room` was made from.
#[inline(always)]
fn above(bytes: u64, room: u64) -> bool {
    // A byte that is 128 or more by itself may disturb those behind it, and tells by itself.
    (bytes | bytes.wrapping_add(room)) & 0x8080_8080_8080_8080 != 0
}

/// The day that `2017-04-01 ` is.
fn date(text: &[u8; 11]) -> Option<i32> {
    let [y0, y1, y2, y3, h0, m0, m1, h1, d0, d1, space] = *text;
    let digits = word([y0, y1, y2, y3, m0, m1, d0, d1]) ^ word([b'0'; 8]);
    if above(digits, const { room([9; 8]) }) || [h0, h1, space] != *b"-- " {
        return None;
    }
    let [y0, y1, y2, y3, m0, m1, d0, d1] = digits.to_le_bytes().map(u32::from);
    let year = ((y0 * 10 + y1) * 10 + y2) * 10 + y3;
    NaiveDate::from_ymd_opt(year as i32, m0 * 10 + m1, d0 * 10 + d1).map(day_number)
}

/// `text` as MySQL writes a DATETIME; a fraction of a second stays, as in DATETIME(6). None if it is none.
fn datetime(text: &str) -> Option<String> {
    const ZERO: &str = "0000-00-00 00:00:00";
    if text == ZERO || text == &ZERO[..10] {
        return Some(ZERO.to_owned());
    }
    let is_shaped = text.is_ascii() && text.len() >= 10 && &text[4..5] == "-" && &text[7..8] == "-";
    let whole = if text.len() == 10 { format!("{text} 00:00:00") } else { text.replacen('T', " ", 1) };
    let parsed = NaiveDateTime::parse_from_str(&whole, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    // chrono takes 60 for a leap second; MySQL does not, nor does it know years of other than four digits.
    let seconds_fit = whole.get(17..19).is_some_and(|seconds| seconds < "60");
    (is_shaped && seconds_fit && whole.is_char_boundary(19)).then(|| {
        let fraction = parsed.format("%.f").to_string();
        format!("{}{fraction}", &whole[..19])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_as_mysql_writes_them() {
        for (text, expected) in [
            ("2017-04-01 10:00:00", Some("2017-04-01 10:00:00")),
            ("2017-04-01T10:00:00", Some("2017-04-01 10:00:00")),
            ("2017-04-01", Some("2017-04-01 00:00:00")),
            ("2017-04-01 10:00:00.250", Some("2017-04-01 10:00:00.250")),
            ("0000-00-00 00:00:00", Some("0000-00-00 00:00:00")),
            ("2017-04-31 10:00:00", None),
            ("2017-04-01 24:00:00", None),
            ("2017-04-01 23:59:60", None),
            ("2017-4-1 10:00:00", None),
            ("1/4/2017 10:00:00", None),
            ("2017-04-01 10:00", None),
            ("2017-04-01 10:00:00 ", None),
            ("", None),
            ("yesterday", None),
        ] {
            assert_eq!(datetime(text).as_deref(), expected, "{text:?}");
        }
    }
    proptest! {
        #[test]
        fn the_fast_way_reads_what_the_slow_one_does(
            texts in proptest::collection::vec("(2017-04-0[12]|2017-02-29|0000-00-00)[ T]([01289][0-9]|24):[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,3})?", 1..9)
        ) {
            let mut clock = Clock::new();
            for text in texts {
                let mut scratch = String::new();
                let read = clock.read(&text, &mut scratch).map(|(time, day)| (time.to_owned(), day));
                let slow = datetime(&text);
                prop_assert_eq!(read.as_ref().map(|(time, _)| time), slow.as_ref());
                let day = slow.map(|time| NaiveDate::parse_from_str(&time[..10], "%Y-%m-%d").ok().map(day_number));
                prop_assert_eq!(read.map(|(_, day)| day), day);
            }
        }
    }
}
