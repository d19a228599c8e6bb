//! Lines of a known format: a row or an error, and never more than one of them.
#![no_main]
use libfuzzer_sys::fuzz_target;

const FORMATS: &[&str] = &["common"];

fuzz_target!(|data: &[u8]| votekit_fuzz::lines(data, FORMATS));
