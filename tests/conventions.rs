//! What all commands keep to, in pipelines and on a terminal: the real binary, as a shell runs it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const VOTEKIT: &str = env!("CARGO_BIN_EXE_votekit");
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/cdn.log");
const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/piwik_track.tsv");

/// Runs a line of shell in an empty folder, with `votekit` for the binary.
fn shell(line: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let line = line.replace("votekit", VOTEKIT).replace("SAMPLE", SAMPLE).replace("EVENTS", EVENTS);
    let mut command = Command::new("bash");
    command.args(["-o", "pipefail", "-c", &line]).current_dir(folder.path()).stdin(Stdio::null());
    command.env_remove("VOTEKIT_BALLOTS").env_remove("NO_COLOR").env("TERM", "xterm-256color");
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_reader_that_leaves_early_ends_the_program_quietly() {
    // More than a pipe holds, so that the program is still writing when head is gone.
    for line in [
        "for i in $(seq 200); do cat SAMPLE; done > log; votekit logsum log --by url --type any -q --format json 2>err | head -1",
        "votekit --help | head -1",
        "votekit q1 EVENTS -q | true",
        "for i in 1 2 3; do votekit vote 2; done | head -1",
    ] {
        let output = shell(line);
        assert!(output.status.success(), "{line}: {output:?}");
        assert!(!text(&output.stderr).contains("ipe"), "{line}: {}", text(&output.stderr));
    }
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    for command in ["logsum SAMPLE", "q1", "vote 2", "logsum SAMPLE --by day --format json"] {
        let output = shell(&format!("votekit {command} > /dev/full"));
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(text(&output.stderr).contains("No space left on device"), "{command}: {}", text(&output.stderr));
    }
}

#[test]
fn a_log_that_is_read_is_not_written() {
    for options in [
        "log --rejects log",
        "log --rejects ./link",
        "log --by day --svg log",
        "log --by day --svg log --follow",
        "--rejects log < log",
    ] {
        let run =
            format!("cp SAMPLE log; ln -s log link; timeout 20 votekit logsum {options}; code=$?; cmp SAMPLE log");
        let output = shell(&format!("{run} && exit $code"));
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{options}: {stderr}");
        let name = if options.contains('<') { "stdin" } else { "log" };
        assert!(stderr.contains(&format!("would overwrite {name}, which is read: name another file")), "{stderr}");
    }
    // Nor is anything else replaced by a file: stdout, be it a pipe or a file itself.
    for run in [
        "votekit logsum SAMPLE -q --rejects /dev/stdout",
        "votekit logsum SAMPLE -q --rejects /dev/stdout > out; cat out",
    ] {
        let stdout = text(&shell(run).stdout);
        assert!(stdout.contains("cdn.log\t206\ttoo few") && stdout.contains("\n1569088\n"), "{run}: {stdout}");
    }
}

#[test]
fn an_open_file_is_written_on_and_never_replaced() {
    for path in ["/dev/stderr", "/dev/stdout", "/dev/fd/3", "/proc/self/fd/3"] {
        let line = format!(
            "{{ echo before; votekit logsum SAMPLE --rejects {path}; echo after; }} >>all 2>&1 3>>all; cat all"
        );
        let all = text(&shell(&line).stdout);
        for part in ["before", "1569088", "warning", "cdn.log\t206\t", "after"] {
            assert!(all.contains(part), "{path}, {part}: {all}");
        }
    }
}

#[test]
fn events_that_are_read_are_not_drawn_over() {
    for (read, file) in [("events", "events"), ("--db q1.db", "q1.db")] {
        let made = "cp EVENTS events; votekit q1 load -q events --db q1.db";
        let run = format!("{made}; cp {file} kept; votekit q1 {read} --by day --svg {file}; code=$?; cmp kept {file}");
        let output = shell(&format!("{run} && exit $code"));
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{read}: {stderr}");
        assert!(stderr.contains(&format!("--svg would overwrite {file}, which is read")), "{stderr}");
    }
}

#[test]
fn votes_are_not_drawn_over() {
    for place in ["ballots.db", "sqlite://ballots.db"] {
        let made = "votekit vote 2 -q; cp ballots.db kept";
        let run = format!("{made}; votekit tally --ballots {place} --svg ballots.db; code=$?; cmp kept ballots.db");
        let output = shell(&format!("{run} && exit $code"));
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("--svg would overwrite ballots.db, which is read"), "{stderr}");
    }
}

