//! Moments and spans of a vote, in whole seconds.
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Utc};

/// A moment in whole Unix seconds, the resolution at which votes are stamped and windows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

/// Where a writer learns the time. Asked when the write lock is held, not before: a vote that had to wait is stamped, and
/// held against the closing time, when it is written.
pub trait Clock: Sync {
    /// The moment it is.
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

/// Why a text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// Not of a known shape.
    #[error("not a time: write 2026-11-24T20:00:00Z, 2026-11-24T20:00:00+08:00, or 2026-11-24 20:00 for local time")]
    Shape,
    /// The clocks of the zone skip or repeat this time.
    #[error(
        "not clear: the clocks change then, and this local time is {0}: write it with its zone, as in 2026-11-24T20:00:00Z"
    )]
    Ambiguous(&'static str),
}

impl Moment {
    /// Reads RFC 3339 (`2026-11-24T20:00:00Z`, with a space for the `T` too), or a time without a zone
    /// (`2026-11-24 20:00`, `2026-11-24 20:00:30`, `2026-11-24` for its midnight), which is taken in `zone`.
    /// A part of a second is dropped.
    ///
    /// # Errors
    /// When it is of neither shape, or when `zone` skips or repeats that local time.
    pub fn parse<Z: TimeZone>(text: &str, zone: &Z) -> Result<Self, MomentError> {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Ok(Moment(moment.timestamp()));
        }
        let local = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
            .iter()
            .find_map(|shape| NaiveDateTime::parse_from_str(text, shape).ok())
            .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))
            .ok_or(MomentError::Shape)?;
        match zone.from_local_datetime(&local) {
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

/// RFC 3339 in UTC: `2026-11-24T12:00:00Z`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_zone(&Utc))
    }
}

/// A length of time in whole seconds, at least one: the window of "the last 10 minutes".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// 1 to [`Span::SECS_MOST`].
    pub secs: u32,
}

impl Span {
    /// The window that is shown unless another is asked for.
    pub const TEN_MINUTES: Span = Span { secs: 600 };
    /// 366 days.
    pub const SECS_MOST: u32 = 366 * 86_400;
}

/// Why a text is no span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a span of 1 second to 366 days: write 90s, 10m, 1h30m or 2d")]
pub struct SpanError;

impl FromStr for Span {
    type Err = SpanError;

    /// `90s`, `10m`, `2h`, `1h30m`, `7d`; a bare number counts seconds.
    fn from_str(text: &str) -> Result<Self, SpanError> {
        let mut secs: u32 = 0;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u32 = rest[..digits].parse().map_err(|_| SpanError)?;
            let unit_secs = match rest.as_bytes().get(digits) {
                Some(b's') => 1,
                Some(b'm') => 60,
                Some(b'h') => 3600,
                Some(b'd') => 86_400,
                None if digits == text.len() => 1,
                _ => return Err(SpanError),
            };
            secs = number.checked_mul(unit_secs).and_then(|part| secs.checked_add(part)).ok_or(SpanError)?;
            rest = rest.get(digits + 1..).unwrap_or("");
        }
        if (1..=Span::SECS_MOST).contains(&secs) { Ok(Span { secs }) } else { Err(SpanError) }
    }
}

/// `10m`, `1h30m`, `45s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.secs;
        for (unit_secs, unit) in [(86_400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')] {
            if rest >= unit_secs {
                write!(f, "{}{unit}", rest / unit_secs)?;
                rest %= unit_secs;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::FixedOffset;

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
            ("2026-11-24 25:00", Err(MomentError::Shape)),
            ("24/11/2026", Err(MomentError::Shape)),
            ("now", Err(MomentError::Shape)),
            ("", Err(MomentError::Shape)),
        ] {
            assert_eq!(Moment::parse(text, &taipei), expected, "{text:?}");
        }
        assert_eq!(Moment(1_795_521_600).to_string(), "2026-11-24T12:00:00Z");
        assert_eq!(Moment(1_795_521_600).in_zone(&taipei), "2026-11-24T20:00:00+08:00");
    }

    #[test]
    fn spans_as_people_write_them() {
        for (text, secs) in
            [("10m", 600), ("90s", 90), ("90", 90), ("1h30m", 5400), ("2d", 172_800), ("366d", 31_622_400)]
        {
            assert_eq!(text.parse(), Ok(Span { secs }), "{text:?}");
        }
        for text in ["", "0", "0m", "m", "10x", "-1m", "1.5h", "10m5", "367d", "99999999999s", "10 m", "é"] {
            assert_eq!(text.parse::<Span>(), Err(SpanError), "{text:?}");
        }
        for text in ["10m", "1h30m", "45s", "2d"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
    }
}
