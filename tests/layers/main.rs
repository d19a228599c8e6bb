//! The layer rule of `src/lib.rs`: imports point down only, no two files import each other, and some crates have one home.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
mod imports;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use imports::{Import, Sources};

/// The entries of `src`, from the bottom up. An entry may import entries of lower layers; of its own layer only what
/// [`BESIDE`] allows.
const LAYERS: &[&[&str]] = &[
    &["scan", "report", "pending_file", "progress", "threads", "nearest", "units"],
    &["rows", "dial"],
    &["weblog", "retention", "ballot"],
    &["api", "store"],
    &["main", "lib", "cli"],
];

/// An entry, and one of its own layer that it may import.
const BESIDE: &[(&str, &str)] = &[("scan", "progress"), ("scan", "threads"), ("units", "nearest"), ("main", "cli")];

/// An entry, and one of a lower layer that it may not import.
const NEVER: &[(&str, &str)] = &[
    ("api", "weblog"),
    ("api", "retention"),
    ("store", "weblog"),
    ("store", "retention"),
    ("ballot", "scan"),
    ("ballot", "dial"),
    ("weblog", "dial"),
];

/// Crates, and the only entries that may name them.
const HOMES: &[(&[&str], &[&str])] = &[
    (&["clap", "indicatif", "comfy_table"], &["cli"]),
    (&["plotters"], &["cli/draw"]),
    (&["axum", "hyper", "utoipa", "utoipa_axum", "tokio"], &["api"]),
    (&["qrcodegen"], &["api/qr.rs"]),
    (&["rusqlite"], &["store/sqlite", "retention"]),
    (&["mysql", "mysql_common"], &["dial", "retention", "store/mysql"]),
];

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

/// The sources, parsed once for all tests.
static SOURCES: LazyLock<Sources> = LazyLock::new(|| {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    files_below(&src, &mut files);
    assert!(files.len() > 50, "the sources were found");
    let name = |path: &Path| path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
    let files: Vec<_> = files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect();
    Sources::read("votekit", &files)
});

/// The folder or file directly below `src` that `path` belongs to.
fn room(path: &str) -> &str {
    path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// What is wrong with `import`, if anything.
fn fault(import: &Import) -> Option<String> {
    let (from, to) = (room(&import.from), room(&import.to));
    let layer = |room: &str| LAYERS.iter().position(|layer| layer.contains(&room));
    let (Some(from_layer), Some(to_layer)) = (layer(from), layer(to)) else {
        return Some(format!("{from} or {to} has no layer: give it one in this test"));
    };
    let rule = (from, to);
    let allowed = from == to || BESIDE.contains(&rule) || to_layer < from_layer && !NEVER.contains(&rule);
    (!allowed).then(|| format!("{} imports {}, which {from} may not", import.from, import.to))
}

/// For each file that depends on itself, the shortest cycle. Test code may import sideways.
fn circles(imports: &BTreeSet<Import>) -> BTreeMap<String, Vec<String>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for import in imports.iter().filter(|import| !import.in_test && !import.passed_on) {
        next.entry(&import.from).or_default().insert(&import.to);
    }
    let circle = |start: &str| {
        let mut before: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(file) = queue.pop_front() {
            for to in next.get(file).into_iter().flatten() {
                if !before.contains_key(to) {
                    before.insert(to, file);
                    queue.push_back(to);
                }
            }
        }
        let mut way = vec![start.to_owned()];
        let mut file = *before.get(start)?;
        while file != start {
            way.push(file.to_owned());
            file = before[file];
        }
        way.push(start.to_owned());
        way.reverse();
        Some((start.to_owned(), way))
    };
    next.keys().filter_map(|start| circle(start)).collect()
}

/// What is wrong with `file` naming the crate `name`, if anything.
fn stray(file: &str, name: &str) -> Option<String> {
    let (_, homes) = HOMES.iter().find(|(crates, _)| crates.contains(&name))?;
    let at_home = homes.iter().any(|home| Path::new(file).starts_with(home));
    (!at_home).then(|| format!("{file} names {name}, whose home is {}", homes.join(" and ")))
}

