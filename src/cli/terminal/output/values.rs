//! A value as text, for people and for programs.
use std::borrow::Cow;

use votekit::report::Value;
use votekit::units::byte_size;

use crate::cli::terminal::console::printable;

/// What names the groups that have no row of their own.
const OTHER: &str = "(other)";

/// A value as a person reads it; bytes as `12.1 GB` when `human` is set, else every digit of them.
pub(crate) fn for_people(value: &Value, human: bool) -> Cow<'_, str> {
    match value {
        Value::Bytes(number) if human => byte_size::human(*number).into(),
        Value::Null => "-".into(),
        Value::Text(text) => printable(text),
        Value::Id(id) => id.to_string().into(),
        Value::Count(number) | Value::Bytes(number) => grouped(*number).into(),
        Value::Share(share) => format!("{:.1} %", share * 100.0).into(),
        Value::Flag(flag) => if *flag { "yes" } else { "no" }.into(),
        Value::Other => OTHER.into(),
    }
}

/// A value as a program reads it: every digit, no unit, nothing where there is no value.
pub(super) fn for_programs(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "".into(),
        Value::Text(text) => text.into(),
        Value::Id(id) => id.to_string().into(),
        Value::Count(number) | Value::Bytes(number) => number.to_string().into(),
        Value::Share(share) => rounded(*share).to_string().into(),
        Value::Flag(flag) => if *flag { "true" } else { "false" }.into(),
        Value::Other => OTHER.into(),
    }
}

/// A share to six places: more would be noise.
pub(super) fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
