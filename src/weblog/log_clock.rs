//! The clocks that days and hours are read from, where they are not the log's.
use std::sync::Arc;

use super::log_time::LogTime;
use crate::units::zone::Zone;

/// Clocks beside the log's. The log's own clock is taken for UTC, unless its rows say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogClock {
    /// Always this many seconds ahead of the log's.
    Fixed(i32),
    /// Those of a zone, which are put forward and back.
    Zone(Arc<ZoneChanges>),
}

/// When the clocks of a zone are changed, and how far they are ahead.
#[derive(Debug, PartialEq, Eq)]
pub struct ZoneChanges {
    /// Seconds ahead of UTC before the first change.
    first_secs: i32,
    /// In order of time: from then on they are so many seconds ahead.
    changes: Vec<(LogTime, i32)>,
    unit_secs: u32,
}

impl From<Zone> for LogClock {
    fn from(zone: Zone) -> Self {
        if let Zone::Fixed(secs) = zone {
            return LogClock::Fixed(secs);
        }
        let (first_secs, changes) = zone.changes();
        let is_by_hours = |secs: i64| secs % 3600 == 0;
        let are_by_hours = changes.iter().all(|(moment, secs)| is_by_hours(*moment) && is_by_hours((*secs).into()));
        let unit_secs = if are_by_hours && is_by_hours(first_secs.into()) { 3600 } else { 60 };
        let changes = changes.into_iter().map(|(moment, secs)| (LogTime::from_unix(moment), secs)).collect();
        LogClock::Zone(Arc::new(ZoneChanges { first_secs, changes, unit_secs }))
    }
}

impl LogClock {
    /// The log's own clock.
    pub const LOGS: LogClock = LogClock::Fixed(0);

    /// Whether this is the log's own clock.
    pub fn is_logs(&self) -> bool {
        *self == LogClock::LOGS
    }

    /// What these clocks show at `moment`, which is on the log's.
    #[inline]
    pub fn shown(&self, moment: LogTime) -> LogTime {
        match self {
            LogClock::Fixed(0) => moment,
            LogClock::Fixed(secs) => moment.shifted(*secs),
            LogClock::Zone(zone) => {
                let passed = zone.changes.partition_point(|(at, _)| *at <= moment);
                moment.shifted(passed.checked_sub(1).map_or(zone.first_secs, |last| zone.changes[last].1))
            }
        }
    }

    /// The longest time whose rows all fall on the same minute or hour of these clocks, for rows that are known to be of one hour
    /// of the log's clock: an hour, or a minute where clocks are ahead by a part of an hour, or changed within one.
    pub fn unit_secs(&self) -> u32 {
        match self {
            LogClock::Fixed(secs) if secs % 3600 == 0 => 3600,
            LogClock::Fixed(_) => 60,
            LogClock::Zone(zone) => zone.unit_secs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weblog::Date;

    #[test]
    fn zones_change_their_clocks_when_they_do() {
        let clock = LogClock::from("Europe/Berlin".parse::<Zone>().unwrap());
        let at = |month, day, hour: u32, second: u32| LogTime {
            date: Date::new(2026, month, day),
            second: hour * 3600 + second,
        };
        for (utc, shown) in [
            (at(1, 1, 23, 30), at(1, 2, 0, 30)),
            (at(3, 29, 0, 3599), at(3, 29, 1, 3599)),
            (at(3, 29, 1, 0), at(3, 29, 3, 0)),
            (at(10, 25, 0, 1800), at(10, 25, 2, 1800)),
            (at(10, 25, 1, 1800), at(10, 25, 2, 1800)),
        ] {
            assert_eq!(clock.shown(utc), shown);
        }
        assert_eq!(LogClock::from("Asia/Kolkata".parse::<Zone>().unwrap()).unit_secs(), 60);
        assert!(LogClock::from(Zone::UTC).is_logs());
    }
}
