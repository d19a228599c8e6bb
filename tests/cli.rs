//! The real binary on the cases of tests/cmd. `TRYCMD=overwrite cargo test --test cli` rewrites the expectations: review the
//! diff.

#[test]
fn cases() {
    let cases = trycmd::TestCases::new();
    // A developer's environment must not change the results.
    for name in ["NO_COLOR", "VOTEKIT_BALLOTS", "MYSQL_PWD"] {
        cases.env(name, "");
    }
    cases.case("tests/cmd/*.trycmd").case("tests/cmd/*.toml");
}
