//! The real binary on the cases of tests/cmd and on README's examples. `TRYCMD=overwrite cargo test --test cli` rewrites
//! the expectations: read the difference before you believe it.

#[test]
fn cases() {
    let cases = trycmd::TestCases::new();
    // What a developer's shell sets must not change what is tested.
    for name in ["NO_COLOR", "VOTEKIT_BALLOTS", "MYSQL_PWD"] {
        cases.env(name, "");
    }
    cases.case("tests/cmd/*.trycmd").case("tests/cmd/*.toml");
}
