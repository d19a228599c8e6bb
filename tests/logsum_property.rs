//! logsum against a simple reference implementation: for any rows, block size, number of threads and split into files, both
//! give the same result.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;
use votekit::scan::{Found, Input, ScanOptions};
use votekit::units::CalendarUnit;
use votekit::units::Day;
use votekit::weblog::by::{By, GroupKey};
use votekit::weblog::group::GroupOptions;
use votekit::weblog::{
    Choice, Column, Date, DayRange, Filter, Granularity, GroupRun, LogClock, LogTime, Media, Needs, Outcome, Sinks,
    SumOptions, TimeRange, sum,
};

/// The result of the reference.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plain {
    bytes: u128,
    requests: u64,
    rows_read: u64,
    rows_bad: u64,
    first_bad: Vec<String>,
    by_day: BTreeMap<String, (u64, u128)>,
}

/// Year, month and day of `24/8/2019` or `2019-08-24`.
fn day(text: &str) -> Option<(i32, u32, u32)> {
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()).then_some(())?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<u32>().ok())?
    };
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let slashes = text.matches('/').count();
    let (year, month, day) = match slashes {
        0 => (a, b, c),
        2 => (c, b, a),
        _ => return None,
    };
    let (year, month, day) = ((year.len() == 4).then(|| digits(year, 4))??, digits(month, 2)?, digits(day, 2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let fits = year > 0 && (1..=12).contains(&month) && day >= 1 && day <= days[month as usize - 1];
    fits.then_some((year as i32, month, day))
}

fn is_jpeg(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap();
    let path = match path.split_once("://") {
        Some((scheme, rest)) if !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
            rest.find('/').map_or("", |at| &rest[at..])
        }
        _ => path,
    };
    let path = path.replace("%2E", ".").replace("%2e", ".").replace("%4A", "J").replace("%4a", "J").to_lowercase();
    [".jpg", ".jpeg", ".jpe", ".jfif"].iter().any(|extension| path.ends_with(extension))
}

fn plain(files: &[(String, String)], from: (i32, u32, u32), to: (i32, u32, u32)) -> Plain {
    let mut found = Plain::default();
    for (name, text) in files {
        for (number, line) in text.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.is_empty() || line == "# date\ttime\tsize\turl" {
                continue;
            }
            let fields: Vec<&str> = line.split('\t').collect();
            let row = (|| {
                let (day, size) = (day(fields.first()?)?, fields.get(2)?);
                let bytes = if *size == "-" {
                    0
                } else {
                    size.parse::<u64>().ok().filter(|_| size.bytes().all(|b| b.is_ascii_digit()))?
                };
                Some((day, bytes, *fields.get(3)?))
            })();
            let Some((day, size, url)) = row else {
                found.rows_bad += 1;
                if found.first_bad.len() < 3 {
                    found.first_bad.push(format!("{name}:{}:", number + 1));
                }
                continue;
            };
            found.rows_read += 1;
            if day >= from && day <= to && is_jpeg(url) {
                found.bytes += u128::from(size);
                found.requests += 1;
                let sums = found.by_day.entry(format!("{:04}-{:02}-{:02}", day.0, day.1, day.2)).or_default();
                *sums = (sums.0 + 1, sums.1 + u128::from(size));
            }
        }
    }
    found
}

fn options(scan: ScanOptions, granularity: Granularity) -> SumOptions {
    let date = |text: &str| text.parse::<Day>().ok();
    let days = DayRange::new(date("2019-08-24"), date("2019-08-25")).unwrap();
    SumOptions {
        filter: Filter {
            time_range: TimeRange::days(days),
            media: Media::Jpeg,
            content_type: Some(0),
            tests: Vec::new(),
        },
        needs: Needs { columns: vec![Column::ContentType], ..Needs::default() },
        format: Choice::Detect,
        granularity,
        strict: false,
        in_order: false,
        allow_bad: true,
        latest: Date::new(2100, 1, 1),
        sorted: false,
        rejects: None,
        scan,
    }
}

/// The same for a log that may have more bad rows than good ones in front: its format is not found out.
fn four_columns(scan: ScanOptions, granularity: Granularity) -> SumOptions {
    SumOptions { format: Choice::Named("four-columns".to_owned()), ..options(scan, granularity) }
}

