//! The documentation's links lead somewhere, and what it must list is listed. tests/readme.py runs its examples.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use votekit::weblog::FORMATS;

/// All Markdown pages of the top folder and of docs/.
fn pages() -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [top.to_owned(), top.join("docs"), top.join("samples")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|ext| ext == "md")).collect()
}

/// The anchor that a heading gets: `## A `--by` key` is `a---by-key`.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c)).collect::<String>().replace(' ', "-")
}

#[test]
fn links_lead_to_files_and_headings() {
    let link = regex::Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut broken = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in link.captures_iter(&text).map(|found| found.get(1).unwrap().as_str().to_owned()) {
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let has_heading = || {
                let text = fs::read_to_string(&file).unwrap();
                text.lines().any(|line| line.starts_with('#') && anchor(line) == heading)
            };
            if !file.exists() || (!heading.is_empty() && !has_heading()) {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_log_format_is_described() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats.md")).unwrap();
    let missing: Vec<_> =
        FORMATS.iter().map(|format| format.name).filter(|name| !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/formats.md does not describe {missing:?}");
}

#[cfg(feature = "serve")]
#[test]
fn every_option_of_serve_is_in_the_table_with_its_variable() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/on-the-air.md")).unwrap();
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_votekit")).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, options) = help.split_once("Options:").unwrap();
    let (own, _) = options.split_once("Output:").unwrap();
    let flag = regex::Regex::new(r"(?m)^ +(?:-\w, )?--([a-z-]+)").unwrap();
    let flags: Vec<&str> = flag.captures_iter(own).map(|found| found.get(1).unwrap().as_str()).collect();
    assert!(flags.len() > 10, "{own}");
    for flag in flags.iter().filter(|flag| !["ballots", "help"].contains(flag)) {
        let variable = format!("VOTEKIT_SERVE_{}", flag.replace('-', "_").to_uppercase());
        assert!(text.contains(&format!("| `--{flag}` | `{variable}` |")), "--{flag}");
    }
}

#[test]
fn readme_stays_one_page() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let lines = text.lines().count();
    assert!(lines <= 150, "README has {lines} lines; longer explanations belong into docs/");
}
