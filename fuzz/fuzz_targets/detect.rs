//! Any file gets a detected format or an error, and its lines are rows or errors.
#![no_main]
use libfuzzer_sys::fuzz_target;
use votekit::weblog::{Choice, Column, Needs, detect};

fuzz_target!(|data: &[u8]| {
    if data.is_empty() {
        return;
    }
    let needs = Needs { time: true, columns: vec![Column::ContentType], ..Needs::default() };
    let Ok(reader) = detect(data, &Choice::Detect, &needs) else { return };
    for line in data.split(|byte| *byte == b'\n') {
        if !reader.is_header(line) {
            let _ = reader.read(line, |row| assert_eq!(row.columns.len(), 1));
        }
        let _ = reader.changed_by(line, &needs);
    }
});
