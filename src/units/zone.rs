//! Time zones: a fixed offset from UTC, a zone of the IANA database, or the zone of this machine.
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, FixedOffset, Local, MappedLocalTime, NaiveDate, NaiveDateTime, TimeZone as _};
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use super::offset::{Offset, OffsetForm};
use crate::nearest::nearest;

/// A time zone, which maps moments to days and hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// A fixed number of seconds ahead of UTC.
    Fixed(i32),
    /// A zone of the IANA database, such as `Europe/Berlin`.
    Named(&'static TimeZone),
    /// The zone of this machine (`TZ`, else `/etc/localtime`).
    Machine,
}

/// A name that is not in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such zone: {}write a name of the IANA database, as Europe/Berlin",
    nearest.as_ref().map(|name| format!("did you mean {name}? Or ")).unwrap_or_default())]
pub struct ZoneError {
    /// The most similar name.
    pub nearest: Option<String>,
}

impl FromStr for Zone {
    type Err = ZoneError;

    /// Parses the name of a zone, in any case.
    fn from_str(name: &str) -> Result<Self, ZoneError> {
        // The database inside the binary: the answers are the same on every machine.
        let zones = TimeZoneDatabase::bundled();
        match zones.get(name) {
            // A run has one or two zones, and they live as long as it does.
            Ok(zone) => Ok(Zone::Named(Box::leak(Box::new(zone)))),
            Err(_) => {
                let names: Vec<String> = zones.available().map(|zone| zone.as_str().to_owned()).collect();
                // Most people type only the city.
                let is_city =
                    |zone: &&String| zone.rsplit_once('/').is_some_and(|(_, city)| city.eq_ignore_ascii_case(name));
                let city = names.iter().find(is_city).map(String::as_str);
                let nearest = city.or_else(|| nearest(name, names.iter().map(String::as_str)));
                Err(ZoneError { nearest: nearest.map(str::to_owned) })
            }
        }
    }
}

impl Zone {
    /// The zone of all times that name none.
    pub const UTC: Zone = Zone::Fixed(0);

    /// Seconds ahead of UTC at a moment, given in Unix seconds.
    pub fn offset_secs(self, moment: i64) -> i32 {
        match self {
            Zone::Fixed(secs) => secs,
            Zone::Named(zone) => zone.to_offset(timestamp(moment)).seconds(),
            Zone::Machine => Local.offset_from_utc_datetime(&utc(moment)).local_minus_utc(),
        }
    }

    /// Local date and time at a moment, given in Unix seconds.
    pub fn shown(self, moment: i64) -> NaiveDateTime {
        utc(moment.saturating_add(self.offset_secs(moment).into()))
    }

    /// The moments, in Unix seconds, at which local time is `shown`: none if clocks skip it, two if they show it twice.
    pub fn moments(self, shown: NaiveDateTime) -> MappedLocalTime<i64> {
        match self {
            Zone::Fixed(secs) => MappedLocalTime::Single(shown.and_utc().timestamp() - i64::from(secs)),
            Zone::Named(zone) => {
                let shown = shown.and_utc().timestamp();
                let civil = jiff::tz::Offset::UTC.to_datetime(timestamp(shown));
                let moment = |offset: jiff::tz::Offset| shown - i64::from(offset.seconds());
                match zone.to_ambiguous_timestamp(civil).offset() {
                    AmbiguousOffset::Unambiguous { offset } => MappedLocalTime::Single(moment(offset)),
                    AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
                    AmbiguousOffset::Fold { before, after } => {
                        MappedLocalTime::Ambiguous(moment(before), moment(after))
                    }
                }
            }
            Zone::Machine => Local.from_local_datetime(&shown).map(|at| at.timestamp()),
        }
    }

    /// The first second of a day in Unix seconds: midnight, or, if clocks skip midnight, the moment of the change.
    pub fn day_start(self, day: NaiveDate) -> i64 {
        let midnight = NaiveDateTime::from(day);
        match self.moments(midnight) {
            MappedLocalTime::Single(moment) | MappedLocalTime::Ambiguous(moment, _) => moment,
            MappedLocalTime::None => {
                // No zone is further from UTC than this, and within it clocks change at most once.
                let around = midnight.and_utc().timestamp();
                let (mut before, mut after) = (around - 2 * 86_400, around + 2 * 86_400);
                while after - before > 1 {
                    let middle = before + (after - before) / 2;
                    if self.shown(middle) < midnight { before = middle } else { after = middle }
                }
                after
            }
        }
    }

    /// The last second of a day in Unix seconds.
    pub fn day_end(self, day: NaiveDate) -> i64 {
        day.checked_add_days(Days::new(1)).map_or(i64::MAX, |next| self.day_start(next) - 1)
    }

    /// A moment, given in Unix seconds, as RFC 3339 with the offset at that moment: `2019-08-24T10:00:00+02:00`.
    pub fn rfc3339(self, moment: i64) -> String {
        let shown = self.shown(moment).format("%Y-%m-%dT%H:%M:%S");
        match self.offset_secs(moment) {
            0 => format!("{shown}Z"),
            secs => format!("{shown}{}", Offset { secs, form: OffsetForm::Colon }),
        }
    }

