//! The fast path, half blocks and any block size give the same sum as reading row by row.
#![no_main]
use libfuzzer_sys::fuzz_target;
use votekit::scan::{Input, ScanOptions};
use votekit::units::Day;
use votekit::weblog::{
    Choice, Column, Date, DayRange, Filter, Granularity, LogTime, Media, Needs, Outcome, Sinks, SumOptions, Test, TimeRange,
    Totals, sum,
};

/// The two halves of a block of 16 KiB or more are read together.
const BLOCK_BYTES: usize = 24 << 10;

fn options(format: &str, block_bytes: usize, time: bool, tests: Vec<Test>) -> SumOptions {
    let day = |text: &str| text.parse::<Day>().ok();
    let (first, last) = (day("2019-08-24"), day("2019-08-25"));
    let Ok(days) = DayRange::new(first, last) else { unreachable!("these days make a range") };
    let from = first.filter(|_| time).map(|day| LogTime { date: day.into(), second: 10 * 3600 + 28 * 60 });
    SumOptions {
        filter: Filter {
            time_range: TimeRange { from, ..TimeRange::days(days) },
            media: Media::Jpeg,
            content_type: Some(0),
            tests,
        },
        needs: Needs { time, columns: vec![Column::ContentType], ..Needs::default() },
        format: Choice::Named(format.to_owned()),
        granularity: Granularity::Rows,
        sorted: false,
        strict: false,
        in_order: false,
        allow_bad: true,
        latest: Date::new(2100, 1, 1),
        rejects: None,
        scan: ScanOptions { threads: 1, block_bytes, ..ScanOptions::default() },
    }
}

/// Reads `text` in each of the ways.
fn totals(text: Vec<u8>, ways: &[SumOptions]) -> Vec<Totals> {
    let input = [Input::BuiltIn { name: "fuzz", bytes: Box::leak(text.into_boxed_slice()) }];
    let found = ways.iter().map(|options| {
        let Outcome { totals, .. } = sum(&input, options, &Sinks::new(|| ()), &());
        totals
    });
    let found = found.collect();
    if let [Input::BuiltIn { bytes, .. }] = input {
        // SAFETY: the input was made above from a box of exactly this size, and nothing refers to it any more.
        drop(unsafe { Box::from_raw(std::ptr::from_ref(bytes).cast_mut()) });
    }
    found
}

fuzz_target!(|data: &[u8]| {
    // Enough rows for a log, and just enough for two halves: a block of the usual size would be too slow.
    let mut text = b"2019-08-24\t10:00:00\t1\t/first.jpg\n".to_vec();
    while text.len() < 18_000 && !data.is_empty() {
        text.extend_from_slice(data);
        text.push(b'\n');
        text.extend_from_slice(b"2019-08-24\t10:28:13\t13500\t/media/thumbnail/fd1140af02.jpg\n");
    }
    // A filter that always matches disables the fast path.
    let always = vec![Test::Url(regex::bytes::Regex::new("").unwrap_or_else(|_| unreachable!("an empty pattern")))];
    for time in [false, true] {
        let ways = [Vec::new(), always.clone()].map(|tests| options("four-columns", BLOCK_BYTES, time, tests));
        let found = totals(text.clone(), &ways);
        assert_eq!(found[0], found[1]);
    }
    // CSV rows that span lines, and lines that only seem to.
    let csv = [b"date,size,url\n2019-08-24,1,/first.jpg\n", data].concat();
    let found = totals(csv, &[1, 50, BLOCK_BYTES].map(|block_bytes| options("csv", block_bytes, false, Vec::new())));
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{found:?}");
});