fn row() -> impl Strategy<Value = String> {
    let date = prop_oneof![
        8 => Just("2019-08-24"),
        4 => Just("2019-08-25"),
        4 => Just("24/8/2019"),
        2 => Just("2019-08-26"),
        1 => prop_oneof![Just("24/08/2018"), Just("2019-02-29"), Just(""), Just("08-24"), Just("24/8/2019x"), Just("2019-08-2\u{1}")],
    ];
    let time = prop_oneof![9 => Just("10:28:13"), 1 => prop_oneof![Just(""), Just("1:2:3"), Just("10:28:1\u{2}"), Just("10:28:13.5")]];
    let size = prop_oneof![
        9 => "[0-9]{1,7}",
        2 => prop_oneof![Just(String::new()), Just("-".to_owned()), Just("-1".to_owned()), Just("1e3".to_owned()),
            Just(u64::MAX.to_string()), Just("18446744073709551616".to_owned()), Just("12345678".to_owned()), Just("1 ".to_owned())],
    ];
    let url = prop_oneof![
        6 => "/[a-z]{1,30}\\.(jpg|JPG|jpeg|jPe|jfif|png|js)",
        2 => "/[a-z]{1,90}\\.jpg",
        3 => prop_oneof![
            Just("/a.jpg?x=1".to_owned()), Just("/a.png?b.jpg".to_owned()), Just("/a%2Ejpg".to_owned()), Just("/a.%4Apg".to_owned()),
            Just("/a.jpg#x".to_owned()), Just("/a.jpg2".to_owned()), Just("a.jpg".to_owned()), Just(".jpg".to_owned()), Just("jpg".to_owned()),
            Just("/x.jpg/y".to_owned()), Just("http://cdn.jpg".to_owned()), Just("http://cdn/x.jpg".to_owned()), Just(String::new()),
            Just("/薯片.jpg".to_owned()), Just("/\u{e}jpg".to_owned()), Just("/a.jpg ".to_owned()), Just("/a\u{1}.jpg".to_owned())],
    ];
    let tail = prop_oneof![8 => Just(""), 1 => Just("\tmore"), 1 => Just("\t\t.jpg"), 1 => Just("\r")];
    prop_oneof![
        20 => (date, time, size, url, tail).prop_map(|(date, time, size, url, tail)| format!("{date}\t{time}\t{size}\t{url}{tail}")),
        1 => prop_oneof![Just(String::new()), Just("2019-08-24".to_owned()), Just("\t\t\t".to_owned()), Just("# date\ttime\tsize\turl".to_owned()),
            Just("2019-08-24\t10:28:13\t5".to_owned())],
    ]
}

