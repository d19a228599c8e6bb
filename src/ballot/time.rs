//! Moments of a vote, in whole seconds, and the clock that tells them.
use std::fmt;

use chrono::{SecondsFormat, TimeZone, Utc};

use crate::units::moment::{self, Form, Notation, Written};
use crate::units::offset::{Offset, OffsetForm};
use crate::units::time_of_day::Precision;

/// A moment in whole Unix seconds, the resolution at which votes are stamped and windows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

/// Tells a writer the time. It is asked while the write lock is held, not before: a vote that had to wait gets the time at
/// which it is written, and that is compared with the closing time.
pub trait Clock: Sync {
    /// The current time.
    fn now(&self) -> Moment;
}

/// A clock that stands still: what tests and `--at` use.
impl Clock for Moment {
    fn now(&self) -> Moment {
        *self
    }
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Moment(Utc::now().timestamp())
    }
}

/// Why a text is not a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// Not of a known form.
    #[error("not a time: write 2026-11-24T20:00:00Z, 2026-11-24T20:00:00+08:00, or 2026-11-24 20:00 for local time")]
    Form,
    /// The clocks of the zone skip or repeat this time.
    #[error(
        "not clear: the clocks change then, and this local time is {0}: write it with its zone, as in 2026-11-24T20:00:00Z"
    )]
    Ambiguous(&'static str),
}

impl Moment {
    /// Reads RFC 3339 (`2026-11-24T20:00:00Z`, with a space for the `T` too), or a time without an offset
    /// (`2026-11-24 20:00`, `2026-11-24 20:00:30`, `2026-11-24` for its midnight), which is taken in `zone`.
    /// A part of a second is dropped.
    ///
    /// # Errors
    /// When it is of neither form, or when `zone` skips or repeats that local time.
    pub fn parse<Z: TimeZone>(text: &str, zone: &Z) -> Result<Self, MomentError> {
        let written = moment::parse(text.as_bytes(), Notation::default()).map_err(|_| MomentError::Form)?;
        let time = written.on_its_clock();
        if is_rfc3339(&written, text) {
            return Ok(Moment(time.and_utc().timestamp() - i64::from(written.offset.map_or(0, |offset| offset.secs))));
        }
        let is_local = matches!(written.form, Form::Iso | Form::IsoUnpadded)
            && written.offset.is_none()
            && written.time.is_none_or(|time| time.precision < Precision::Fraction)
            && !text.contains('t');
        if !is_local {
            return Err(MomentError::Form);
        }
        match zone.from_local_datetime(&time) {
            chrono::LocalResult::Single(moment) => Ok(Moment(moment.timestamp())),
            chrono::LocalResult::Ambiguous(..) => Err(MomentError::Ambiguous("there twice")),
            chrono::LocalResult::None => Err(MomentError::Ambiguous("not there")),
        }
    }

    /// This moment in `zone`, as RFC 3339: `2026-11-24T20:00:00+08:00`.
    pub fn in_zone<Z: TimeZone>(self, zone: &Z) -> String {
        match zone.timestamp_opt(self.0, 0).single() {
            Some(moment) => moment.fixed_offset().to_rfc3339_opts(SecondsFormat::Secs, true),
            None => format!("{} s after 1970", self.0),
        }
    }
}

fn is_rfc3339(written: &Written, text: &str) -> bool {
    let is_offset = |offset: Offset| matches!(offset.form, OffsetForm::Zulu | OffsetForm::Colon);
    let has_space_before_offset = text.bytes().skip("2026-11-24T".len()).any(|byte| byte == b' ');
    written.form == Form::Iso
        && written.has_seconds()
        && written.time.is_some_and(|time| time.is_padded)
        && written.offset.is_some_and(is_offset)
        && !has_space_before_offset
}

/// RFC 3339 in UTC: `2026-11-24T12:00:00Z`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_zone(&Utc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::FixedOffset;
    use proptest::prelude::*;

    #[test]
    fn moments_as_people_write_them() {
        let taipei = FixedOffset::east_opt(8 * 3600).unwrap();
        let eight = Ok(Moment(1_795_521_600));
        for (text, expected) in [
            ("2026-11-24T12:00:00Z", eight.clone()),
            ("2026-11-24T20:00:00+08:00", eight.clone()),
            ("2026-11-24 20:00:00.75+08:00", eight.clone()),
            ("2026-11-24 20:00", eight.clone()),
            ("2026-11-24T20:00:00", eight),
            ("2026-11-24", Ok(Moment(1_795_521_600 - 20 * 3600))),
            ("2026-11-24 25:00", Err(MomentError::Form)),
            ("2026-11-24 9:05", Ok(Moment(1_795_521_600 - 11 * 3600 + 300))),
            ("2026-11-24T20:00Z", Err(MomentError::Form)),
            ("2026-11-24 20:00:00 +08:00", Err(MomentError::Form)),
            ("2026-11-24T12:00:00 Z", Err(MomentError::Form)),
            ("2026-11-24T20:00:00+0800", Err(MomentError::Form)),
            ("2026-11-24 20:00:00.75", Err(MomentError::Form)),
            ("2026-11-24t20:00:00", Err(MomentError::Form)),
            ("26-11-24 20:00", Err(MomentError::Form)),
            ("1795521600", Err(MomentError::Form)),
            ("24/Nov/2026:20:00:00 +0800", Err(MomentError::Form)),
            ("24/11/2026", Err(MomentError::Form)),
            ("now", Err(MomentError::Form)),
            ("", Err(MomentError::Form)),
        ] {
            assert_eq!(Moment::parse(text, &taipei), expected, "{text:?}");
        }
        assert_eq!(Moment(1_795_521_600).to_string(), "2026-11-24T12:00:00Z");
        assert_eq!(Moment(1_795_521_600).in_zone(&taipei), "2026-11-24T20:00:00+08:00");
    }

    proptest! {
        #[test]
        fn any_text_may_be_given(text: String, near in "[0-9-]{8,10}[ Tt]?[0-9:.]{0,12}([+-][0-9:]{0,6}|Z)?") {
            for text in [text, near] {
                let _ = Moment::parse(&text, &Utc);
            }
        }

        #[test]
        fn a_moment_is_read_as_it_is_written(secs in -62_135_596_800i64..253_402_300_800, offset_mins in -1439i32..1440) {
            let zone = FixedOffset::east_opt(60 * offset_mins).unwrap();
            let moment = Moment(secs);
            prop_assert_eq!(Moment::parse(&moment.to_string(), &zone), Ok(moment));
            // Over the end of the calendar, a zone shows years that RFC 3339 does not have.
            let shown = moment.in_zone(&zone);
            prop_assume!(shown.len() == "2026-11-24T20:00:00+08:00".len() || offset_mins == 0);
            prop_assert_eq!(Moment::parse(&shown, &Utc), Ok(moment), "{}", shown);
        }
    }
}
