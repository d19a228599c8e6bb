//! The report of groups.
use super::group_key::GroupKey;
use super::key::By;
use crate::report::{Report, Value};
use crate::weblog::group::{Group, Grouped, Sum};

/// Shown for all groups that are left out.
pub const OTHER: &str = "(other)";

/// The groups as a report: in time order if the first key is a time, otherwise by bytes, largest first. Groups that are left
/// out are one row at the end, so that the rows always add up to the total.
pub fn report(by: &[By], grouped: &Grouped) -> Report {
    let mut columns: Vec<&str> = by.iter().map(By::name).collect();
    columns.extend(["requests", "bytes", "share"]);
    let mut report = Report::table("groups", &columns);
    let figures = |sum: Sum| {
        let share = match grouped.total.bytes {
            0 => Value::Null,
            total => Value::Share(sum.bytes as f64 / total as f64),
        };
        [Value::from(sum.requests), Value::Bytes(sum.bytes), share]
    };
    for row in ordered(by, &grouped.rows) {
        let key = GroupKey::parts(&row.key.0).into_iter().map(|part| Value::Text(display(&part)));
        report.row(key.chain(figures(row.sum)));
    }
    if grouped.groups > grouped.rows.len() as u64 {
        let key = (0..by.len()).map(|part| if part == 0 { Value::Other } else { Value::Null });
        report.row(key.chain(figures(grouped.other)));
    }
    report.beside("requests", grouped.total.requests);
    report.beside("bytes", Value::Bytes(grouped.total.bytes));
    report.beside("groups_total", grouped.groups);
    report
}

/// Sorts `rows`, which are sorted by bytes, into the order in which they are shown.
pub fn ordered<'a>(by: &[By], rows: &'a [Group]) -> Vec<&'a Group> {
    let mut rows: Vec<&Group> = rows.iter().collect();
    if by.first().is_some_and(|key| key.unit().is_some()) {
        // The sort is stable, so rows of the same time stay sorted by bytes.
        rows.sort_by_cached_key(|row| GroupKey::parts(&row.key.0).swap_remove(0).into_owned());
    }
    rows
}

/// `bytes` as text. Invalid UTF-8 is written as `\xff`, so that different keys stay different.
pub fn display(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weblog::group::{GroupOptions, Grouping, finish};

    #[test]
    fn rows_are_in_time_order_then_by_bytes_and_add_up_to_the_total() {
        let by = ["day", "ext"].map(|key| key.parse::<By>().unwrap());
        let grouping = Grouping::new(GroupOptions { top: Some(3), memory_bytes: 1 << 20, workers: 1, may_spill: true });
        let mut groups = grouping.worker();
        let mut key = GroupKey::default();
        for (day, ext, bytes) in
            [("2019-08-25", "jpg", 50), ("2019-08-24", "css", 20), ("2019-08-24", "jpg", 25), ("2019-08-25", "png", 5)]
        {
            key.clear();
            key.part(|part| part.extend_from_slice(day.as_bytes()));
            key.part(|part| part.extend_from_slice(ext.as_bytes()));
            groups.add(key.bytes(), bytes);
        }
        let report = report(&by, &finish(&grouping, vec![groups]).unwrap());
        assert_eq!(report.columns, ["day", "ext", "requests", "bytes", "share"]);
        let row = |day: &str, ext: Value, bytes, share| {
            vec![Value::from(day), ext, Value::Count(1), Value::Bytes(bytes), Value::Share(share)]
        };
        assert_eq!(
            report.rows,
            [
                row("2019-08-24", "jpg".into(), 25, 0.25),
                row("2019-08-24", "css".into(), 20, 0.2),
                row("2019-08-25", "jpg".into(), 50, 0.5),
                [vec![Value::Other], row("", Value::Null, 5, 0.05).split_off(1)].concat(),
            ]
        );
        assert_eq!(display(b"x\xff"), "x\\xff");
    }
}
