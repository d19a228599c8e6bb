//! `--by COLUMN`: which values have rows of their own, and what the rest comes to.
use std::collections::{BTreeMap, HashSet};

use votekit::retention::{Curve, Period};

/// A row: the curve of a value, or of all that have none of their own.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Group {
    /// The value; empty where a user's row has none.
    Value(String),
    /// All other values together.
    Other,
}

/// The curves of the `top` values with the most users, most first, and for each period the rest in one.
pub(super) fn largest(curves: &[Curve], top: usize) -> Vec<(Group, Curve)> {
    let mut users: BTreeMap<&str, u64> = BTreeMap::new();
    for curve in curves {
        *users.entry(curve.value.as_deref().unwrap_or_default()).or_default() += curve.users.unwrap_or_default();
    }
    let mut values: Vec<(&str, u64)> = users.into_iter().collect();
    values.sort_by(|(one, one_users), (other, other_users)| other_users.cmp(one_users).then(one.cmp(other)));
    values.truncate(top);
    let own: HashSet<&str> = values.iter().map(|(value, _)| *value).collect();
    let mut rows = Vec::new();
    for (value, _) in &values {
        let of_value = curves.iter().filter(|curve| curve.value.as_deref() == Some(value));
        rows.extend(of_value.map(|curve| (Group::Value((*value).to_owned()), curve.clone())));
    }
    let rest = curves.iter().filter(|curve| !own.contains(curve.value.as_deref().unwrap_or_default()));
    let mut others: Vec<(Period, Curve)> = Vec::new();
    for curve in rest {
        match others.last_mut().filter(|(period, _)| *period == curve.period) {
            Some((_, other)) => add(other, curve),
            None => others.push((curve.period, Curve { value: None, ..curve.clone() })),
        }
    }
    rows.extend(others.into_iter().map(|(_, other)| (Group::Other, other)));
    rows
}

fn add(curve: &mut Curve, more: &Curve) {
    let sum = |one: Option<u64>, other: Option<u64>| Some(one? + other?);
    curve.users = sum(curve.users, more.users);
    for (active, more) in curve.active.iter_mut().zip(&more.active) {
        *active = sum(*active, *more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_one_row_a_period() {
        let day = |day| chrono::NaiveDate::from_ymd_opt(2017, 4, day).unwrap();
        let curve = |at, value: &str, users, active| Curve {
            period: Period::day(day(at)),
            value: Some(value.to_owned()),
            users: Some(users),
            active: vec![active],
        };
        let curves = [
            curve(1, "", 1, Some(1)),
            curve(1, "de", 3, Some(2)),
            curve(1, "fr", 4, Some(1)),
            curve(2, "", 1, None),
            curve(2, "de", 3, None),
        ];
        let rows: Vec<_> = largest(&curves, 1)
            .into_iter()
            .map(|(group, curve)| (group, curve.period.first, curve.users, curve.active[0]))
            .collect();
        let de = || Group::Value("de".to_owned());
        assert_eq!(
            rows,
            [
                (de(), day(1), Some(3), Some(2)),
                (de(), day(2), Some(3), None),
                (Group::Other, day(1), Some(5), Some(2)),
                (Group::Other, day(2), Some(1), None),
            ]
        );
        assert!(largest(&curves, 9).iter().all(|(group, _)| *group != Group::Other));
    }
}
