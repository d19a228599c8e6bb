//! Times as MySQL writes them.
use chrono::{Datelike, NaiveDate, NaiveDateTime};

/// A day as its number from the first of the year 1; None for the zero date.
pub(super) type DayNumber = Option<i32>;

/// The number of `day`.
pub(super) fn day_number(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

/// Reads times, faster where one is on the same day as that before it.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    last: [u8; 19],
    day: i32,
}

impl Clock {
    pub(super) fn new() -> Self {
        Clock { last: *b"0001-01-01 00:00:00", day: 1 }
    }

    /// `text` as MySQL writes a DATETIME, in itself or in `scratch`, and its day; None if it is none.
    #[inline]
    pub(super) fn read<'a>(&mut self, text: &'a str, scratch: &'a mut String) -> Option<(&'a str, DayNumber)> {
        if let Ok(whole) = <&[u8; 19]>::try_from(text.as_bytes()) {
            if *whole == self.last {
                return Some((text, Some(self.day)));
            }
            if whole[..11] == self.last[..11] && is_clock(&whole[11..]) {
                self.last = *whole;
                return Some((text, Some(self.day)));
            }
        }
        *scratch = datetime(text)?;
        let day = NaiveDate::parse_from_str(scratch.get(..10)?, "%Y-%m-%d").ok().map(day_number);
        if let (Some(day), Ok(whole)) = (day, <[u8; 19]>::try_from(scratch.as_bytes())) {
            (self.last, self.day) = (whole, day);
        }
        Some((scratch, day))
    }
}

/// Whether `text` is like `23:59:59`.
fn is_clock(text: &[u8]) -> bool {
    let below = |at: usize, tens: u8| text[at].is_ascii_digit() && (b'0'..=tens).contains(&text[at - 1]);
    text.len() == 8
        && text[2] == b':'
        && text[5] == b':'
        && below(1, b'2')
        && below(4, b'5')
        && below(7, b'5')
        && (text[0] < b'2' || text[1] < b'4')
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