    /// Seconds ahead of UTC before 1900, and each change from 1900 to 2100: the moment in Unix seconds, and seconds ahead
    /// from then on.
    pub fn changes(self) -> (i32, Vec<(i64, i32)>) {
        const FIRST: i64 = -2_208_988_800;
        const LAST: i64 = 4_133_980_800;
        // No zone has ever changed its clocks and changed them back within a week.
        const STEP: usize = 7 * 86_400;
        let first = self.offset_secs(FIRST);
        let mut changes = Vec::new();
        if let Zone::Fixed(_) = self {
            return (first, changes);
        }
        let (mut known, mut offset) = (FIRST, first);
        for next in (FIRST..LAST).step_by(STEP) {
            let next_offset = self.offset_secs(next);
            if next_offset != offset {
                let (mut before, mut after) = (known, next);
                while after - before > 1 {
                    let middle = before + (after - before) / 2;
                    if self.offset_secs(middle) == offset { before = middle } else { after = middle }
                }
                changes.push((after, next_offset));
                offset = next_offset;
            }
            known = next;
        }
        (first, changes)
    }
}

/// A moment, clamped to the calendar of the zone database.
fn timestamp(moment: i64) -> Timestamp {
    let end = if moment < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(moment).unwrap_or(end)
}

/// A moment in UTC, clamped to the calendar.
fn utc(moment: i64) -> NaiveDateTime {
    let end = if moment < 0 { DateTime::<chrono::Utc>::MIN_UTC } else { DateTime::<chrono::Utc>::MAX_UTC };
    DateTime::from_timestamp(moment, 0).unwrap_or(end).naive_utc()
}

/// `UTC`, `UTC+08:00`, `Europe/Berlin`, `local time`.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Fixed(0) => f.write_str("UTC"),
            Zone::Fixed(secs) => write!(f, "UTC{}", Offset { secs: *secs, form: OffsetForm::Colon }),
            Zone::Named(zone) => f.write_str(zone.iana_name().unwrap_or("local time")),
            Zone::Machine => f.write_str("local time"),
        }
    }
}

impl From<FixedOffset> for Zone {
    fn from(offset: FixedOffset) -> Self {
        Zone::Fixed(offset.local_minus_utc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn utc_text(moment: i64) -> String {
        Zone::UTC.rfc3339(moment)
    }

    #[test]
    fn names_are_found_in_any_case_and_slips_are_answered() {
        assert_eq!(zone("europe/berlin").to_string(), "Europe/Berlin");
        assert_eq!(zone("europe/berlin"), zone("Europe/Berlin"));
        for (typed, nearest) in
            [("Europe/Berln", "Europe/Berlin"), ("berlin", "Europe/Berlin"), ("taipei", "Asia/Taipei")]
        {
            assert_eq!(typed.parse::<Zone>(), Err(ZoneError { nearest: Some(nearest.to_owned()) }), "{typed}");
        }
        assert_eq!(
            "tokyo".parse::<Zone>().unwrap_err().to_string(),
            "there is no such zone: did you mean Asia/Tokyo? Or write a name of the IANA database, as Europe/Berlin"
        );
    }

    #[test]
    fn days_begin_where_the_clocks_say() {
        for (name, text, start, hours) in [
            ("Europe/Berlin", "2026-01-24", "2026-01-23T23:00:00Z", 24),
            ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23),
            ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25),
            // Clocks skip midnight.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", 23),
            // Clocks show midnight twice.
            ("America/Havana", "2025-11-02", "2025-11-02T04:00:00Z", 25),
            // A day that was skipped as a whole has no second.
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0),
        ] {
            let (zone, day) = (zone(name), day(text));
            assert_eq!(utc_text(zone.day_start(day)), start, "{name} {text}");
            assert_eq!(zone.day_end(day) + 1 - zone.day_start(day), hours * 3600, "{name} {text}");
        }
    }

    #[test]
    fn changes_are_found_to_the_second() {
        let (_, changes) = zone("Europe/Berlin").changes();
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().timestamp();
        assert!(changes.contains(&(at("2026-03-29T01:00:00Z"), 7200)), "{changes:?}");
        assert!(changes.contains(&(at("2026-10-25T01:00:00Z"), 3600)));
        assert_eq!(Zone::Fixed(3600).changes(), (3600, Vec::new()));
        for (moment, offset) in changes {
            let zone = zone("Europe/Berlin");
            assert_eq!(zone.offset_secs(moment), offset);
            assert_ne!(zone.offset_secs(moment - 1), offset);
        }
    }

    #[test]
    fn moments_are_shown_with_their_offset() {
        assert_eq!(zone("Europe/Berlin").rfc3339(1_795_521_600), "2026-11-24T13:00:00+01:00");
        assert_eq!(Zone::Fixed(-12_600).to_string(), "UTC-03:30");
        assert_eq!(Zone::UTC.to_string(), "UTC");
        Zone::UTC.rfc3339(i64::MAX);
        Zone::Fixed(3600).rfc3339(i64::MIN);
    }
}