#[test]
fn what_is_no_file_in_a_folder_is_not_passed_over() {
    let output = shell("mkdir logs; cp SAMPLE logs/a.log; mkfifo logs/b.log; timeout 20 votekit logsum logs");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(text(&output.stdout).is_empty() && stderr.contains("logs/b.log: not a file but a pipe"), "{stderr}");
}

#[test]
fn exit_codes_are_what_help_says() {
    let help = text(&shell("votekit --help").stdout);
    assert!(help.contains("0  done") && help.contains("1  failed") && help.contains("2  used wrongly"), "{help}");
    for (line, code) in [
        ("votekit logsum SAMPLE", 0),
        ("votekit logsum nowhere.log", 1),
        ("votekit logsum --from 2019-08-25 --to 2019-08-24", 2),
        ("votekit logsum --no-such-option", 2),
        ("votekit q1 nowhere.tsv", 1),
        ("votekit q1 --from 2017-04-09", 2),
        ("votekit tally", 1),
        ("votekit vote", 2),
        ("votekit", 2),
    ] {
        assert_eq!(shell(line).status.code(), Some(code), "{line}");
    }
}

#[test]
fn help_lists_the_log_formats() {
    let help = text(&shell("votekit logsum --help").stdout);
    for votekit::weblog::Format { name, about, .. } in votekit::weblog::FORMATS {
        assert!(help.lines().any(|line| line.contains(&format!("- {name}:"))), "{name} {about}: {help}");
    }
}

#[test]
fn stdout_holds_the_result_and_nothing_else() {
    assert_eq!(text(&shell("cat SAMPLE | votekit logsum --from 2019-08-24 --to 2019-08-25").stdout), "638571\n");
    assert_eq!(text(&shell("votekit logsum --from 2019-08-24 --to 2019-08-25 < SAMPLE").stdout), "638571\n");
    let json = shell("votekit vote 2 -q; votekit tally --format json | jq -r '.candidates[1].votes'");
    assert!(text(&json.stdout).ends_with("\n1\n"), "{json:?}");
    // A pipe that brings nothing is not the sample: it would pass for an answer.
    let empty = shell("true | votekit logsum");
    assert_eq!((empty.status.code(), text(&empty.stdout)), (Some(1), String::new()));
}

/// Two days of the built-in sample, whose JPEGs have 638,571 bytes.
const DAYS: &str = "--from 2019-08-24 --to 2019-08-25";

#[test]
fn the_built_in_sample_never_passes_for_a_result() {
    for (line, stdout) in [
        (&*format!("votekit logsum {DAYS}"), "sample\t638571\n"),
        (&format!("votekit logsum {DAYS} --human"), "sample\t638.6 kB\n"),
        (&format!("votekit logsum {DAYS} --format csv"), "sample_bytes\n638571\n"),
        (&format!("votekit logsum {DAYS} --format json | jq -c ."), "{\"sample\":{\"bytes\":638571}}\n"),
        (&format!("votekit logsum {DAYS} 2>&- | cat"), "sample\t638571\n"),
        (&format!("votekit logsum {DAYS} <&-"), "sample\t638571\n"),
        (&format!("votekit logsum {DAYS} --sample"), "638571\n"),
        (&format!("cat SAMPLE | votekit logsum {DAYS} --sample --format json | jq .bytes"), "638571\n"),
        ("votekit logsum --sample -q 2>&-", "1569088\n"),
        ("votekit q1", "sample\t8\n"),
        ("votekit q1 --format json | jq -c .", "{\"sample\":{\"users\":8}}\n"),
        ("votekit q1 --sample --from 2017-04-02", "8\n"),
        ("cat EVENTS | votekit q1", "8\n"),
        ("votekit q1 --collation binary < EVENTS", "5\n"),
    ] {
        let output = shell(line);
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), (stdout, Some(0)), "{line}: {output:?}");
    }
    let shown = terminal(&format!("votekit logsum {DAYS} --color never"));
    assert!(shown.contains("built-in sample") && shown.contains("638,571"), "{shown}");
    let shown = terminal(&format!("votekit logsum {DAYS} --sample --color never"));
    assert!(!shown.contains("built-in sample") && shown.contains("638,571"), "{shown}");
    // The format depends on stdout alone: here stdin is a terminal.
    let piped = terminal(&format!("votekit logsum {DAYS} 2>/dev/null | cat"));
    assert_eq!(piped, "sample\t638571\n");
}

