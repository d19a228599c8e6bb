//! The quick look, halves and blocks give what reading row by row gives, whatever the bytes.
#![no_main]
use libfuzzer_sys::fuzz_target;
use votekit::scan::{Input, ScanOptions};
use votekit::units::Day;
use votekit::weblog::{Choice, Column, DayRange, Filter, Media, Needs, Outcome, Sinks, Span, SumOptions, Test, sum};

fn options(block_bytes: usize, tests: Vec<Test>) -> SumOptions {
    let day = |text: &str| text.parse::<Day>().ok();
    let days = DayRange::new(day("2019-08-24"), day("2019-08-25"));
    let Ok(days) = days else { unreachable!("these days make a range") };
    SumOptions {
        filter: Filter { span: Span::days(days), media: Media::Jpeg, content_type: Some(0), tests },
        needs: Needs { time: false, columns: vec![Column::ContentType] },
        format: Choice::Named("four-columns".to_owned()),
        only_days: false,
        sorted: false,
        strict: false,
        rejects: None,
        scan: ScanOptions { threads: 1, block_bytes, ..ScanOptions::default() },
    }
}

fuzz_target!(|data: &[u8]| {
    // Some rows so that the file is a log, and enough of them that halves are made.
    let mut text = b"2019-08-24\t10:00:00\t1\t/first.jpg\n".to_vec();
    while text.len() < 40_000 && !data.is_empty() {
        text.extend_from_slice(data);
        text.push(b'\n');
        text.extend_from_slice(b"2019-08-24\t10:28:13\t13500\t/media/thumbnail/fd1140af02.jpg\n");
    }
    let input = [Input::BuiltIn { name: "fuzz", bytes: Box::leak(text.into_boxed_slice()) }];
    // A test that always holds keeps the quick look away.
    let always = vec![Test::Url(regex::bytes::Regex::new("").unwrap_or_else(|_| unreachable!("an empty pattern")))];
    let Outcome { totals: quick, .. } = sum(&input, &options(1 << 20, Vec::new()), &Sinks::new(|| ()), &());
    let Outcome { totals: full, .. } = sum(&input, &options(1 << 20, always), &Sinks::new(|| ()), &());
    assert_eq!(quick, full);
    let [Input::BuiltIn { bytes, .. }] = input else { return };
    // SAFETY: the input was made above from a box of this very size, and nothing refers to it any more.
    drop(unsafe { Box::from_raw(std::ptr::from_ref(bytes).cast_mut()) });
});
