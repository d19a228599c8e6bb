//! Offsets from UTC: `Z`, `+02:00`, `-0330`, `+8`.
use std::fmt;

use super::digits::number;

/// An offset from UTC, and how it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// Seconds ahead of UTC, less than a day; negative to the west.
    pub secs: i32,
    /// The form in which it was written.
    pub form: OffsetForm,
}

/// The forms of an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetForm {
    /// `Z` or `z`.
    Zulu,
    /// `UTC` after a space, or implied by an epoch.
    Utc,
    /// `+02:00`.
    Colon,
    /// `+0200`.
    Digits,
    /// `+8`, `+08` or `+8:00`.
    Short,
}

impl Offset {
    /// The offset 0, written as `UTC`.
    pub const UTC: Offset = Offset { secs: 0, form: OffsetForm::Utc };

    /// Parses a sign with hours, or hours and minutes. None if `text` is neither, or a day or more.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (sign, digits) = match text {
            [b'+', digits @ ..] => (1, digits),
            [b'-', digits @ ..] => (-1, digits),
            _ => return None,
        };
        let (hours, minutes, form) = match digits {
            [hours @ .., b':', m1, m2] => {
                (hours, [*m1, *m2], if hours.len() == 2 { OffsetForm::Colon } else { OffsetForm::Short })
            }
            [_, _, m1, m2] => (&digits[..2], [*m1, *m2], OffsetForm::Digits),
            hours => (hours, *b"00", OffsetForm::Short),
        };
        let (hours, minutes) = (number(hours, 1, 2)?, number(&minutes, 2, 2)?);
        (hours < 24 && minutes < 60).then(|| Offset { secs: sign * (hours * 3600 + minutes * 60) as i32, form })
    }
}

/// `+02:00`; seconds are dropped, since no present-day zone has any.
impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, minutes) = (if self.secs < 0 { '-' } else { '+' }, self.secs.unsigned_abs() / 60);
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn offsets_as_they_are_written() {
        let offset = |secs, form| Some(Offset { secs, form });
        for (text, expected) in [
            ("+08:00", offset(28_800, OffsetForm::Colon)),
            ("-0330", offset(-12_600, OffsetForm::Digits)),
            ("+8", offset(28_800, OffsetForm::Short)),
            ("+08", offset(28_800, OffsetForm::Short)),
            ("-8:30", offset(-30_600, OffsetForm::Short)),
            ("+23:59", offset(86_340, OffsetForm::Colon)),
            ("8", None),
            ("08:00", None),
            ("+24:00", None),
            ("+1:60", None),
            ("+1:6", None),
            ("+830", None),
            ("+01350012:00", None),
            ("+", None),
            ("+:00", None),
            ("", None),
        ] {
            assert_eq!(Offset::parse(text.as_bytes()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_may_be_given(text: Vec<u8>, near in "[+-][0-9:]{0,6}") {
            Offset::parse(&text);
            Offset::parse(near.as_bytes());
        }

        #[test]
        fn an_offset_is_read_as_it_is_written(minutes in -1439i32..1440) {
            let offset = Offset { secs: minutes * 60, form: OffsetForm::Colon };
            prop_assert_eq!(Offset::parse(offset.to_string().as_bytes()), Some(offset));
        }
    }
}
