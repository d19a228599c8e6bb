//! Lines of a known format: a row or an error, and never more than one of them.
#![no_main]
use libfuzzer_sys::fuzz_target;

const FORMATS: &[&str] = &["csv", "tsv", "cloudfront", "w3c", "bunny", "cloudfront-realtime", "four-columns"];

fuzz_target!(|data: &[u8]| votekit_fuzz::lines(data, FORMATS));
