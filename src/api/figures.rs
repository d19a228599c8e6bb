//! Figures and times as the page and the screen write them; `page/common.js` writes the same.
use chrono::DateTime;

use crate::ballot::Moment;

/// A point in time as the page writes it.
#[derive(Debug)]
pub(super) struct Time {
    pub iso: String,
    pub text: String,
}

impl Time {
    /// In UTC; the script writes it in the reader's zone.
    pub(super) fn of(moment: Moment) -> Self {
        let shape = if moment.0 % 60 == 0 { "%a %-d %B %Y, %H:%M UTC" } else { "%a %-d %B %Y, %H:%M:%S UTC" };
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

/// `45.2 %`; never rounded to 0 or 100 %. Empty if there are no votes at all.
pub(super) fn share_words(votes: u64, total: u64) -> String {
    if total == 0 {
        return String::new();
    }
    match thousandths(votes, total) {
        0 if votes > 0 => "under 0.1 %".into(),
        1000.. if votes < total => "over 99.9 %".into(),
        share => format!("{}.{} %", share / 10, share % 10),
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

/// `10 minutes`, `hour`: reads on after "in the last".
pub(super) fn span_words(secs: u32) -> String {
    let (count, unit) = match secs {
        secs if secs.is_multiple_of(86_400) => (secs / 86_400, "day"),
        secs if secs.is_multiple_of(3600) => (secs / 3600, "hour"),
        secs if secs.is_multiple_of(60) => (secs / 60, "minute"),
        secs => (secs, "second"),
    };
    if count == 1 { unit.to_owned() } else { format!("{count} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_never_say_nothing_or_all_of_what_is_neither() {
        for (votes, total, words) in [
            (0, 0, ""),
            (0, 3, "0.0 %"),
            (1, 3, "33.3 %"),
            (2, 3, "66.7 %"),
            (49, 400, "12.3 %"),
            (1, 10_000_000, "under 0.1 %"),
            (9_999_999, 10_000_000, "over 99.9 %"),
            (u64::MAX, u64::MAX, "100.0 %"),
        ] {
            assert_eq!(share_words(votes, total), words, "{votes} of {total}");
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
            [600, 60, 3600, 7200, 90, 86_400].map(span_words),
            ["10 minutes", "minute", "hour", "2 hours", "90 seconds", "day"]
        );
        assert_eq!(Time::of(Moment(1_795_521_600)).text, "Tue 24 November 2026, 12:00 UTC");
        assert_eq!(Time::of(Moment(1_795_521_601)).text, "Tue 24 November 2026, 12:00:01 UTC");
        assert_eq!(Time::of(Moment(i64::MAX)).iso, Time::of(Moment(i64::MAX)).text, "beyond all calendars");
    }
}
