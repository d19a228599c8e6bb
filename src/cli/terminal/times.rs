//! Options for times and time zones.
use chrono::{NaiveDate, Utc};
use votekit::units::offset::Offset;
use votekit::units::{DateOrder, Day, TypedTime, TypedTimeContext, Zone, parse_typed_time};

use super::exit;

/// The options for the zone of days, hours and typed times.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ClockArgs {
    /// Offset from UTC for days and times, such as +08:00 [default: UTC]
    #[arg(long, value_name = "+HH:MM", value_parser = offset_secs, allow_hyphen_values = true, conflicts_with = "time_zone")]
    utc_offset: Option<i32>,
    /// Time zone for days and times, such as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<Zone>,
}

impl ClockArgs {
    /// The zone that was asked for, else UTC.
    pub(crate) fn zone(&self) -> Zone {
        self.time_zone.or(self.utc_offset.map(Zone::Fixed)).unwrap_or(Zone::UTC)
    }
}

/// Whether `4/8/2019` has the day or the month first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum TypedDateOrder {
    /// The day: 4 August
    #[default]
    Dmy,
    /// The month: 8 April
    Mdy,
}

impl From<TypedDateOrder> for DateOrder {
    fn from(order: TypedDateOrder) -> Self {
        match order {
            TypedDateOrder::Dmy => DateOrder::DayFirst,
            TypedDateOrder::Mdy => DateOrder::MonthFirst,
        }
    }
}

/// Parses the value of `option`, with days and times in `zone`.
///
/// # Errors
/// A usage error if it is not a time.
pub(crate) fn time(option: &str, text: &str, zone: Zone, order: DateOrder) -> anyhow::Result<TypedTime> {
    let context = TypedTimeContext { now: Utc::now().timestamp(), zone, order };
    parse_typed_time(text, &context).map_err(|error| exit::misuse(format!("{option} {text:?} is {error}")))
}

/// Parses the value of `option` as a calendar day.
///
/// # Errors
/// A usage error if it is not a day, or one of any year.
pub(crate) fn day(option: &str, text: &str, zone: Zone, order: DateOrder) -> anyhow::Result<NaiveDate> {
    match time(option, text, zone, order)?.day() {
        Some(Day::Dated(date)) => Ok(date),
        Some(Day::AnyYear { .. }) => Err(exit::misuse(format!("{option} {text:?} lacks its year: write 2017-04-01"))),
        None => Err(exit::misuse(format!(
            "{option} {text:?} is not a whole day: write 2017-04-01, today, yesterday or -2d"
        ))),
    }
}

/// `+08:00` in seconds; no zone on earth has 15 hours.
fn offset_secs(text: &str) -> Result<i32, String> {
    let offset = Offset::parse(text.as_bytes()).map(|offset| offset.secs);
    let offset = offset.filter(|secs| secs.abs() < 15 * 3600);
    offset.ok_or_else(|| "write hours and minutes with a sign: +08:00".to_owned())
}
