//! The vote commands as a user runs them, one after the other, each test on its own files.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs `votekit` with the words of `line` (split at spaces, `'…'` quotes) and `input` on stdin. Returns exit code, stdout,
/// stderr.
fn run(folder: &Path, line: &str, input: &str) -> (i32, String, String) {
    let words = line.split('\'').enumerate().flat_map(|(at, part)| {
        let words: Vec<&str> = if at % 2 == 1 { vec![part] } else { part.split_whitespace().collect() };
        words
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_votekit"))
        .args(words)
        .current_dir(folder)
        .env_remove("VOTEKIT_BALLOTS")
        .env("TZ", "Asia/Taipei")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

/// Runs each line, compares exit code and stdout, and looks for a text in stderr.
fn story(folder: &Path, steps: &[(&str, i32, &str, &str)]) {
    for (line, code, stdout, told) in steps {
        let done = run(folder, line, "");
        assert_eq!((done.0, done.1.as_str()), (*code, *stdout), "{line}: {}", done.2);
        assert!(done.2.contains(told), "{line}: {}", done.2);
        assert_eq!(done.2.is_empty(), told.is_empty(), "{line}: {}", done.2);
    }
}

#[test]
fn the_first_vote_makes_the_file_and_a_refused_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    story(
        here,
        &[("vote 4", 1, "", "ballots.db was not made: there is no candidate 4; there are 1 薯片, 2 林林, 3 正氣")],
    );
    assert_eq!(fs::read_dir(here).unwrap().count(), 0);
    story(
        here,
        &[
            ("vote 2 --change --voter u", 1, "", "votes cannot be changed in this vote"),
            ("vote 2", 0, "stored\t2\t林林\t1\n", "made ballots.db with the candidates 1 薯片, 2 林林, 3 正氣"),
            ("vote 林林 --opinion 'by far'", 0, "stored\t2\t林林\t2\n", ""),
            ("vote 4", 1, "", "the vote was not stored: there is no candidate 4; there are 1 薯片, 2 林林, 3 正氣"),
            ("vote ''", 1, "", "there is no candidate"),
            ("vote -- -1", 1, "", "there is no candidate -1"),
            ("tally", 0, "1\t薯片\t0\n2\t林林\t2\n3\t正氣\t0\n", ""),
            ("tally --format csv", 0, "candidate_id,name,votes\n1,薯片,0\n2,林林,2\n3,正氣,0\n", ""),
            ("tally --recent", 0, "2\n", ""),
            ("tally --recent --window 1s --at 2020-01-01", 0, "0\n", ""),
            ("tally --at 2020-01-01", 0, "1\t薯片\t0\n2\t林林\t0\n3\t正氣\t0\n", ""),
            ("init --candidate a", 1, "", "ballots.db exists already and is left as it is"),
            ("check -q", 0, "", ""),
        ],
    );
}

#[test]
fn a_vote_for_a_misspelled_file_makes_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here, "init --ballots board.db --candidate Ann --candidate Bo", "");
    let told = "there is no baord.db: did you mean board.db? votekit init --ballots baord.db makes a new one";
    story(
        here,
        &[("vote 2 --ballots baord.db", 1, "", told), ("vote 2 --ballots board.db", 0, "stored\t2\tBo\t1\n", "")],
    );
    let (code, stored, error) = run(here, "vote --stdin --ballots baord.db", "2\n");
    assert!(code == 1 && stored.is_empty() && error.contains(told), "{error}");
    assert!(!here.join("baord.db").exists());
    // Another number, or a longer name, is that of another vote.
    story(
        here,
        &[
            ("vote 2 --ballots board_copy.db", 0, "stored\t2\t林林\t1\n", "made board_copy.db"),
            ("vote 2 --ballots round1.db", 0, "stored\t2\t林林\t1\n", "made round1.db"),
            ("vote 2 --ballots round2.db", 0, "stored\t2\t林林\t1\n", "made round2.db"),
        ],
    );
    // A name of its own is that of another vote, also where a file that is no vote has almost that name.
    fs::write(here.join("lunch.txt"), "notes").unwrap();
    story(here, &[("vote 2 --ballots lunch.db", 0, "stored\t2\t林林\t1\n", "made lunch.db")]);
}

