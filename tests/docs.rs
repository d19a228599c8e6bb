//! The documentation's links lead somewhere, and what it must list is listed. tests/readme.py runs its examples.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use votekit::weblog::FORMATS;
use votekit::weblog::by::KEYS;

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

#[test]
fn every_key_of_groups_is_described() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/logs.md")).unwrap();
    let list = text.split("`--by` gives one row").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
    let missing: Vec<_> =
        KEYS.iter().map(|key| key.name()).filter(|name| !list.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/logs.md does not list {missing:?}");
}

/// The names of the fields of structs: where they are defined, and where they are filled in.
#[derive(Default)]
struct Fields {
    defined: BTreeMap<String, BTreeSet<String>>,
    filled: Vec<(String, BTreeSet<String>)>,
}

impl<'ast> Visit<'ast> for Fields {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        let names = item.fields.iter().filter_map(|field| Some(field.ident.as_ref()?.to_string()));
        self.defined.entry(item.ident.to_string()).or_default().extend(names);
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        let names = variant.fields.iter().filter_map(|field| Some(field.ident.as_ref()?.to_string()));
        self.defined.entry(variant.ident.to_string()).or_default().extend(names);
    }

    fn visit_expr_struct(&mut self, expr: &'ast syn::ExprStruct) {
        let names = expr.fields.iter().filter_map(|field| match &field.member {
            syn::Member::Named(name) => Some(name.to_string()),
            syn::Member::Unnamed(_) => None,
        });
        self.filled.push((expr.path.segments.last().unwrap().ident.to_string(), names.collect()));
        visit::visit_expr_struct(self, expr);
    }
}

#[test]
fn recipes_fill_in_the_fields_that_exist() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut fields = Fields::default();
    for file in ["src/weblog/format/table.rs", "src/weblog/format/json.rs", "src/scan/compression.rs"] {
        fields.visit_file(&syn::parse_file(&fs::read_to_string(top.join(file)).unwrap()).unwrap());
    }
    let text = fs::read_to_string(top.join("docs/recipes.md")).unwrap();
    let snippets: Vec<&str> = text.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    fields.filled.clear();
    for snippet in &snippets {
        match syn::parse_str::<syn::Expr>(snippet.trim_end().trim_end_matches(',')) {
            Ok(entry) => fields.visit_expr(&entry),
            Err(_) => _ = syn::parse_str::<syn::Block>(&format!("{{ {snippet} }}")).unwrap(),
        }
    }
    assert!(snippets.len() >= 5 && fields.filled.len() >= 5, "{:?}", fields.filled);
    for (name, filled) in &fields.filled {
        assert_eq!(fields.defined.get(name), Some(filled), "{name} in docs/recipes.md");
    }
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