#[test]
fn a_question_that_may_be_about_another_log_is_not_answered_from_the_sample() {
    let days = |options: &str| format!("votekit logsum {DAYS} {options}");
    for line in [
        "votekit logsum",
        "votekit logsum --from 2019-08-24",
        "votekit logsum --to 2019-08-24",
        "votekit logsum --from 08-24 --to 08-25",
        "votekit logsum --from 2019-08-21 --to 2019-08-25",
        "votekit logsum --from 2019-08-24 --to 2019-09-03",
        "votekit logsum --from 2024-08-24 --to 2024-08-25",
        &days("--by day"),
        &days("--by day --svg days.svg"),
        &days("--rejects bad.tsv"),
        &days("--strict"),
        &days("-q"),
        "votekit q1 --install-day 2017-04-01",
        "votekit q1 --from 2017-04-02",
        "votekit q1 --event FIRST_INSTALL",
        "votekit q1 --by day",
        "votekit q1 --user id",
        "votekit q1 -q",
        "votekit q1 --collation binary",
    ] {
        let output = shell(line);
        assert_eq!((output.stdout.len(), output.status.code()), (0, Some(2)), "{line}: {output:?}");
        assert!(text(&output.stderr).contains("--sample"), "{line}: {output:?}");
    }
    // A pipe that brings nothing is an input too.
    let output = shell(&format!("true | votekit logsum {DAYS}"));
    assert_eq!((output.stdout.len(), output.status.code()), (0, Some(1)), "{output:?}");
}

/// Runs a line of shell with a terminal on stdout and stderr; gives what the terminal was sent.
fn terminal(line: &str) -> String {
    let output = shell(&format!("script -qec '{line}' /dev/null"));
    text(&output.stdout).replace('\r', "")
}

#[test]
fn a_terminal_gets_a_table_and_colours_only_where_it_wants_them() {
    let styled = terminal("votekit logsum SAMPLE --by month");
    assert!(styled.contains("requests") && styled.contains("\u{1b}["), "{styled:?}");
    for line in ["NO_COLOR=1 votekit logsum SAMPLE --by month", "votekit --color never logsum SAMPLE --by month"] {
        let plain = terminal(line);
        assert!(
            plain.contains("requests") && !plain.contains("\u{1b}[1m") && !plain.contains("\u{1b}[3"),
            "{line}: {plain:?}"
        );
    }
    assert!(text(&shell("votekit --color always logsum SAMPLE --by month --format table").stdout).contains('\u{1b}'));
}

#[test]
fn nothing_from_data_steers_a_terminal() {
    let log =
        "printf \"date\\ttime\\tsize\\turl\\n2019-08-24\\t1\\t5\\t/\\033]0;x\\007\\033[2J\\302\\233.jpg\\n\" > log; ";
    for format in ["table", "plain", "csv", "json"] {
        let sent = terminal(&format!("{log} votekit --color never logsum log --by url --format {format}"));
        assert!(sent.contains(".jpg"), "{format}: {sent:?}");
        assert!(
            !sent.contains("\u{1b}]") && !sent.contains("\u{1b}[2J") && !sent.contains('\u{9b}'),
            "{format}: {sent:?}"
        );
    }
    let error = shell("votekit logsum $'no\\033[31msuch.log'");
    assert!(!text(&error.stderr).contains('\u{1b}'), "{error:?}");
}

/// A log of one row an hour, from 2026-03-28T22:00 to 2026-03-29T23:00 UTC, and of another year's day; the hour is the size.
const HOURS: &str = "printf \"date\\ttime\\tsize\\turl\\n\" > log; \
    for h in 22 23; do printf \"2026-03-28\\t$h:30:00\\t$h\\t/a.jpg\\n\" >> log; done; \
    for h in 0{0..9} {10..23}; do printf \"2026-03-29\\t$h:30:00\\t1$h\\t/a.jpg\\n\" >> log; done; ";

