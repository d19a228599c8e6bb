//! Why a sum is 0: what the logs have instead of what was asked for.
use chrono::NaiveDate;
use votekit::scan::Input;
use votekit::weblog::by::{self, By, GroupKey};
use votekit::weblog::group::GroupOptions;
use votekit::weblog::{self, Date, Filter, GroupRun, Media, Sinks, SumOptions, Test, Totals};

use crate::cli::terminal::console::Console;
use crate::cli::terminal::output::grouped;

/// How many values are listed.
const LISTED: usize = 5;
/// Memory for counting them.
const MEMORY_BYTES: usize = 64 << 20;
/// Days that are compared one by one with those that were asked for: ten years.
const DAYS_MAX: usize = 3_660;

/// Warns that no row counts, and says which days, or which values, the rows have. Reads the logs once more for that, unless they
/// come through a pipe.
pub(super) fn explain(inputs: &[Input], options: &SumOptions, totals: &Totals, console: &Console) {
    let Some((first, last)) = totals.days.filter(|_| totals.rows.read > 0) else { return };
    let days = if first == last { format!("on {first}") } else { format!("from {first} to {last}") };
    let rows = format!("nothing matched: the {} rows are {days}", grouped(totals.rows.read.into()));
    let can_be_reread = |input: &Input| input.bytes_total().is_some();
    if is_outside(options, first, last) || !inputs.iter().all(can_be_reread) {
        console.warn(&rows);
        return;
    }
    let listed: Vec<String> = keys(&options.filter)
        .into_iter()
        .filter_map(|key| {
            let by = key.parse().ok()?;
            Some(format!("{key}: {}", values(inputs, options, by)?))
        })
        .collect();
    match listed.is_empty() {
        true => console.warn(&rows),
        false => console.warn(&format!("{rows}, and have {}", listed.join("; "))),
    }
}

/// Whether no day from `first` to `last` was asked for.
fn is_outside(options: &SumOptions, first: Date, last: Date) -> bool {
    let days = &options.filter.time_range.days;
    let (Some(start), Some(end)) = (first.calendar(), last.calendar()) else { return false };
    let asked_for = |day: NaiveDate| days.contains(day.into());
    !start.iter_days().take_while(|day| *day <= end).take(DAYS_MAX).any(asked_for)
}

/// What the filter looks at: extensions always, for they tell the type too.
fn keys(filter: &Filter) -> Vec<&'static str> {
    let has = |is: fn(&Test) -> bool| filter.tests.iter().any(is);
    let mut keys = vec!["ext"];
    if has(|test| matches!(test, Test::Status(..))) {
        keys.push("status");
    }
    if has(|test| matches!(test, Test::HostIn(..))) {
        keys.push("host");
    }
    keys
}

/// The values that most bytes were sent for in the time that was asked for: `png (12 requests), css (3)`.
fn values(inputs: &[Input], options: &SumOptions, by: By) -> Option<String> {
    let by = [by];
    let mut needs = options.needs.clone();
    let groups = GroupOptions {
        top: Some(LISTED),
        memory_bytes: MEMORY_BYTES,
        workers: options.scan.threads.max(1),
        may_spill: true,
    };
    let run = GroupRun::new(&by, &mut needs, options.filter.time_range.clock.clone(), groups);
    let filter = Filter { media: Media::Any, tests: Vec::new(), ..options.filter.clone() };
    let granularity = run.granularity();
    let options = SumOptions {
        filter,
        needs,
        granularity,
        in_order: true,
        sorted: false,
        strict: false,
        rejects: None,
        format: options.format.clone(),
        ..*options
    };
    let sinks = Sinks::new(|| run.counter());
    weblog::sum(inputs, &options, &sinks, &());
    let found = run.finish(sinks.into_all()).ok()?;
    let value = |row: &votekit::weblog::group::Group| {
        let name = GroupKey::parts(&row.key.0).first().map(|part| by::display(part)).unwrap_or_default();
        format!("{name} ({})", grouped(row.sum.requests.into()))
    };
    let values: Vec<String> = found.rows.iter().map(value).collect();
    (!values.is_empty()).then(|| {
        let more = if found.groups > values.len() as u64 { ", …" } else { "" };
        format!("{}{more}", values.join(", "))
    })
}
