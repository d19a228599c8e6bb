//! Lines in a known format: each is exactly one row or one error.
#![no_main]
use libfuzzer_sys::fuzz_target;

const FORMATS: &[&str] = &["csv", "tsv", "cloudfront", "w3c", "bunny", "cloudfront-realtime", "four-columns"];

fuzz_target!(|data: &[u8]| votekit_fuzz::lines(data, FORMATS));
