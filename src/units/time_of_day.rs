//! Times of a day: `10:28`, `10:28:13`, `9:28:13.25`.
use super::digits::number;

/// A time of day, and how it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay {
    /// Seconds since midnight, 0 to 86,399. A leap second (`:60`) counts as `:59`.
    pub second: u32,
    /// Nanoseconds within the second; more digits are truncated.
    pub nanos: u32,
    /// The precision it was written with.
    pub precision: Precision,
    /// Whether the second was `:60`.
    pub is_leap: bool,
    /// Whether the hour was written with two digits.
    pub is_padded: bool,
}

/// The precision of a written time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// `10:28`.
    Minute,
    /// `10:28:13`.
    Second,
    /// `10:28:13.5`.
    Fraction,
}

/// Parses a time of day. The hour has one or two digits, minutes and seconds have two, a fraction at least one. None if
/// `text` is not a time.
pub fn parse(text: &[u8]) -> Option<TimeOfDay> {
    let (clock, fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let mut parts = clock.split(|byte| *byte == b':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    let (hours, minutes) = (number(hour, 1, 2)?, number(minute, 2, 2)?);
    let seconds = second.map_or(Some(0), |second| number(second, 2, 2))?;
    let (nanos, precision) = match (second, fraction) {
        (None, None) => (0, Precision::Minute),
        (Some(_), None) => (0, Precision::Second),
        (Some(_), Some(fraction)) => (fraction_nanos(fraction)?, Precision::Fraction),
        (None, Some(_)) => return None,
    };
    (hours < 24 && minutes < 60 && seconds <= 60).then_some(TimeOfDay {
        second: hours * 3600 + minutes * 60 + seconds.min(59),
        nanos,
        precision,
        is_leap: seconds == 60,
        is_padded: hour.len() == 2,
    })
}

/// The digits after a decimal point as nanoseconds; more digits are truncated. None if there are no digits, or anything
/// else.
pub(super) fn fraction_nanos(digits: &[u8]) -> Option<u32> {
    let is_fraction = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let nine = digits.iter().chain(std::iter::repeat(&b'0')).take(9);
    is_fraction.then(|| nine.fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_as_they_are_written() {
        let time = |second, nanos, precision, is_padded| {
            Some(TimeOfDay { second, nanos, precision, is_leap: false, is_padded })
        };
        let second = 10 * 3600 + 28 * 60 + 13;
        for (text, expected) in [
            ("10:28", time(second - 13, 0, Precision::Minute, true)),
            ("10:28:13", time(second, 0, Precision::Second, true)),
            ("10:28:13.5", time(second, 500_000_000, Precision::Fraction, true)),
            ("9:28:13.0000000019", time(second - 3600, 1, Precision::Fraction, false)),
            ("00:00:00", time(0, 0, Precision::Second, true)),
            ("24:00:00", None),
            ("10:60:00", None),
            ("10:00:61", None),
            ("10", None),
            ("10:2", None),
            ("10:28:1", None),
            ("10:28.5", None),
            ("10:28:13.", None),
            ("10:28:13.5x", None),
            ("10:28:13:14", None),
            ("010:28:13", None),
            (" 10:28:13", None),
            ("", None),
        ] {
            assert_eq!(parse(text.as_bytes()), expected, "{text:?}");
        }
        let leap = parse(b"23:59:60").unwrap();
        assert!(leap.is_leap && leap.second == 86_399);
    }

    proptest! {
        #[test]
        fn any_bytes_may_be_given(text: Vec<u8>, near in "[0-9:.]{0,14}") {
            parse(&text);
            parse(near.as_bytes());
        }

        #[test]
        fn every_second_is_read(second in 0u32..86_400) {
            let text = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
            prop_assert_eq!(parse(text.as_bytes()).map(|time| time.second), Some(second));
        }
    }
}
