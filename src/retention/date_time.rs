//! Times as `MySQL` writes a DATETIME.
use chrono::{Datelike, NaiveDate, Timelike};

use crate::units::moment::{self, Form, Notation};

/// A day as its number from the first of the year 1; None for the zero date.
pub(super) type DayNumber = Option<i32>;

/// The number of `day`.
pub(super) fn day_number(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

/// The day that a time as `MySQL` writes it begins with; None for the zero date.
pub(super) fn day_of(time: &str) -> Option<NaiveDate> {
    time.get(..10)?.parse().ok()
}

/// Reads times, faster where one is on the same day as the one before it.
#[derive(Debug, Clone)]
pub(super) struct DateTimeParser {
    /// How the last time began, up to the space after the day.
    last: [u8; 11],
    day: i32,
}

impl DateTimeParser {
    pub(super) fn new() -> Self {
        DateTimeParser { last: *b"0001-01-01 ", day: 1 }
    }

    /// `text` as `MySQL` writes a DATETIME, in itself or in `scratch`, and its day; None if it is not a time.
    #[inline]
    pub(super) fn read<'a>(&mut self, text: &'a str, scratch: &'a mut String) -> Option<(&'a str, DayNumber)> {
        if let Ok(whole) = <&[u8; 19]>::try_from(text.as_bytes())
            && let Some(day) = self.quick_day(whole)
        {
            return Some((text, Some(day)));
        }
        let (time, day) = datetime(text)?;
        *scratch = time;
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

/// `text` as `MySQL` writes a DATETIME, and its day; a fraction of a second stays, as in DATETIME(6), and a blank for a leading
/// zero becomes one. None if it is not a time that is written in full: `MySQL` compares DATETIMEs as time, `SQLite` as text.
fn datetime(text: &str) -> Option<(String, DayNumber)> {
    const ZERO: &str = "0000-00-00 00:00:00";
    if text == ZERO || text == &ZERO[..10] {
        return Some((ZERO.to_owned(), None));
    }
    let with_zeros = moment::with_zeros_for_blanks(text.as_bytes(), Form::Iso);
    let text = with_zeros.as_deref().unwrap_or(text.as_bytes());
    let written = moment::parse(text, Notation::default()).ok()?;
    let is_time = written.time.is_none_or(|time| time.is_padded && !time.is_leap && written.has_seconds());
    let has_separator = matches!(text.get(10), None | Some(b' ' | b'T'));
    if written.form != Form::Iso || written.offset.is_some() || !is_time || !has_separator {
        return None;
    }
    let at = written.on_its_clock().with_nanosecond(written.time.map_or(0, |time| time.nanos))?;
    Some((at.format("%Y-%m-%d %H:%M:%S%.f").to_string(), Some(day_number(written.date))))
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
            ("2017-04-08  0:03:10", Some("2017-04-08 00:03:10")),
            ("2017-04- 8T 0: 3: 1.5", Some("2017-04-08 00:03:01.500")),
            ("2017- 4- 8", Some("2017-04-08 00:00:00")),
            ("2017-04-08   0:03:10", None),
            ("2017-04-08 0:03:10", None),
            ("2017-04-  00:03:10", None),
            (" 017-04-08 00:03:10", None),
            ("2017-04-31 10:00:00", None),
            ("2017-04-01 24:00:00", None),
            ("2017-04-01 23:59:60", None),
            ("2017-4-1 10:00:00", None),
            ("1/4/2017 10:00:00", None),
            ("2017-04-01 10:00", None),
            ("2017-04-01t10:00:00", None),
            ("2017-04-01 10:00:00Z", None),
            ("2017-04-01 10:00:00.", None),
            ("20170401100000", None),
            // Each of these was once taken and stored as text that does not compare with other times.
            ("2017-04-01 1:00:00.5", None),
            ("2017-04-0110:00:00.5", None),
            ("+017-04-01 10:00:00", None),
            ("2017-04-01 10:00:00 ", None),
            ("", None),
            ("yesterday", None),
        ] {
            assert_eq!(datetime(text).map(|(time, _)| time).as_deref(), expected, "{text:?}");
        }
    }
    proptest! {
        #[test]
        fn any_text_may_be_given(text: String, near in "[0-9-]{8,11}[ T]?[0-9:.é]{0,12}Z?") {
            for text in [text, near] {
                let _ = DateTimeParser::new().read(&text, &mut String::new());
            }
        }

        #[test]
        fn what_is_read_reads_itself(
            text in "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9])([ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?)?"
        ) {
            let read = datetime(&text);
            prop_assert_eq!(read.as_ref().and_then(|(time, _)| datetime(time)), read);
        }

        #[test]
        fn the_fast_path_reads_what_the_plain_parser_does(
            texts in proptest::collection::vec("(2017-04-0[12]|2017-02-29|0000-00-00)[ T]([01289][0-9]|24):[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,3})?", 1..9)
        ) {
            let mut times = DateTimeParser::new();
            for text in texts {
                let mut scratch = String::new();
                let read = times.read(&text, &mut scratch).map(|(time, day)| (time.to_owned(), day));
                prop_assert_eq!(read, datetime(&text), "{}", text);
            }
        }
    }
}
