//! Durations: `90s`, `10m`, `1h30m`.
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A duration of at least one whole second, as options take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DurationSecs {
    /// 1 to [`DurationSecs::SECS_MOST`].
    pub secs: u32,
}

/// Units and their seconds, the longest first.
const UNITS: [(char, u32); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

impl DurationSecs {
    /// The longest that a duration may be: 366 days.
    pub const SECS_MOST: u32 = 366 * 86_400;
    /// The longest unit of a rate: 3,600 seconds.
    pub const HOUR: DurationSecs = DurationSecs { secs: 3600 };
    /// Ten minutes.
    pub const TEN_MINUTES: DurationSecs = DurationSecs { secs: 600 };

    /// One unit, by name: `s`, `m`, `h` or `d`.
    pub fn of_unit(name: &str) -> Option<Self> {
        let mut units = UNITS.iter();
        let is_named = |unit: char| name.strip_prefix(unit) == Some("");
        units.find(|(unit, _)| is_named(*unit)).map(|(_, secs)| DurationSecs { secs: *secs })
    }
}

impl From<DurationSecs> for Duration {
    fn from(duration: DurationSecs) -> Self {
        Duration::from_secs(duration.secs.into())
    }
}

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a duration of 1 second to 366 days: write 90s, 10m, 1h30m or 2d")]
pub struct DurationError;

impl FromStr for DurationSecs {
    type Err = DurationError;

    /// `90s`, `10m`, `2h`, `1h30m`, `7d`. A number without a unit is refused: it could be seconds or minutes.
    fn from_str(text: &str) -> Result<Self, DurationError> {
        let mut secs: u32 = 0;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u32 = rest[..digits].parse().map_err(|_| DurationError)?;
            let unit_secs = match rest.get(digits..digits + 1) {
                Some(unit) => DurationSecs::of_unit(unit).ok_or(DurationError)?.secs,
                None => return Err(DurationError),
            };
            secs = number.checked_mul(unit_secs).and_then(|part| secs.checked_add(part)).ok_or(DurationError)?;
            rest = rest.get(digits + 1..).unwrap_or_default();
        }
        if (1..=DurationSecs::SECS_MOST).contains(&secs) { Ok(DurationSecs { secs }) } else { Err(DurationError) }
    }
}

/// `10m`, `1h30m`, `45s`.
impl fmt::Display for DurationSecs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.secs;
        for (unit, unit_secs) in UNITS {
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
    use proptest::prelude::*;

    #[test]
    fn durations_as_people_write_them() {
        for (text, secs) in [("10m", 600), ("90s", 90), ("1h30m", 5400), ("2d", 172_800), ("366d", 31_622_400)] {
            assert_eq!(text.parse(), Ok(DurationSecs { secs }), "{text:?}");
        }
        for text in ["", "0", "90", "0m", "m", "10x", "-1m", "1.5h", "10m5", "367d", "99999999999s", "10 m", "é", "1é"]
        {
            assert_eq!(text.parse::<DurationSecs>(), Err(DurationError), "{text:?}");
        }
        for text in ["10m", "1h30m", "45s", "2d"] {
            assert_eq!(text.parse::<DurationSecs>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn units_by_name() {
        assert_eq!(DurationSecs::of_unit("h"), Some(DurationSecs { secs: 3600 }));
        for name in ["", "hh", "x", "H"] {
            assert_eq!(DurationSecs::of_unit(name), None);
        }
    }

    proptest! {
        #[test]
        fn any_text_may_be_given(text: String, near in "([0-9]{1,11}[smhdé]?){0,3}") {
            let _ = text.parse::<DurationSecs>();
            let _ = near.parse::<DurationSecs>();
        }

        #[test]
        fn a_duration_is_read_as_it_is_written(secs in 1..=DurationSecs::SECS_MOST) {
            let duration = DurationSecs { secs };
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }
    }
}