#[test]
fn imports_point_down_only() {
    let imports = SOURCES.imports();
    let faults: Vec<String> = imports.iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_files_import_each_other() {
    let found = circles(&SOURCES.imports());
    let ways: Vec<String> = found.values().map(|way| way.join(" → ")).collect();
    assert!(ways.is_empty(), "circles of imports:\n{}", ways.join("\n"));
}

#[test]
fn crates_stay_in_their_homes() {
    let crates = SOURCES.crates();
    let strays: Vec<String> = crates.iter().filter_map(|(file, name)| stray(file, name)).collect();
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn the_tables_name_what_there_is() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in LAYERS.iter().copied().flatten() {
        assert!(src.join(room).is_dir() || src.join(format!("{room}.rs")).is_file(), "there is no {room}");
    }
    let crates = SOURCES.crates();
    for (names, homes) in HOMES {
        for home in *homes {
            let used =
                crates.iter().any(|(file, name)| Path::new(file).starts_with(home) && names.contains(&name.as_str()));
            assert!(used, "{home} names none of {names:?}");
        }
    }
}

type Files<'a> = &'a [(&'a str, &'a str)];

/// Sources made of small files, given as `(path, text)`.
fn small(files: Files<'_>) -> Sources {
    let files: Vec<_> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Sources::read("votekit", &files)
}

#[test]
fn imports_are_found_however_they_are_written() {
    let to = "pub struct T; pub fn f() {} pub mod deep { pub struct D; }";
    for text in [
        "use crate::b::T;",
        "use crate::{b::{self, T}, progress};",
        "use super::{b::T as U};",
        "use super::b; fn g() -> b::T { todo!() }",
        "use super::b::*; fn g(_: T) {}",
        "fn g() { crate::b::f() }",
        "fn g() { super::b::f() }",
        "fn g() { use crate::b::f; f() }",
        "use crate::b; fn g() { println!(\"{}\", b::f()) }",
        "fn g() { assert!(0..crate::b::f() == 1) }",
        "#[derive(Debug)] struct S { #[arg(value_parser = crate::b::f)] x: u8 }",
        "pub use crate::b::T;",
        "use crate::b::deep::D;",
        "mod inner { use super::super::b::T; }",
        "use crate as root; fn g() { root::b::f() }",
        "use crate::facade::T;",
        "use crate::facade; fn g() { facade::T }",
        "use crate::{facade::c::K as L};fn g() { L }",
    ] {
        let files = [
            ("lib.rs", "mod a; mod b; mod facade;"),
            ("a.rs", text),
            ("b.rs", to),
            ("facade/mod.rs", "mod c; pub use crate::b::T;"),
            ("facade/c.rs", "pub use super::T as K;"),
        ];
        let imports = small(&files).imports();
        assert!(imports.iter().any(|import| import.from == "a.rs" && import.to == "b.rs"), "{text}: {imports:?}");
    }
}

#[test]
fn what_is_no_import_is_not_found() {
    for text in [
        "// use crate::b::T;\nfn g() {}",
        "const X: &str = \"crate::b::f()\";",
        "fn b() {} fn g(x: S) { b(); x.b(); println!(\"{}\", x.b) }",
        "use other::b::f; fn g() { f() }",
        "/// [`crate::b::T`]\nfn g() {}",
        "mod b { pub fn f() {} } fn g() { b::f() }",
    ] {
        let imports = small(&[("lib.rs", "mod a; mod b;"), ("a.rs", text), ("b.rs", "pub fn f() {}")]).imports();
        assert!(imports.is_empty(), "{text}: {imports:?}");
    }
}

#[test]
fn circles_are_found_through_parents_and_over_several_files() {
    let lib = ("lib.rs", "mod a;");
    let cases: &[(Files<'_>, &[&str])] = &[
        // Two files, of which one imports the other through their parent.
        (
            &[
                lib,
                ("a/mod.rs", "mod x; mod y; pub use y::Y;"),
                ("a/x.rs", "use super::Y; pub struct X;"),
                ("a/y.rs", "use super::x::X; pub struct Y;"),
            ],
            &["a/x.rs", "a/y.rs"],
        ),
        // A cycle of three, and one file outside it.
        (
            &[
                lib,
                ("a/mod.rs", "mod x; mod y; mod z; mod w;"),
                ("a/x.rs", "use super::y::Y; pub struct X;"),
                ("a/y.rs", "use super::z::Z; pub struct Y;"),
                ("a/z.rs", "use super::{x::X}; pub struct Z;"),
                ("a/w.rs", "use super::x::X;"),
            ],
            &["a/x.rs", "a/y.rs", "a/z.rs"],
        ),
        // A parent that uses its child, which uses the parent.
        (
            &[lib, ("a/mod.rs", "mod x; use x::X; pub struct A;"), ("a/x.rs", "pub struct X; fn f(_: super::A) {}")],
            &["a/mod.rs", "a/x.rs"],
        ),
        // A parent that only re-exports its child's items is in no cycle, nor is a test.
        (
            &[
                lib,
                ("a/mod.rs", "mod x; pub use x::X; pub struct A;"),
                ("a/x.rs", "pub struct X; fn f(_: super::A) {}"),
            ],
            &[],
        ),
        (
            &[
                lib,
                ("a/mod.rs", "mod x; mod y;"),
                ("a/x.rs", "use super::y::Y; pub struct X;"),
                ("a/y.rs", "pub struct Y; #[cfg(test)] mod tests { use crate::a::x::X; }"),
            ],
            &[],
        ),
    ];
    for (files, expected) in cases {
        let found = circles(&small(files).imports());
        assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), *expected, "{files:?}");
    }
}

