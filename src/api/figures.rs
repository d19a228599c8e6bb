//! Figures and times as the page and the screen write them; `page/common.js` writes the same.
use chrono::DateTime;

use crate::ballot::Moment;

/// A point in time as the page writes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Time {
    pub iso: String,
    pub text: String,
}

impl Time {
    /// In UTC, in the first of `shapes`, or the second if it is not at a full minute; the script writes it in the reader's zone.
    pub(super) fn of(moment: Moment, shapes: [&str; 2]) -> Self {
        let shape = shapes[usize::from(moment.0 % 60 != 0)];
        let iso = moment.to_string();
        let text = DateTime::from_timestamp(moment.0, 0).map_or_else(|| iso.clone(), |at| at.format(shape).to_string());
        Time { iso, text }
    }
}

/// `part` in thousandths of `whole`, which is not 0, rounded half up; in integers, so that the script gets the same.
pub(super) fn thousandths(part: u64, whole: u64) -> u64 {
    let (part, whole) = (u128::from(part), u128::from(whole));
    ((part * 2000 + whole) / (whole * 2)) as u64
}

/// A share of all votes as people read it.
#[derive(Debug, PartialEq)]
pub(super) enum Share {
    /// There are no votes at all.
    OfNothing,
    /// Some, but less than half a thousandth.
    Under,
    /// Not all, but more than all but half a thousandth.
    Over,
    /// `45.2 %`
    Exactly(String),
}

impl Share {
    /// Never rounded to 0 or 100 %.
    pub(super) fn of(votes: u64, total: u64) -> Self {
        if total == 0 {
            return Share::OfNothing;
        }
        match thousandths(votes, total) {
            0 if votes > 0 => Share::Under,
            1000.. if votes < total => Share::Over,
            share => Share::Exactly(format!("{}.{} %", share / 10, share % 10)),
        }
    }
}

/// The width of a bar: all votes would fill it, and any vote can be seen.
pub(super) fn bar_width(votes: u64, total: u64) -> String {
    let share = match votes {
        0 => 0,
        votes => thousandths(votes, total).max(5),
    };
    format!("{}.{}%", share / 10, share % 10)
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The largest unit that `secs` is a whole number of.
pub(super) fn span(secs: u32) -> (u32, Unit) {
    match secs {
        secs if secs.is_multiple_of(86_400) => (secs / 86_400, Unit::Day),
        secs if secs.is_multiple_of(3600) => (secs / 3600, Unit::Hour),
        secs if secs.is_multiple_of(60) => (secs / 60, Unit::Minute),
        secs => (secs, Unit::Second),
    }
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_never_say_nothing_or_all_of_what_is_neither() {
        let exactly = |text: &str| Share::Exactly(text.to_owned());
        for (votes, total, share) in [
            (0, 0, Share::OfNothing),
            (0, 3, exactly("0.0 %")),
            (1, 3, exactly("33.3 %")),
            (2, 3, exactly("66.7 %")),
            (49, 400, exactly("12.3 %")),
            (1, 10_000_000, Share::Under),
            (9_999_999, 10_000_000, Share::Over),
            (u64::MAX, u64::MAX, exactly("100.0 %")),
        ] {
            assert_eq!(Share::of(votes, total), share, "{votes} of {total}");
        }
        assert_eq!(
            [bar_width(0, 0), bar_width(0, 9), bar_width(1, 10_000), bar_width(9, 9)],
            ["0.0%", "0.0%", "0.5%", "100.0%"]
        );
    }

    #[test]
    fn figures_and_times_as_people_read_them() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [600, 3600, 90, 86_400].map(span),
            [(10, Unit::Minute), (1, Unit::Hour), (90, Unit::Second), (1, Unit::Day)]
        );
        let at = |moment| Time::of(Moment(moment), ["%-d %B %Y, %H:%M UTC", "%-d %B %Y, %H:%M:%S UTC"]);
        assert_eq!(at(1_795_521_600).text, "24 November 2026, 12:00 UTC");
        assert_eq!(at(1_795_521_601).text, "24 November 2026, 12:00:01 UTC");
        assert_eq!(at(i64::MAX).iso, at(i64::MAX).text, "beyond all calendars");
    }
}