#[test]
fn times_are_read_as_people_type_them_on_the_clocks_that_were_asked_for() {
    for (options, figure) in [
        // The whole day, of UTC and of Berlin, whose day has 23 hours then.
        ("--from 20260329 --to 29/3/2026", "2676"),
        ("--since today --until today", "2676"),
        ("--from 3/29/2026 --to 2026-3-29 --date-order mdy", "2676"),
        ("--from today --to today --time-zone Europe/Berlin", "2454"),
        ("--from yesterday --to yesterday", "45"),
        ("--from -1d --to -1d", "45"),
        // It is 12:10:30: the whole hour of two hours ago, a minute, and what an offset says.
        ("--from -2h --to -2h", "110"),
        ("--from 10:30 --to 10:30", "110"),
        ("--from 10:31 --to 11:29", "0"),
        ("--from 2026-03-29T10:30Z --to 20260329T1030", "110"),
        ("--from 2026-03-29T12:30+02:00 --to 2026-03-29T12:30:00+02:00", "110"),
        ("--from 12:30 --to 12:30 --time-zone europe/berlin", "110"),
        ("--from 12:30 --to 12:30 --utc-offset +02:00", "110"),
        // Berlin's clocks go from 01:59 to 03:00.
        ("--from 2026-03-29T01:00 --to 2026-03-29T03:59 --time-zone Europe/Berlin", "201"),
    ] {
        let output = shell(&format!("{HOURS} TZ=UTC faketime -f '2026-03-29 12:10:30' votekit logsum log {options}"));
        assert_eq!(text(&output.stdout).trim_end(), figure, "{options}: {output:?}");
    }
    let by_hour = shell(&format!(
        "{HOURS} votekit logsum log --by hour --time-zone Europe/Berlin --to 2026-03-29 | cut -f 1,3 | head -5"
    ));
    let rows = "2026-03-28T23:00\t22\n2026-03-29T00:00\t23\n2026-03-29T01:00\t100\n2026-03-29T03:00\t101\n2026-03-29T04:00\t102\n";
    assert_eq!(text(&by_hour.stdout), rows);
}

#[test]
fn a_time_that_is_none_is_answered_with_how_to_write_one() {
    for (line, way_out) in [
        ("votekit logsum SAMPLE --from Tuesday", "write 2026-01-24"),
        ("votekit logsum SAMPLE --from 8/24/2019", "use --date-order mdy"),
        ("votekit logsum SAMPLE --from 2026-03-29T02:30 --time-zone Europe/Berlin", "write it with its offset"),
        ("votekit logsum SAMPLE --from 2026-10-25T02:30 --time-zone Europe/Berlin", "write it with its offset"),
        ("votekit logsum SAMPLE --time-zone Europe/Berln", "did you mean Europe/Berlin?"),
        ("votekit logsum SAMPLE --time-zone Berlin", "did you mean Europe/Berlin?"),
        ("votekit q1 EVENTS --from 04-02", "lacks its year"),
        ("votekit q1 EVENTS --from 18:00", "is not a whole day"),
        ("votekit q1 EVENTS --cohorts 2017-04-01", "write 2017-04-01..2017-04-14"),
        ("votekit vote 2 -q; votekit tally --at noon", "write 2026-01-24"),
        ("votekit tally --window 10", "write 90s, 10m"),
    ] {
        let output = shell(line);
        assert_eq!(output.status.code(), Some(2), "{line}: {output:?}");
        assert!(text(&output.stderr).contains(way_out), "{line}: {output:?}");
    }
    let typed = shell("votekit q1 EVENTS --install-day 1/4/2017 --from 20170402 --to 2017-4-8");
    assert_eq!(text(&typed.stdout), "8\n", "{typed:?}");
}

/// Every command, with what it takes to be complete.
const COMMANDS: [&str; 12] = [
    "candidates",
    "candidates add Ann",
    "candidates rename 1 Ann",
    "check",
    "export",
    "init",
    "logsum",
    "q1",
    "q1 load",
    "serve",
    "tally",
    "vote 1",
];

/// The long options that the help of `command` shows, and whether they take a value.
fn options(command: &str) -> Vec<(String, bool)> {
    let help = text(&shell(&format!("votekit {command} --help")).stdout);
    let option = |line: &str| {
        let (_, option) = line.trim_start().split_once("--").filter(|(before, _)| before.len() <= 4)?;
        line.trim_start().starts_with('-').then_some(())?;
        let name: String = option.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let takes_value = option[name.len()..].starts_with(" <");
        Some((name, takes_value))
    };
    let found: Vec<_> = help.lines().filter_map(option).collect();
    assert!(found.len() >= 5, "{command}: {help}");
    found
}

