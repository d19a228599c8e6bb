//! Moments in whole seconds, and the clock.
use std::fmt;

use chrono::{SecondsFormat, TimeZone, Utc};

/// A moment in whole Unix seconds, the resolution at which votes are stamped and windows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

/// Tells a writer the time. It is asked while the write lock is held, not before: a vote that had to wait gets the time at
/// which it is written, and that is compared with the closing time.
pub trait Clock: Sync {
    /// The current time, to the second.
    fn now(&self) -> Moment;

    /// The time that a store stamps votes with which has a clock of its own, at `store_now` by that clock.
    fn in_store(&self, _store_now: Moment) -> Moment {
        self.now()
    }
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

    /// That of the store, which all machines that write to it share.
    fn in_store(&self, store_now: Moment) -> Moment {
        store_now
    }
}

impl Moment {
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

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::FixedOffset;

    #[test]
    fn moments_are_written_with_their_offset() {
        let taipei = FixedOffset::east_opt(8 * 3600).unwrap();
        assert_eq!(Moment(1_795_521_600).to_string(), "2026-11-24T12:00:00Z");
        assert_eq!(Moment(1_795_521_600).in_zone(&taipei), "2026-11-24T20:00:00+08:00");
    }
}