/// Runs of similar rows, as in real logs: the fast path over rows of the same day depends on them.
fn rows() -> impl Strategy<Value = Vec<String>> {
    let runs = proptest::collection::vec((row(), 1usize..40), 1..25);
    runs.prop_map(|runs| runs.into_iter().flat_map(|(row, times)| std::iter::repeat_n(row, times)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_sorted_log_gives_the_same_by_search(
        days in proptest::collection::vec((18u32..31, 0usize..60, any::<bool>()), 1..8),
        block_bytes in prop_oneof![1usize..300, Just(1 << 20)],
    ) {
        let mut days = days;
        days.sort_unstable();
        let mut text = "# date\ttime\tsize\turl\n".to_owned();
        for (day, rows, bad) in &days {
            for row in 0..*rows {
                text.push_str(&format!("2019-08-{day}\t10:00:{:02}\t{row}\t/{}.jpg\n", row % 60, "x".repeat(row)));
            }
            text.push_str(if *bad { "bad\n" } else { "" });
        }
        prop_assume!(days.iter().any(|(_, rows, _)| *rows > 0));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sorted.log");
        fs::write(&path, &text).unwrap();
        let inputs = [Input::Path(path.clone())];
        let scan = ScanOptions { threads: 2, block_bytes, ..ScanOptions::default() };
        let whole = sum(&inputs, &four_columns(scan, Granularity::Rows), &Sinks::new(|| ()), &());
        let found = sum(&inputs, &SumOptions { sorted: true, ..four_columns(scan, Granularity::Rows) }, &Sinks::new(|| ()), &());
        prop_assert!(found.failed.is_empty(), "{:?}", found.failed);
        prop_assert_eq!((found.totals.bytes, found.totals.requests), (whole.totals.bytes, whole.totals.requests));
        for bad in &found.totals.rows.first_bad {
            prop_assert_eq!(text.lines().nth(bad.line as usize - 1), Some("bad"));
        }
        // Swaps the first and the last row: must be noticed wherever the search or the sum reads them, and then all is read.
        let last = days.iter().rev().find(|(_, rows, _)| *rows > 0).unwrap().0;
        let wrong = text.replacen("url\n", &format!("url\n2019-08-{}\t10:00:00\t1\t/a.jpg\n", last + 1), 1);
        fs::write(&path, wrong).unwrap();
        let all_days = TimeRange::days(DayRange::new(None, None).unwrap());
        let all = |sorted: bool| {
            let options = four_columns(scan, Granularity::Rows);
            SumOptions { sorted, filter: Filter { time_range: all_days.clone(), ..options.filter.clone() }, ..options }
        };
        let found = sum(&inputs, &all(true), &Sinks::new(|| ()), &());
        let whole = sum(&inputs, &all(false), &Sinks::new(|| ()), &());
        prop_assert_eq!(found.totals.unsorted.len(), 1);
        prop_assert_eq!((found.totals.bytes, found.totals.requests), (whole.totals.bytes, whole.totals.requests));
    }

    #[test]
    fn the_sum_is_that_of_the_plain_reference(
        files in proptest::collection::vec((rows(), any::<bool>(), any::<bool>()), 1..4),
        block_bytes in prop_oneof![1usize..300, Just(1 << 15), Just(1 << 20)],
        threads in 1usize..4,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut texts = Vec::new();
        let mut inputs = Vec::new();
        for (index, (rows, has_header, ends)) in files.iter().enumerate() {
            let header = if *has_header { "# date\ttime\tsize\turl\n" } else { "2019-08-26\t00:00:00\t1\t/\n" };
            let text = format!("{header}2019-08-24\t00:00:00\t1\t/first.jpg\n{}{}", rows.join("\n"), if *ends { "\n" } else { "" });
            let path = folder.path().join(format!("{index}.log"));
            fs::write(&path, &text).unwrap();
            texts.push((path.display().to_string(), text));
            inputs.push(Input::Path(path));
        }
        let expected = plain(&texts, (2019, 8, 24), (2019, 8, 25));
        let scan = ScanOptions { threads, block_bytes, ..ScanOptions::default() };
        let Outcome { totals, failed } = sum(&inputs, &four_columns(scan, Granularity::Rows), &Sinks::new(|| ()), &());
        prop_assert!(failed.is_empty(), "{failed:?}");
        let first_bad: Vec<String> = totals.rows.first_bad.iter().map(|bad| format!("{}:{}:", bad.input, bad.line)).collect();
        prop_assert_eq!((totals.bytes, totals.requests), (expected.bytes, expected.requests));
        prop_assert_eq!((totals.rows.read, totals.rows.bad), (expected.rows_read, expected.rows_bad));
        prop_assert_eq!(first_bad, expected.first_bad);

        let groups = GroupOptions { top: None, memory_bytes: 64 << 20, workers: threads, may_spill: true };
        let by = ["day".parse::<By>().unwrap()];
        for granularity in [Granularity::Times(CalendarUnit::Day), Granularity::Rows] {
            let mut options = four_columns(scan, granularity);
            let run = GroupRun::new(&by, &mut options.needs, LogClock::LOGS, groups);
            let sinks = Sinks::new(|| run.counter());
            let outcome = sum(&inputs, &options, &sinks, &());
            prop_assert_eq!(outcome.totals.bytes, expected.bytes);
            let grouped = run.finish(sinks.into_all()).unwrap();
            let by_day: BTreeMap<String, (u64, u128)> = grouped
                .rows
                .iter()
                .map(|row| (String::from_utf8(GroupKey::parts(&row.key.0)[0].to_vec()).unwrap(), (row.sum.requests, row.sum.bytes)))
                .collect();
            prop_assert_eq!(&by_day, &expected.by_day);
        }
    }
}

/// A request to write in any format: seconds since 2019-08-23, bytes, path.
type Request = (u32, u32, String);

/// A format's name, its header, and how it writes a request.
type Written = (&'static str, &'static str, fn(&str, &str, &Request) -> String);

const FORMATS: &[Written] = &[
    ("four-columns", "", |day, time, (_, size, url)| format!("{day}\t{time}\t{size}\t{url}")),
    ("tsv", "# size\tstatus\turl\ttime\tdate", |day, time, (_, size, url)| {
        format!("{size}\t200\t{url}\t{time}\t{day}")
    }),
    ("csv", "date,time,\"size\",url", |day, time, (_, size, url)| format!("\"{day}\",{time},{size},\"{url}\"")),
    (
        "cloudfront",
        "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes cs-uri-stem",
        |day, time, (_, size, url)| format!("{day}\t{time}\tFRA2\t{size}\t{url}"),
    ),
    ("w3c", "#Software: IIS\n#Fields: date time cs-uri-stem sc-bytes", |day, time, (_, size, url)| {
        format!("{day} {time} {url} {size}")
    }),
    ("common", "", |day, time, (_, size, url)| {
        format!("h - - [{}/Aug/2019:{time} +0000] \"GET {url} HTTP/1.1\" 200 {size} \"-\" \"x\"", &day[8..])
    }),
    ("cloudflare", "", |day, time, (_, size, url)| {
        format!(
            "{{\"EdgeStartTimestamp\":\"{day}T{time}Z\",\"EdgeResponseBytes\":{size},\"ClientRequestURI\":\"{url}\"}}"
        )
    }),
    ("google", "", |day, time, (_, size, url)| {
        format!(
            "{{\"timestamp\":\"{day}T{time}Z\",\"httpRequest\":{{\"requestUrl\":\"https://h{url}\",\"responseSize\":\"{size}\"}}}}"
        )
    }),
    ("fastly", "", |day, time, (_, size, url)| {
        format!("<134>{day}T{time}Z h log[1]: {{\"date_time\":\"{day}T{time}Z\",\"bytes\":{size},\"url\":\"{url}\"}}")
    }),
    ("bunny", "", |_, _, (second, size, url)| {
        format!("HIT|200|{}|{size}|1|h|-|https://h{url}|DE|x|id|DE", (1_566_518_400 + u64::from(*second)) * 1000)
    }),
    ("cloudfront-realtime", "", |_, _, (second, size, url)| {
        let rest = "\t-".repeat(18);
        format!(
            "{}.123\th\t0.1\t200\t{size}\tGET\thttps\th\t{url}\t1\tFRA2\tid\th\t0.1\tHTTP/2.0\tIPv4{rest}",
            1_566_518_400 + second
        )
    }),
];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, bytes).unwrap();
    packer.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    #[test]
    fn every_format_split_and_packed_in_any_way_gives_the_same(
        requests in proptest::collection::vec((0u32..3 * 86_400, 0u32..50_000, "/[a-z]{1,8}(/[a-z]{1,5})?[.](jpg|JPEG|jfif|png|css|jpg2)([?]v=[0-9])?"), 1..120),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..5),
        block_bytes in prop_oneof![1usize..400, Just(1 << 20)],
        threads in 1usize..4,
    ) {
        let wanted = |(second, _, url): &&Request| (86_400..3 * 86_400).contains(second) && is_jpeg(url);
        let expected: u128 = requests.iter().filter(wanted).map(|(_, size, _)| u128::from(*size)).sum();
        for (name, header, write) in FORMATS {
            let lines: Vec<String> = requests
                .iter()
                .map(|request| {
                    let second = request.0;
                    let day = format!("2019-08-{}", 23 + second / 86_400);
                    let time = format!("{:02}:{:02}:{:02}", second / 3600 % 24, second / 60 % 60, second % 60);
                    write(&day, &time, request)
                })
                .collect();
            // Files of some lines each, every other one compressed, one gzip member per line.
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(lines.len())).chain([lines.len()]).collect();
            ends.sort_unstable();
            ends.dedup();
            let folder = tempfile::tempdir().unwrap();
            let mut begin = 0;
            for (number, end) in ends.into_iter().filter(|end| *end > 0).enumerate() {
                let head = if header.is_empty() { String::new() } else { format!("{header}\n") };
                let text = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
                let content = match number % 3 {
                    0 => (head + &text(&lines[begin..end])).into_bytes(),
                    1 => lines[begin..end].iter().fold(gzip(head.as_bytes()), |packed, line| [packed, gzip(format!("{line}\n").as_bytes())].concat()),
                    _ => zstd::encode_all((head + &text(&lines[begin..end])).as_bytes(), 1).unwrap(),
                };
                fs::write(folder.path().join(format!("{number:03}")), content).unwrap();
                begin = end;
            }
            let mut found = Found::default();
            found.add(folder.path(), &|_| true).unwrap();
            let inputs = found.inputs;
            let scan = ScanOptions { threads, block_bytes, ..ScanOptions::default() };
            let outcome = sum(&inputs, &options(scan, Granularity::Rows), &Sinks::new(|| ()), &());
            prop_assert!(outcome.failed.is_empty(), "{}: {:?}", name, outcome.failed);
            prop_assert_eq!((outcome.totals.bytes, outcome.totals.rows.bad), (expected, 0), "{}", name);
            prop_assert_eq!(outcome.totals.rows.read, requests.len() as u64);
            prop_assert!(outcome.totals.formats.iter().all(|(_, format)| format == name), "{:?}", outcome.totals.formats);
        }
    }
}