/// Holds what every error keeps to; gives the message and the hint.
fn error_of(line: &str, code: i32) -> (String, String) {
    let output = shell(line);
    let stderr = text(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{line}: {stderr}");
    let Some(message) = stderr.strip_prefix("votekit: error: ") else { panic!("{line}: {stderr}") };
    assert!(message.lines().skip(1).all(|line| line.starts_with("  ")), "{line}: {stderr}");
    let json_line = line.replacen("votekit ", "votekit --format json ", 1);
    let json = text(&shell(&json_line).stderr);
    assert_eq!(json.lines().count(), 1, "{json_line}: {json}");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let error = &json["error"];
    assert_eq!(error["exit_code"], code, "{json}");
    let part = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let shown = format!("{}\n{}", part("message"), part("hint")).trim_end().replace('\n', "\n  ");
    assert_eq!(message.trim_end(), shown, "{line}");
    (part("message"), part("hint"))
}

#[test]
fn options_that_do_not_exist_are_answered_with_the_nearest_and_the_help() {
    for command in COMMANDS {
        let name = command.trim_end_matches(" Ann").trim_end_matches(" 1");
        let (message, hint) = error_of(&format!("votekit {command} --no-such-option-at-all"), 2);
        assert!(message.contains("--no-such-option-at-all"), "{message}");
        assert!(hint.ends_with(&format!("for all options: votekit {name} --help")), "{hint}");
        for (option, _) in options(command).iter().filter(|(option, _)| option.len() > 4 && option != "version") {
            let slip = format!("{}{}", &option[..2], &option[3..]);
            let stderr = text(&shell(&format!("votekit {command} --{slip}")).stderr);
            assert!(stderr.contains("\n  did you mean '--"), "{command} --{slip}: {stderr}");
        }
    }
    let (_, hint) = error_of("votekit tallly", 2);
    assert!(hint.starts_with("did you mean 'tally'?"), "{hint}");
    let (_, hint) = error_of("votekit logsm", 2);
    assert!(hint.starts_with("did you mean 'logsum'?"), "{hint}");
    let (message, _) = error_of("votekit logsum --type jpge", 2);
    assert!(message.contains("(did you mean jpeg?)"), "{message}");
    let (message, _) = error_of("votekit logsum --from 24.08.2019", 2);
    assert!(message.ends_with("write 2019-08-24"), "{message}");
    let (_, hint) = error_of("votekit tally --by minut", 2);
    assert!(hint.starts_with("did you mean 'minute'?"), "{hint}");
}

#[test]
fn values_that_cannot_be_are_refused_in_one_form() {
    for command in COMMANDS.iter().filter(|command| !command.starts_with("candidates") && **command != "serve") {
        for (option, _) in options(command).iter().filter(|(_, takes_value)| *takes_value) {
            // A file or a text may have any name; what is not a value of the option is refused before anything is read.
            let output = shell(&format!("votekit {command} --{option} '~ no ~' < /dev/null"));
            let stderr = text(&output.stderr);
            assert_ne!(output.status.code(), Some(101), "{command} --{option}: {stderr}");
            let forms = ["votekit: error: ", "votekit: warning: ", "votekit: ", "  "];
            assert!(stderr.lines().all(|line| forms.iter().any(|form| line.starts_with(form))), "{stderr}");
        }
    }
}

#[test]
fn every_error_ends_with_a_way_out() {
    for (line, code) in [
        ("votekit logsum nowhere.log", 1),
        ("votekit logsum", 2),
        ("votekit logsum SAMPLE --from Tuesday", 2),
        ("votekit logsum SAMPLE --by day --top 0", 2),
        ("votekit logsum SAMPLE --by day --memory 1", 2),
        ("votekit logsum SAMPLE --by day --svg nowhere/a.svg", 1),
        ("votekit logsum SAMPLE --chart", 2),
        ("votekit q1 nowhere.tsv", 1),
        ("votekit q1 --db nowhere.db", 1),
        ("votekit q1 EVENTS --from Tuesday", 2),
        ("votekit q1 load EVENTS --db nowhere/a.db", 1),
        ("votekit tally", 1),
        ("votekit tally --window 10", 2),
        ("votekit init", 2),
        ("votekit check", 1),
        ("votekit serve --listen nowhere", 2),
    ] {
        let (message, hint) = error_of(line, code);
        let ways = ["write ", "name ", "use ", "check ", "make ", "try ", "add ", "votekit ", "--"];
        let last = if hint.is_empty() { &message } else { &hint };
        assert!(ways.iter().any(|way| last.contains(way)), "{line}: {message} / {hint}");
    }
}

#[test]
fn with_json_warnings_and_notes_are_json_too() {
    let output = shell("votekit --json logsum SAMPLE");
    let warning: serde_json::Value = serde_json::from_str(&text(&output.stderr)).unwrap();
    assert!(warning["warning"]["message"].as_str().unwrap().starts_with("1 of 205 rows"), "{warning}");
    let output = shell("votekit init --candidate Ann --format json");
    let note: serde_json::Value = serde_json::from_str(&text(&output.stderr)).unwrap();
    assert!(note["note"]["message"].as_str().unwrap().contains("ballots.db"), "{note}");
    // Nothing in it steers a terminal, and a password is never repeated.
    let error = text(&shell("votekit --json logsum $'no\\033[31m\\302\\233.log'").stderr);
    assert!(!error.contains('\u{1b}') && !error.contains('\u{9b}') && error.contains("\\u009b"), "{error}");
    let help = shell("votekit --json");
    let error: serde_json::Value = serde_json::from_str(&text(&help.stderr)).unwrap();
    assert_eq!((help.status.code(), error["error"]["exit_code"].as_u64()), (Some(2), Some(2)));
}

#[test]
fn the_same_error_of_many_files_is_told_once() {
    let (message, _) =
        error_of("for f in a b c; do echo x > $f.log; done; votekit logsum a.log nowhere.log b.log c.log", 1);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 3, "{message}");
    assert!(lines[1].contains("a.log cannot be understood: its format is not known"), "{message}");
    assert!(lines[1].ends_with("(the same: b.log, c.log)"), "{message}");
}