#[test]
fn keys_voters_and_changes() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("voters.csv"), "\u{feff}id,name\nu1,Ann\nu2,\nu3,Bo\n").unwrap();
    fs::write(here.join("people.csv"), "name\n\"Smith, J.\"\n林林\n").unwrap();
    story(
        here,
        &[
            (
                "init -q --candidates people.csv --voters voters.csv --votes-per-voter 1 --allow-change",
                0,
                "1\tSmith, J.\n2\t林林\n",
                "",
            ),
            ("vote 1", 1, "", "this vote asks who votes: add --voter ID"),
            ("vote 1 --voter u9", 1, "", "voter u9 is not on the list of this vote"),
            ("vote 'Smith, J.' --voter u1 --key a", 0, "stored\t1\tSmith, J.\t1\n", ""),
            ("vote 'Smith, J.' --voter u1 --key a", 0, "repeated\t1\tSmith, J.\t1\n", "it counts once"),
            ("vote 2 --voter u1 --key a", 1, "", "key a was used for another vote"),
            ("vote 2 --voter u1", 1, "", "voter u1 has voted 1 of 1 times"),
            ("vote 2 --voter u1 --change", 0, "changed\t2\t林林\t2\n", ""),
            ("tally", 0, "1\tSmith, J.\t0\n2\t林林\t1\n", ""),
            ("export", 0, "2\t林林\t\n", ""),
            ("candidates rename 1 x", 1, "", "candidate 1 has votes"),
            ("candidates add x", 0, "1\tSmith, J.\n2\t林林\n3\tx\n", ""),
            ("candidates rename 3 y", 0, "1\tSmith, J.\n2\t林林\n3\ty\n", ""),
            ("candidates add 17", 1, "", "is a number, which would be taken for a candidate's id"),
        ],
    );
    let record = run(here, "export --with-voters --format json", "").1;
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["votes"][0]["replaced_by"], 2);
    assert_eq!(record["votes"][0]["voter"], "u1");
    let table = run(here, "tally --format table", "").1;
    assert!(table.contains("votes: 1") && table.contains("recent_votes: 1"), "{table}");
}

#[test]
fn a_vote_is_taken_while_it_is_open_and_told_in_local_time() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    story(
        here,
        &[
            (
                "init -q --ballots past.db --candidate a --closes '2020-01-01 08:00'",
                2,
                "",
                "it means 2020-01-01T08:00:00+08:00",
            ),
            ("init -q --ballots past.db --candidate a --closes 22:90", 2, "", "is not a time"),
            ("init -q --ballots soon.db --candidate a --opens 2999-01-01T00:00:00Z", 0, "1\ta\n", ""),
            ("vote 1 --ballots soon.db", 1, "", "voting opens at 2999-01-01T08:00:00+08:00"),
            (
                "init -q --ballots secret.db --title Secret --candidate a --candidate b --closes 2999-01-01 --hide-until-closed",
                0,
                "1\ta\n2\tb\n",
                "",
            ),
            ("vote b --ballots secret.db", 0, "stored\t2\tb\t1\n", ""),
            ("tally --ballots secret.db", 1, "", "the results are hidden until the vote closes at 2999-01-01T00"),
            ("tally --ballots secret.db --format csv", 1, "", "the results are hidden until the vote closes"),
            ("tally --ballots secret.db --at 2999-02-01", 1, "", "the results are hidden until the vote closes"),
            (
                "tally --ballots secret.db --format json --svg a.svg",
                1,
                "",
                "the results are hidden until the vote closes",
            ),
            ("tally --ballots secret.db --recent", 0, "1\n", ""),
            (
                "tally --ballots secret.db --by minute",
                1,
                "",
                "the results are hidden until the vote closes at 2999-01-01T00",
            ),
            ("export --ballots secret.db --with-voters", 1, "", "the results are hidden until the vote closes"),
        ],
    );
    let json: serde_json::Value =
        serde_json::from_str(&run(here, "tally --ballots secret.db --format json", "").1).unwrap();
    assert_eq!(json["candidates"][1]["votes"], serde_json::Value::Null);
    assert_eq!(json["votes"], 1, "turnout is no secret");
    let table = run(here, "tally --ballots secret.db --format table", "").1;
    assert!(table.contains("votes: 1") && table.contains("results: hidden until the vote closes"), "{table}");
}