/// Date and hour, `second` seconds after 2019-08-23, on a clock `offset_secs` ahead of UTC.
fn hour(second: u32, offset_secs: i32) -> String {
    let begin = chrono::NaiveDate::from_ymd_opt(2019, 8, 23).unwrap().and_hms_opt(0, 0, 0).unwrap();
    let shown = begin + chrono::TimeDelta::seconds(i64::from(second) + i64::from(offset_secs));
    shown.format("%Y-%m-%dT%H:00").to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    #[test]
    fn hours_on_any_clock_are_those_of_the_plain_reference(
        runs in proptest::collection::vec((0u32..3 * 86_400, 1u32..30, 1u32..900, prop_oneof![9 => Just(true), 1 => Just(false)]), 1..30),
        offset_secs in prop_oneof![Just(0), Just(8 * 3600), Just(-3 * 3600 - 1800), Just(5 * 3600 + 2700)],
        ends in proptest::option::of((0u32..4 * 86_400, 0u32..86_400)),
        block_bytes in prop_oneof![20usize..2000, Just(1 << 20)],
        threads in 1usize..4,
    ) {
        // Seconds since 2019-08-23 on the log's clock, whether the time is well formed, the size.
        let rows: Vec<(u32, bool, u32)> = runs
            .iter()
            .flat_map(|(second, rows, step, good)| (0..*rows).map(move |row| (second + row * step, *good || row % 3 > 0, row)))
            .collect();
        let at = |second: u32| {
            let date = chrono::NaiveDate::from_ymd_opt(2019, 8, 23).unwrap() + chrono::Days::new(u64::from(second / 86_400));
            LogTime { date: date.into(), second: second % 86_400 }
        };
        let mut time_range = TimeRange::days(DayRange::new(None, None).unwrap());
        time_range.clock = LogClock::Fixed(offset_secs);
        let (from, to) = ends.map_or((0, u32::MAX), |(from, length)| (from, from + length));
        if ends.is_some() {
            (time_range.from, time_range.to) = (Some(at(from)), Some(at(to)));
        }
        let mut expected: BTreeMap<String, (u64, u128)> = BTreeMap::new();
        for (second, _, size) in rows.iter().filter(|(_, good, _)| *good) {
            if (from..=to).contains(second) || ends.is_none() {
                let sums = expected.entry(hour(*second, offset_secs)).or_default();
                *sums = (sums.0 + 1, sums.1 + u128::from(*size));
            }
        }
        for is_quick in [true, false] {
            let lines: Vec<String> = rows
                .iter()
                .map(|(second, good, size)| {
                    let LogTime { date, second } = at(*second);
                    let seconds = if *good { second % 60 } else { 61 };
                    let time = format!("{:02}:{:02}:{seconds:02}", second / 3600, second / 60 % 60);
                    if is_quick { format!("{date}\t{time}\t{size}\t/{size}.jpg") } else { format!("{size}\t/x.jpg\t{time}\t{date}") }
                })
                .collect();
            let header = if is_quick { "date\ttime\tsize\turl" } else { "size\turl\ttime\tdate" };
            let mut file = tempfile::NamedTempFile::new().unwrap();
            std::io::Write::write_all(&mut file, format!("{header}\n2019-01-01\t00:00:00\n{}\n", lines.join("\n")).as_bytes()).unwrap();
            let scan = ScanOptions { threads, block_bytes, ..ScanOptions::default() };
            let by = ["hour".parse::<By>().unwrap()];
            let granularities = [
                Granularity::Times(CalendarUnit::Hour),
                Granularity::Times(CalendarUnit::Minute),
                Granularity::Rows,
            ];
            for granularity in granularities {
                let mut options = options(scan, granularity);
                options.filter.time_range = time_range.clone();
                options.needs.time = true;
                let groups = GroupOptions { top: None, memory_bytes: 64 << 20, workers: threads, may_spill: true };
                let run = GroupRun::new(&by, &mut options.needs, LogClock::Fixed(offset_secs), groups);
                prop_assert_eq!(run.granularity(), Granularity::Times(CalendarUnit::Hour));
                let sinks = Sinks::new(|| run.counter());
                let outcome = sum(&[Input::Path(file.path().to_owned())], &options, &sinks, &());
                if rows.iter().all(|(_, good, _)| !good) {
                    continue;
                }
                prop_assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
                prop_assert_eq!(outcome.totals.rows.bad, 1 + rows.iter().filter(|(_, good, _)| !good).count() as u64);
                let by_hour: BTreeMap<String, (u64, u128)> = run
                    .finish(sinks.into_all())
                    .unwrap()
                    .rows
                    .iter()
                    .map(|row| (String::from_utf8(GroupKey::parts(&row.key.0)[0].to_vec()).unwrap(), (row.sum.requests, row.sum.bytes)))
                    .collect();
                prop_assert_eq!(&by_hour, &expected);
            }
        }
    }

    #[test]
    fn csv_rows_over_many_lines_are_what_the_csv_crate_reads(
        rows in proptest::collection::vec((0u32..1000, "[a-z\"\n,]{0,12}", any::<bool>()), 1..40),
        forgotten in proptest::option::of(any::<prop::sample::Index>()),
        crlf: bool,
        block_bytes in prop_oneof![1usize..200, Just(1 << 20)],
        threads in 1usize..4,
        packed: bool,
    ) {
        let mut lines = Vec::new();
        let (mut bytes, mut requests, mut bad_line) = (0u128, 0u64, None);
        for (number, (size, path, is_jpeg)) in rows.iter().enumerate() {
            // One row with an unclosed quote; the rows after it have no quotes or line breaks.
            let is_forgotten = forgotten.map(|at| at.index(rows.len())) == Some(number);
            let plain = forgotten.is_some_and(|at| at.index(rows.len()) <= number);
            let url = format!("/{}.{}", if plain { "x".to_owned() } else { path.clone() }, if *is_jpeg { "jpg" } else { "png" });
            let url = match (is_forgotten, plain) {
                (true, _) => format!("\"{url}"),
                (_, true) => url,
                _ => format!("\"{}\"", url.replace('"', "\"\"")),
            };
            if is_forgotten {
                bad_line = Some(2 + lines.iter().map(|line: &String| 1 + line.matches('\n').count()).sum::<usize>());
            } else if *is_jpeg {
                bytes += u128::from(*size);
                requests += 1;
            }
            lines.push(format!("2019-08-24,10:00:00,{size},{url},200"));
        }
        prop_assume!(bad_line.is_none() || rows.len() > 1);
        let end = if crlf { "\r\n" } else { "\n" };
        let text = format!("date,time,size,url,status{end}{}{end}", lines.join(end));
        if bad_line.is_none() {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let read: u128 = reader.records().map(|row| row.unwrap()).filter(|row| row[3].ends_with(".jpg")).map(|row| row[2].parse::<u128>().unwrap()).sum();
            prop_assert_eq!(read, bytes);
        }
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, &if packed { gzip(text.as_bytes()) } else { text.into_bytes() }).unwrap();
        let input = [Input::Path(file.path().to_owned())];
        let scan = ScanOptions { threads, block_bytes, ..ScanOptions::default() };
        let Outcome { totals, failed } = sum(&input, &options(scan, Granularity::Rows), &Sinks::new(|| ()), &());
        prop_assert!(failed.is_empty(), "{:?}", failed);
        prop_assert_eq!((totals.bytes, totals.requests), (bytes, requests));
        prop_assert_eq!(totals.rows.bad, u64::from(bad_line.is_some()));
        prop_assert_eq!(totals.rows.first_bad.first().map(|bad| bad.line as usize), bad_line);
    }
}
