//! Times of events, in every form that exports write them in, as whole seconds of UTC.
use chrono::{Datelike, NaiveDate, TimeDelta};

use super::local_days::LocalDays;
use super::moment::{DayNumber, Moment, day_number};
use crate::units::Zone;
use crate::units::moment::{self, Form, Notation, Numbers};

/// Reads times, faster where one is on the same day as the one before it.
#[derive(Debug, Clone)]
pub(super) struct DateTimeParser {
    days: LocalDays,
    /// How the last time began, up to the space after the day.
    last: [u8; 11],
    day: i32,
}

impl DateTimeParser {
    /// For days by the clocks of `zone`.
    pub(super) fn new(zone: Zone) -> Self {
        DateTimeParser { days: LocalDays::new(zone), last: *b"0001-01-01 ", day: 1 }
    }

    /// The day at a moment, by the clocks of the zone.
    #[inline]
    pub(super) fn day(&mut self, moment: Moment) -> DayNumber {
        self.days.day(moment)
    }

    /// The moment that `text` is; None if it is not a time.
    #[inline]
    pub(super) fn read(&mut self, text: &str) -> Option<Moment> {
        self.usual(text.as_bytes()).or_else(|| any_form(text))
    }

    /// `2017-04-01 10:00:00`, with `T` in between or not, with a fraction or not, with `Z` or not; None for any other form.
    #[inline]
    fn usual(&mut self, text: &[u8]) -> Option<Moment> {
        let mut whole = *text.first_chunk::<19>()?;
        if whole[10] == b'T' {
            whole[10] = b' ';
        }
        let rounds_up = match text[19..].strip_suffix(b"Z").unwrap_or(&text[19..]) {
            [] => false,
            [b'.', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => digits[0] >= b'5',
            _ => return None,
        };
        let day = self.quick_day(&whole)?;
        let number = |at: usize| u32::from(whole[at] - b'0') * 10 + u32::from(whole[at + 1] - b'0');
        let moment = Moment { day: Some(day), second: number(11) * 3600 + number(14) * 60 + number(17) };
        Some(if rounds_up { moment.next() } else { moment })
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
    // A byte of 128 or more may carry into the bytes after it, but is itself found.
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

/// The moment that `text` is, in any form but `24/8/2019`, whose order of day and month nobody knows. A time without an offset
/// is UTC. Leap seconds are refused, as `MySQL` does.
fn any_form(text: &str) -> Option<Moment> {
    const ZERO: &str = "0000-00-00 00:00:00";
    if text == ZERO || text == &ZERO[..10] {
        return Some(Moment::ZERO);
    }
    let with_zeros = moment::with_zeros_for_blanks(text.as_bytes(), Form::Iso);
    with_zeros.and_then(|text| written_in(&text)).or_else(|| written_in(text.as_bytes()))
}

fn written_in(text: &[u8]) -> Option<Moment> {
    let numbers = if is_compact(text) { Numbers::Compact } else { Numbers::Epoch };
    let written = moment::parse(text, Notation { numbers, ..Notation::default() }).ok()?;
    let offset_secs = written.offset.map_or(0, |offset| offset.secs);
    let at = written.on_its_clock().checked_sub_signed(TimeDelta::seconds(offset_secs.into()))?;
    let is_plausible = match written.form {
        Form::Slashed => false,
        Form::Epoch(_) => EPOCH_YEARS.contains(&at.year()),
        _ => (0..=9999).contains(&at.year()),
    };
    if !is_plausible || written.time.is_some_and(|time| time.is_leap) {
        return None;
    }
    let moment = Moment::of(at);
    let rounds_up = written.time.is_some_and(|time| time.nanos >= 500_000_000);
    Some(if rounds_up { moment.next() } else { moment })
}

/// Numbers that would be outside these years as epochs are something else, in a column that was taken for the time.
const EPOCH_YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;

/// Whether a number is `20170401` or `20170401100000`. As an epoch the one would be of 1970, the other of the year 2600.
fn is_compact(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    matches!(digits, 8 | 14)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> Option<String> {
        let moment = DateTimeParser::new(Zone::UTC).read(text)?;
        Some(String::from_utf8(moment.text().to_vec()).unwrap())
    }

    #[test]
    fn times_in_every_form_of_an_export() {
        for (text, expected) in [
            ("2017-04-01 10:00:00", Some("2017-04-01 10:00:00")),
            ("2017-04-01T10:00:00", Some("2017-04-01 10:00:00")),
            ("2017-04-01", Some("2017-04-01 00:00:00")),
            ("2017-04-01 10:00", Some("2017-04-01 10:00:00")),
            ("2017-4-1 9:00:00", Some("2017-04-01 09:00:00")),
            ("2017-04-01 10:00:00.250", Some("2017-04-01 10:00:00")),
            ("2017-04-01 10:00:00.500000", Some("2017-04-01 10:00:01")),
            ("2017-04-08 23:59:59.7", Some("2017-04-09 00:00:00")),
            ("9999-12-31 23:59:59.9999995", Some("9999-12-31 23:59:59")),
            ("2017-04-01T10:00:00Z", Some("2017-04-01 10:00:00")),
            ("2017-04-01T10:00:00.123Z", Some("2017-04-01 10:00:00")),
            ("2017-04-01 10:00:00 UTC", Some("2017-04-01 10:00:00")),
            ("2017-04-01T10:00:00+02:00", Some("2017-04-01 08:00:00")),
            ("2017-04-08 20:00:00-08:00", Some("2017-04-09 04:00:00")),
            ("2017-04-01T00:30:00.600+0100", Some("2017-03-31 23:30:01")),
            ("1491040800", Some("2017-04-01 10:00:00")),
            ("1491040800123", Some("2017-04-01 10:00:00")),
            ("1491040800500000", Some("2017-04-01 10:00:01")),
            ("1491040800.25", Some("2017-04-01 10:00:00")),
            ("20170401", Some("2017-04-01 00:00:00")),
            ("20170401100000", Some("2017-04-01 10:00:00")),
            ("20170401T100000Z", Some("2017-04-01 10:00:00")),
            ("0000-00-00 00:00:00", Some("0000-00-00 00:00:00")),
            ("2017-04-08  0:03:10", Some("2017-04-08 00:03:10")),
            ("2017-04- 8T 0: 3: 1.5", Some("2017-04-08 00:03:02")),
            ("2017- 4- 8", Some("2017-04-08 00:00:00")),
            ("2017-04-08   0:03:10", None),
            ("2017-04-  00:03:10", None),
            (" 017-04-08 00:03:10", None),
            ("2017-04-31 10:00:00", None),
            ("2017-04-01 24:00:00", None),
            ("2017-04-01 23:59:60", None),
            ("99:99:99", None),
            ("1/4/2017 10:00:00", None),
            ("2017-04-01 10:00:00.", None),
            ("2017-04-01 10:00:00.Z", None),
            ("2017-04-01 10:00:00+25:00", None),
            ("2017-04-0110:00:00.5", None),
            ("+017-04-01 10:00:00", None),
            ("2017-04-01 10:00:00 ", None),
            // Numbers, but not times.
            ("20171301", None),
            ("42", None),
            ("123456789", None),
            ("99999999999", None),
            ("", None),
            ("yesterday", None),
        ] {
            assert_eq!(written(text).as_deref(), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_may_be_given(text: String, near in "[0-9-]{8,11}[ T]?[0-9:.é]{0,12}Z?") {
            for text in [text, near] {
                let _ = DateTimeParser::new(Zone::UTC).read(&text);
            }
        }

        #[test]
        fn a_moment_is_read_as_it_is_written(day in 1i32..=3_652_059, second in 0u32..86_400) {
            let moment = Moment { day: Some(day), second };
            let text = String::from_utf8(moment.text().to_vec()).unwrap();
            prop_assert_eq!(DateTimeParser::new(Zone::UTC).read(&text), Some(moment));
            prop_assert_eq!(any_form(&text), Some(moment));
        }

        #[test]
        fn the_fast_path_reads_what_the_plain_parser_does(
            texts in proptest::collection::vec(
                "(2017-04-0[12]|2017-02-29|9999-12-31|0000-0[01]-01)[ T]([01289][0-9]|24):[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,3})?Z?", 1..9)
        ) {
            let mut times = DateTimeParser::new(Zone::UTC);
            for text in texts {
                prop_assert_eq!(times.read(&text), any_form(&text), "{}", text);
            }
        }
    }
}