#[test]
fn ballots_from_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here, "init --candidate a --candidate 薯片", "");
    let lines = "1\n薯片\tu1\tso\tk1\r\n\n{\"candidate_id\": 2, \"opinion\": \"x\\u001b[31m\", \"key\": \"k2\"}\n9\n1\t2\t3\t4\t5\n\
                 {\"candidate_id\": \"2\"}\n薯片\tu1\tso\tk1\n1\tu1\tso\tk1\n1";
    let (code, stdout, told) = run(here, "vote --stdin", lines);
    assert_eq!((code, stdout.as_str()), (1, "4\t1\t4\n"), "{told}");
    for line in [
        "line 5 was not stored: there is no candidate 9",
        "line 6 was not stored: 5 tab-separated fields",
        "line 7 was not stored: not a JSON ballot: invalid type: string",
        "line 9 was not stored: key k1 was used for another vote",
        "4 of 9 lines were not stored",
    ] {
        assert!(told.contains(line), "{told}");
    }
    assert_eq!(run(here, "tally", "").1, "1\ta\t2\n2\t薯片\t2\n");
    let (code, stdout, told) = run(here, "vote --stdin --strict", "1\n\n9\n1\n");
    assert_eq!((code, stdout.as_str()), (1, ""), "{told}");
    assert!(told.contains("line 3 was not stored") && told.contains("nothing was stored"), "{told}");
    assert_eq!(run(here, "vote --stdin --strict", "1\nx").0, 1);
    assert_eq!(run(here, "tally --recent", "").1, "4\n");
    assert_eq!(run(here, "vote --stdin --strict", "1\n2\n").1, "2\t0\t0\n");
    assert_eq!(run(here, "vote --stdin", "").1, "0\t0\t0\n");
    // An endless line is reported, and the next one is read.
    let endless = format!("{}\n2\n", "2".repeat(300_000));
    let (code, stdout, told) = run(here, "vote --stdin", &endless);
    assert_eq!((code, stdout.as_str()), (1, "1\t0\t1\n"), "{told}");
    assert!(told.contains("line 1 was not stored: the line is longer than 262144 bytes"), "{told}");
    // No format lets control sequences through.
    for format in ["plain", "json", "table"] {
        let text = run(here, &format!("export --format {format}"), "").1;
        assert!(text.contains("[31m") && !text.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn limits_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here, "init --candidate a", "");
    let vote = |opinion: usize| run(here, &format!("vote 1 --opinion '{}'", "薯".repeat(opinion)), "");
    assert_eq!(vote(10_000).0, 0);
    assert!(vote(10_001).2.contains("the opinion has 10001 characters, 10000 are allowed"));
    let told = run(here, &format!("vote 1 --key '{}'", "k".repeat(201)), "").2;
    assert!(told.contains("the key has 201 characters, 200 are allowed"), "{told}");
    let names: String = (0..1001).map(|at| format!("c{at}\n")).collect();
    let (code, _, told) = run(here, "init --ballots many.db --candidates -", &names);
    assert!(code == 2 && told.contains("1001 candidates are more than the 1000"), "{told}");
    assert!(!here.join("many.db").exists());
}

