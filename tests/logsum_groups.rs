//! Groups always add up to the whole, for any key, any `--top`, any number of threads and any block size.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
use std::collections::BTreeMap;
use std::io::Write;

use chrono::NaiveDate;
use proptest::prelude::*;
use votekit::scan::{Input, ScanOptions};
use votekit::weblog::by::{By, GroupKey, display};
use votekit::weblog::group::GroupOptions;
use votekit::weblog::{
    self, Choice, Column, Date, DayRange, Filter, GroupRun, LogClock, Media, Needs, Outcome, Sinks, SumOptions,
    TimeRange,
};

const EXTENSIONS: [&str; 4] = ["jpg", "JPEG", "png", "jpe?x=1"];

#[derive(Debug, Clone)]
struct Request {
    day: u32,
    hour: u32,
    bytes: u64,
    dir: u8,
    name: u8,
    ext: usize,
}

impl Request {
    fn line(&self) -> String {
        let Request { day, hour, bytes, dir, name, ext } = self;
        format!("2019-08-{day:02}\t{hour:02}:59:59\t{bytes}\t/d{dir}/n{name}.{}\n", EXTENSIONS[*ext])
    }

    fn is_jpeg(&self) -> bool {
        EXTENSIONS[self.ext] != "png"
    }

    /// The same key, implemented independently.
    fn key(&self, by: &By) -> String {
        let ext = EXTENSIONS[self.ext].trim_end_matches("?x=1");
        match by.name() {
            "day" => format!("2019-08-{:02}", self.day),
            "minute" => format!("2019-08-{:02}T{:02}:59", self.day, self.hour),
            "week" => NaiveDate::from_ymd_opt(2019, 8, self.day).unwrap().format("%G-W%V").to_string(),
            "hour" => format!("2019-08-{:02}T{:02}:00", self.day, self.hour),
            "month" => "2019-08".to_owned(),
            "ext" => ext.to_lowercase(),
            "type" => "image/jpeg".to_owned(),
            "dir" => format!("/d{}/", self.dir),
            "url" => format!("/d{}/n{}.{ext}", self.dir, self.name),
            other => panic!("{other} is not generated"),
        }
    }
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let request = (20u32..28, 0u32..24, prop_oneof![0u64..5, Just(u64::MAX)], 0u8..3, 0u8..30, 0usize..4);
    let request = request.prop_map(|(day, hour, bytes, dir, name, ext)| Request { day, hour, bytes, dir, name, ext });
    proptest::collection::vec(request, 1..300)
}

fn keys() -> impl Strategy<Value = Vec<By>> {
    let all =
        ["minute", "hour", "day", "week", "month", "ext", "type", "dir", "url"].map(|name| name.parse::<By>().unwrap());
    proptest::sample::subsequence(all.to_vec(), 1..4).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn rows_and_rest_are_the_ungrouped_sum(
        requests in requests(),
        by in keys(),
        top in proptest::option::of(1usize..8),
        threads in 1usize..4,
        block_bytes in 20usize..2000,
        memory_bytes in prop_oneof![Just(64usize << 10), Just(1usize << 22)],
    ) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        requests.iter().for_each(|request| file.write_all(request.line().as_bytes()).unwrap());
        let inputs = [Input::Path(file.path().to_owned())];
        let scan = ScanOptions { threads, block_bytes, ..ScanOptions::default() };
        let memory_bytes = if top.is_none() { 1 << 22 } else { memory_bytes };
        let mut needs = Needs { columns: vec![Column::ContentType], ..Needs::default() };
        let run = GroupRun::new(&by, &mut needs, LogClock::LOGS, GroupOptions { top, memory_bytes, workers: threads, may_spill: true });
        let days = TimeRange::days(DayRange::new(None, None).unwrap());
        let options = SumOptions {
            filter: Filter { time_range: days, media: Media::Jpeg, content_type: Some(0), tests: Vec::new() },
            needs,
            format: Choice::Detect,
            granularity: run.granularity(),
            strict: true,
            in_order: false,
            allow_bad: false,
            latest: Date::new(2100, 1, 1),
            sorted: false,
            rejects: None,
            scan,
        };
        let sinks = Sinks::new(|| run.counter());
        let Outcome { totals, failed } = weblog::sum(&inputs, &options, &sinks, &());
        prop_assert!(failed.is_empty(), "{:?}", failed);
        let grouped = run.finish(sinks.into_all()).unwrap();

        prop_assert_eq!(&totals, &weblog::sum(&inputs, &options, &Sinks::new(|| ()), &()).totals);
        prop_assert_eq!((grouped.total.bytes, grouped.total.requests), (totals.bytes, totals.requests));
        let shown: u128 = grouped.rows.iter().map(|row| row.sum.bytes).sum();
        prop_assert_eq!(shown + grouped.other.bytes, totals.bytes);

        let mut expected: BTreeMap<Vec<String>, (u128, u64)> = BTreeMap::new();
        for request in requests.iter().filter(|request| request.is_jpeg()) {
            let sum = expected.entry(by.iter().map(|by| request.key(by)).collect()).or_default();
            sum.0 += u128::from(request.bytes);
            sum.1 += 1;
        }
        prop_assert_eq!(grouped.groups, expected.len() as u64);
        prop_assert_eq!(grouped.rows.len(), top.unwrap_or(usize::MAX).min(expected.len()));
        let mut largest: Vec<u128> = expected.values().map(|sum| sum.0).collect();
        largest.sort_unstable_by(|a, b| b.cmp(a));
        for (row, bytes) in grouped.rows.iter().zip(largest) {
            let key: Vec<String> = GroupKey::parts(&row.key.0).iter().map(|part| display(part)).collect();
            prop_assert_eq!(row.sum.bytes, bytes);
            prop_assert_eq!(expected.get(&key), Some(&(row.sum.bytes, row.sum.requests)), "{:?}", key);
        }
    }
}

/// A log of many URLs, each requested a few times.
fn many_urls() -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let lines: String = (0..90_000u64)
        .map(|n| format!("2019-08-24\t10:00:00\t{}\t/{}.jpg\n", n * n % 1013, n * 7919 % 30_000))
        .collect();
    file.write_all(lines.as_bytes()).unwrap();
    file
}

fn logsum(file: &tempfile::NamedTempFile, options: &[&str]) -> (Option<i32>, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_votekit"));
    let output = command.arg("logsum").arg(file.path()).args(options).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn little_memory_gives_the_same_largest_groups() {
    let file = many_urls();
    let plenty = logsum(&file, &["--by", "url", "--top", "20"]);
    let little = logsum(&file, &["--by", "url", "--top", "20", "--memory", "1MiB"]);
    assert_eq!(plenty.0, Some(0), "{}", plenty.2);
    assert_eq!(plenty.1.lines().count(), 21);
    assert_eq!(plenty, little);
}

#[test]
fn too_many_groups_are_an_error_that_says_what_to_do() {
    let (code, stdout, stderr) = logsum(&many_urls(), &["--by", "url", "--memory", "1MiB"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    let expected = "votekit: error: the groups need more than 1 MiB of memory\n  ask for the largest with --top N, fewer if need be, \
                    or allow more with --memory 2GiB\n";
    assert_eq!(stderr, expected);
}