#[test]
fn other_names_that_people_type_work() {
    assert_eq!(text(&shell("votekit retention EVENTS").stdout), "8\n");
    let json = text(&shell("votekit logsum SAMPLE --json 2>/dev/null | jq .bytes").stdout);
    assert_eq!(json, "1569088\n");
    let candidate = text(&shell("votekit init --candidate Annabel -q; votekit vote Anabel").stderr);
    assert!(candidate.contains("did you mean Annabel?"), "{candidate}");
}

/// Phrases of translated English. Not words: "behind a proxy" is English.
const NOT_SAID: [&str; 20] = [
    "told of",
    "tell of ",
    "tells of ",
    "is none",
    "are none",
    "that of the last",
    "whose matter",
    "stands behind",
    "stands for ",
    "wherever it stands",
    "what is behind",
    "days behind",
    "is no log",
    "is no file",
    "is no number",
    "is no status",
    "is no position",
    "cannot be meant",
    "leave it away",
    "left away",
];

#[test]
fn help_fits_a_screen_and_begins_or_ends_with_examples() {
    for command in [&[""][..], &COMMANDS].concat() {
        let name = command.trim_end_matches(" Ann").trim_end_matches(" 1").trim_end_matches(" add");
        let short = text(&shell(&format!("votekit {name} -h")).stdout);
        assert!(short.lines().count() <= 40, "{name}: {} lines\n{short}", short.lines().count());
        let long = text(&shell(&format!("votekit {name} --help")).stdout);
        for help in [&short, &long] {
            let phrase = NOT_SAID.iter().find(|phrase| help.to_lowercase().contains(*phrase));
            assert_eq!(phrase, None, "{name}: {help}");
        }
        if name.starts_with("candidates ") {
            continue;
        }
        let examples = short.lines().skip_while(|line| *line != "Examples:").skip(1).collect::<Vec<_>>();
        let lines = examples.iter().filter(|line| line.starts_with("  ") && line.contains("votekit ")).count();
        assert!(lines == 3 || examples.len() < 3 && lines > 0, "{name}: {short}");
        assert_eq!(long.lines().nth(2), Some("Examples:"), "{name}: {long}");
    }
    let help = text(&shell("votekit --help").stdout);
    let places: Vec<_> = ["Logs:", "Retention:", "Votes:", "Service:"].iter().map(|group| help.find(group)).collect();
    assert!(places.is_sorted() && !places.contains(&None), "{help}");
}

#[test]
fn errors_are_in_plain_english() {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd");
    let mut seen = 0;
    for file in std::fs::read_dir(cases).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap().to_lowercase();
        for line in text.lines().filter(|line| line.starts_with("votekit: ") || line.starts_with("  ")) {
            let phrase = NOT_SAID.iter().find(|phrase| line.contains(*phrase));
            assert_eq!(phrase, None, "{line}");
            seen += 1;
        }
    }
    assert!(seen > 50);
}

#[test]
fn ctrl_c_ends_it_at_once() {
    // Where the tests run in the background of a shell, SIGINT is ignored, and children would inherit that.
    let mut child = Command::new("env")
        .args(["--default-signal=INT", VOTEKIT, "logsum", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"2019-08-24\t10:00:00\t1\t/a.jpg\n").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let sent = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(2));
    // Not a measurement: it would wait for its stdin, which is still open, for ever.
    assert!(sent.elapsed() < Duration::from_secs(60));
}