#[test]
fn layers_and_homes_are_held() {
    let import = |from: &str, to: &str| {
        fault(&Import { from: from.to_owned(), to: to.to_owned(), in_test: false, passed_on: false })
    };
    for (from, to) in [
        ("scan/split.rs", "weblog/by.rs"),
        ("weblog/by.rs", "ballot/vote.rs"),
        ("api/app.rs", "store/mod.rs"),
        ("store/mod.rs", "retention/mod.rs"),
        ("units.rs", "report.rs"),
        ("api/x.rs", "cli/mod.rs"),
        ("lib.rs", "cli/mod.rs"),
        ("new/mod.rs", "report.rs"),
    ] {
        assert!(import(from, to).is_some(), "{from} {to}");
    }
    for (from, to) in [
        ("weblog/by.rs", "weblog/url.rs"),
        ("weblog/by.rs", "scan/mod.rs"),
        ("scan/mod.rs", "progress.rs"),
        ("main.rs", "cli/mod.rs"),
        ("store/mod.rs", "ballot/mod.rs"),
        ("cli/mod.rs", "api/mod.rs"),
    ] {
        assert_eq!(import(from, to), None, "{from} {to}");
    }
    let small = small(&[
        ("main.rs", "mod cli; fn main() { cli::run() }"),
        ("lib.rs", "mod api; mod store;"),
        ("api/mod.rs", "fn f(clap: u8) { clap }"),
        ("store/mod.rs", "fn f() -> axum::Router { g!(::mysql::Pool) }"),
        ("cli/mod.rs", "use votekit::api; use {plotters as p}; fn f() { p::draw() }"),
    ]);
    let crates = small.crates();
    let strays: Vec<String> = crates.iter().filter_map(|(file, name)| stray(file, name)).collect();
    let expected = [
        "cli/mod.rs names plotters, whose home is cli/draw",
        "store/mod.rs names axum, whose home is api",
        "store/mod.rs names mysql, whose home is dial and retention and store/mysql",
    ];
    assert_eq!(strays, expected);
}