#[test]
fn lists_and_names_as_people_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (name, text) in [
        ("excel.csv", "\u{feff}name;id\r\nAnn;u1\r\n;u2\r\n"),
        ("tabs.csv", "\"id\"\tname\nu1\tAnn\nu2\t\n"),
        ("bare.csv", "u1,Ann\n\nu2\n"),
    ] {
        fs::write(here.join(name), text).unwrap();
        let file = format!("{name}.db");
        story(
            here,
            &[
                (&format!("init -q --ballots {file} --candidate a --voters {name}"), 0, "1\ta\n", ""),
                (&format!("vote 1 --ballots {file} --voter u1"), 0, "stored\t1\ta\t1\n", ""),
                (&format!("vote 1 --ballots {file} --voter u2"), 0, "stored\t1\ta\t2\n", ""),
                (&format!("vote 1 --ballots {file} --voter id"), 1, "", "voter id is not on the list"),
            ],
        );
    }
    fs::write(here.join("same.csv"), "name\nJos\u{e9}\nJose\u{301}\n").unwrap();
    fs::write(here.join("three.csv"), "u1,Ann,x\n").unwrap();
    story(
        here,
        &[
            ("init --candidates same.csv", 2, "", "two candidates' names look the same"),
            ("init --candidate a --candidate a\u{200b}", 2, "", "two candidates' names look the same"),
            ("init --candidate a --voters three.csv", 1, "", "3 columns and no header that names `id`"),
            ("init --candidate a --voters /dev/zero", 1, "", "it is longer than 256 MiB"),
            ("init --candidate a --voters .", 1, "", "cannot read the list .: Is a directory"),
            ("init -q --candidate Jos\u{e9}", 0, "1\tJos\u{e9}\n", ""),
            ("candidates add Jose\u{301}", 1, "", "looks the same as that of candidate 1"),
            ("candidates rename 1 Jose\u{301}", 0, "1\tJose\u{301}\n", ""),
            ("tally --at nonsense", 2, "", "is not a time"),
        ],
    );
    let done = Command::new(env!("CARGO_BIN_EXE_votekit"))
        .args(["init", "--ballots", "none.db", "--candidate", "a", "--closes", "2026-10-25 02:30"])
        .env("TZ", "Europe/Berlin")
        .current_dir(here)
        .output()
        .unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(told.contains("is shown twice by the clocks of the zone"), "{told}");
    assert!(!here.join("none.db").exists());
}

#[test]
fn pictures() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here, "init --title '<Best> & first' --candidate a --candidate b", "");
    run(here, "vote --stdin", "1\n2\n2\n");
    let chart = run(here, "tally --chart", "").1;
    assert!(chart.contains("a  1  █") && chart.contains("votes: 3"), "{chart}");
    assert_eq!(chart.matches("<Best> & first").count(), 1, "{chart}");
    assert_eq!(run(here, "tally --svg bars.svg --by minute", "").1.lines().count(), 2);
    assert_eq!(run(here, "tally --svg totals.svg", "").0, 0);
    for name in ["bars.svg", "totals.svg"] {
        let svg = fs::read_to_string(here.join(name)).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("&lt;Best&gt; &amp; first"), "{svg}");
    }
}

/// A terminal that reports width 0 does not know its width; cells must not be wrapped to one letter.
#[test]
#[cfg(target_os = "linux")]
fn a_table_on_a_terminal_that_does_not_know_its_width() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "init --candidate 'A long name' --candidate b", "");
    let command = format!("stty cols 0; '{}' tally --color always", env!("CARGO_BIN_EXE_votekit"));
    let done = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(folder.path())
        .env_remove("VOTEKIT_BALLOTS")
        .env_remove("COLUMNS")
        .stdin(Stdio::null())
        .output()
        .expect("script, of util-linux, is everywhere");
    let shown = String::from_utf8(done.stdout).unwrap();
    assert!(shown.contains("A long name"), "{shown}");
}

