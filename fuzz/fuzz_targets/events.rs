//! The fast path and the full parser give the same answer and the same errors about any events.
#![no_main]
use chrono::NaiveDate;
use libfuzzer_sys::fuzz_target;
use votekit::retention::{Collation, Engine, EventFiles, EventOptions, Question};
use votekit::scan::{Input, ScanOptions};

fn answer(text: Vec<u8>, collation: Collation) -> Result<(u64, u64, Vec<u64>), String> {
    let day = |day| NaiveDate::from_ymd_opt(2017, 4, day).unwrap_or_default();
    let question = Question { install_day: day(1), from: day(2), to: day(8), event: "FIRST_INSTALL".to_owned() };
    let scan = ScanOptions { threads: 1, ..ScanOptions::default() };
    let options = EventOptions { scan, ..EventOptions::default() };
    let bytes: &'static [u8] = Box::leak(text.into_boxed_slice());
    let input = [Input::BuiltIn { name: "fuzz", bytes }];
    let mut files = EventFiles::new(&input, collation, &options, &());
    let users = files.answer(&question).map(|answer| answer.users).map_err(|error| error.to_string());
    let read = files.events_read().cloned().unwrap_or_default();
    // SAFETY: the bytes come from a box of exactly this size, and nothing refers to them any more.
    drop(unsafe { Box::from_raw(std::ptr::from_ref(bytes).cast_mut()) });
    Ok((users?, read.rows.read, read.rows.first_bad.iter().map(|bad| bad.line).collect()))
}

fuzz_target!(|data: &[u8]| {
    let usual = b"2017-04-01 10:00:00\tF01A112A\tFIRST_INSTALL\n2017-04-08 23:59:59\tf01a112a\tOPEN\n".repeat(3);
    let text = [data, b"\n", &usual].concat();
    let lines = || text.split(|byte| *byte == b'\n');
    // The fast path handles a limited number of columns: nine empty ones disable it.
    let file = |before: &[u8]| {
        let mut file = [before, b"time\tuid\tevent_name\n"].concat();
        for line in lines() {
            // An empty line is not a row and must not become one.
            if !line.is_empty() && line != b"\r" {
                file.extend_from_slice(before);
            }
            file.extend_from_slice(line);
            file.push(b'\n');
        }
        file
    };
    for collation in [Collation::GeneralCi, Collation::Binary] {
        assert_eq!(answer(file(b""), collation), answer(file(b"\t\t\t\t\t\t\t\t\t"), collation));
    }
});
