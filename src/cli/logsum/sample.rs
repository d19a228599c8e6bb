//! The built-in sample log, and the only question it answers without being asked for.
use chrono::Datelike;
use votekit::scan::Input;

use super::rows::Range;

/// The sample as an input.
pub(super) const LOG: Input =
    Input::BuiltIn { name: "samples/cdn.log", bytes: include_bytes!("../../../samples/cdn.log") };

/// Year, month and day of the first and last rows.
const DAYS: [(i32, u32, u32); 2] = [(2019, 8, 22), (2019, 9, 2)];

/// Whether both ends of the range are given, with year, and within the sample's days, so that only the sample can be meant.
pub(super) fn holds(range: &Range) -> bool {
    let Range { from, to, zone } = *range;
    let numbers = |moment: i64| {
        let shown = zone.shown(moment);
        (shown.year(), shown.month(), shown.day())
    };
    let is_inside = |moment: i64| (DAYS[0]..=DAYS[1]).contains(&numbers(moment));
    from.and_then(|from| from.first(zone)).is_some_and(is_inside)
        && to.and_then(|to| to.last(zone)).is_some_and(is_inside)
}

#[cfg(test)]
mod tests {
    use votekit::units::{DateOrder, TypedTimeContext, Zone, parse_typed_time};

    use super::*;

    #[test]
    fn both_ends_have_their_year_and_lie_within_the_samples_days() {
        let context = TypedTimeContext { now: 0, zone: Zone::UTC, order: DateOrder::default() };
        let time = |text: &str| parse_typed_time(text, &context).ok();
        let asked = |from: &str, to: &str| holds(&Range { from: time(from), to: time(to), zone: Zone::UTC });
        assert!(asked("2019-08-22", "2019-09-02"));
        assert!(asked("24/8/2019", "2019-08-25T10:00"));
        for (from, to) in [
            ("", ""),
            ("2019-08-24", ""),
            ("", "2019-08-24"),
            ("08-24", "08-25"),
            ("2019-08-21", "2019-08-25"),
            ("2019-08-24", "2019-09-03"),
            ("2020-08-24", "2020-08-25"),
        ] {
            assert!(!asked(from, to), "{from} to {to}");
        }
    }
}