#[test]
fn a_vote_is_run_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let run_ok = |line: &str| {
        let done = run(here, line, "");
        assert_eq!(done.0, 0, "{line}: {}", done.2);
        (done.1, done.2)
    };
    run_ok("init -q --candidate a --candidate b --hide-results until-closed");
    run_ok("vote 1 --key k");
    assert!(run_ok("close").0.starts_with("closed\t"), "the answer says how it is now");
    assert!(run_ok("close").1.contains("it is closed already"));
    assert!(run(here, "vote 1", "").2.contains("voting closed at"));
    assert_eq!(run_ok("tally").0, "1\ta\t1\n2\tb\t0\n");
    let (state, told) = run_ok("open");
    assert!(state.starts_with("open\t") && told.contains("which had passed, was taken away"), "{state} {told}");
    assert!(run(here, "tally", "").2.contains("the results are hidden until the vote closes"));
    run_ok("set --hide-results audience --title 'Round 2' --closes +10m");
    assert_eq!(run_ok("tally").0, "1\ta\t1\n2\tb\t0\n", "the organiser sees them");
    for (line, told) in [
        ("set", "nothing to set"),
        ("set --closes 2020-01-01", "is in the past"),
        ("set --votes-per-voter 0", "a voter can have 1 to"),
        ("set --once-per-browser yes --votes-per-voter 1", "exclude each other"),
        ("reset", "add --yes"),
    ] {
        let done = run(here, line, "");
        assert!(done.0 == 2 && done.2.contains(told), "{line}: {done:?}");
    }
    run_ok("set --closes none");
    assert_eq!(run_ok("candidates remove 2").0, "1\ta\n");
    assert!(run(here, "candidates remove 1", "").2.contains("candidate 1 has votes"));
    let (taken, _) = run_ok("reset --yes");
    let backup = taken.trim().split('\t').nth(1).unwrap().to_owned();
    assert!(taken.starts_with("1\t"), "{taken}");
    assert_eq!(run_ok("tally").0, "1\ta\t0\n");
    assert_eq!(run_ok(&format!("tally --ballots {backup}")).0, "1\ta\t1\n");
    assert!(run(here, "vote 1 --key k", "").2.contains("before the vote was reset"));
    let history = run_ok("history").0;
    for what in [
        "\tmade\n",
        "\tclosed\n",
        "\topened; ",
        "it does not close by itself",
        "candidate 2 was removed: b",
        "reset: 1 votes",
    ] {
        assert!(history.contains(what), "{what}: {history}");
    }
    assert_eq!(run_ok("check -q").0, "");
}

#[test]
fn what_was_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("voters.csv"), "id;name\nu1;Ann\nu2;Bo\n").unwrap();
    fs::write(here.join("face.gif"), b"GIF89a......").unwrap();
    fs::write(here.join("people.csv"), "id,name,about,picture\n2,Bo,\"likes, commas\",face.gif\n1,Ann,,\n").unwrap();
    let (code, stdout, told) =
        run(here, "init --candidates people.csv --candidate Cy --voters voters.csv --closes 2999-01-01", "");
    assert_eq!((code, stdout.as_str()), (0, "1\tAnn\n2\tBo\n3\tCy\n"), "{told}");
    assert!(told.contains("3 candidates; 2 voters, the first u1; closes 2999-01-01T00:00:00+08:00"), "{told}");
    use std::os::unix::fs::PermissionsExt;
    let mode = |name: &str| here.join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("ballots.db"), 0o600);
    assert_eq!(run(here, "init -q --ballots group.db --candidate a --group-access", "").0, 0);
    assert_eq!(mode("group.db"), 0o660);
    for (list, told) in [
        ("id,name\n1,Ann\n1,Bo\n", "two candidates have the id 1"),
        ("email\nAnn\n", "looks like a header"),
        ("name,picture\nAnn,people.csv\n", "is not a JPEG"),
        ("name,picture\nAnn,gone.png\n", "cannot read the picture"),
        ("name\n\u{3164}\n", "has no visible character"),
        ("name\nAnn\nANN\n", "look the same"),
    ] {
        fs::write(here.join("list.csv"), list).unwrap();
        let done = run(here, "init --ballots other.db --candidates list.csv", "");
        assert!(done.0 != 0 && done.1.is_empty() && done.2.contains(told), "{list}: {done:?}");
        assert!(!here.join("other.db").exists());
    }
    let done = Command::new(env!("CARGO_BIN_EXE_votekit"))
        .args(["init", "--ballots", "other.db", "--candidate", "a", "--closes", "2999-06-01 21:00"])
        .env("TZ", "Europ/Berlin")
        .current_dir(here)
        .output()
        .unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.code() == Some(2) && told.contains("does not know the zone TZ=Europ/Berlin"), "{told}");
}
