//! The layer rule of `src/lib.rs`: imports point down only, and some crates have one home.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
use std::fs;
use std::path::{Path, PathBuf};

/// Module, and what of this crate it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("scan", &["progress"]),
    ("report", &[]),
    ("progress", &[]),
    ("units", &[]),
    ("weblog", &["scan", "report", "progress", "units"]),
    ("retention", &["scan", "report", "progress", "units"]),
    ("ballot", &["report", "progress", "units"]),
    ("store", &["ballot", "report", "progress", "units"]),
    ("api", &["ballot", "report", "progress", "units"]),
];

/// Crates, and the only folder that may name them.
const HOMES: &[(&[&str], &str)] =
    &[(&["clap", "indicatif", "comfy_table"], "cli"), (&["axum", "tokio", "hyper", "utoipa"], "api")];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

/// `(path, first folder or file stem below src, code without comments)` for each source file.
fn rooms() -> Vec<(PathBuf, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let room = |path: &Path| {
        let first = path.strip_prefix(&src).unwrap().components().next().unwrap();
        first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
    };
    let code = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    };
    files.into_iter().map(|path| (path.clone(), room(&path), code(&path))).collect()
}

fn names(code: &str, word: &str) -> bool {
    let part_of_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word).any(|(at, _)| {
        !part_of_word(code[..at].chars().next_back()) && !part_of_word(code[at + word.len()..].chars().next())
    })
}

#[test]
fn imports_point_down_only() {
    let rooms = rooms();
    assert!(rooms.len() > 5, "the sources were found");
    for (path, room, code) in &rooms {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| name == room) else {
            assert!(["main", "lib", "cli"].contains(&room.as_str()), "{room} has no layer: give it one in this test");
            continue;
        };
        for (other, _) in MAY_IMPORT.iter().filter(|(other, _)| other != room && !allowed.contains(other)) {
            let imported = names(code, &format!("crate::{other}")) || names(code, &format!("super::super::{other}"));
            assert!(!imported, "{} imports {other}, which is not below {room}", path.display());
        }
    }
}

#[test]
fn crates_stay_in_their_homes() {
    for (path, room, code) in rooms() {
        for (crates, home) in HOMES.iter().filter(|(_, home)| *home != room) {
            for name in *crates {
                let used = names(&code, &format!("use {name}")) || names(&code, &format!("{name}::"));
                let in_main = room == "main" && *name == "clap";
                assert!(!used || in_main, "{} names {name}, whose home is src/{home}", path.display());
            }
        }
    }
}
