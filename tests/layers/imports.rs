//! Finds which file of a package uses which other file, and which crates it names.
//!
//! Follows `use` trees, `pub use` through parent modules, globs, `self` and `super`, and paths in code, attributes and macro
//! calls. It does not infer types: a method called without naming its type or trait is not seen.
use std::collections::{BTreeSet, HashMap};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, UseTree, Visibility};

/// A module's full path: crate name, then module names.
type ModulePath = Vec<String>;

/// What a path resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// The module itself.
    Module(ModulePath),
    /// An item defined in the file with this index.
    Item(usize),
    /// Something from the crate of this name.
    External(String),
}

#[derive(Debug)]
enum Name {
    /// An item defined in the module.
    Defined,
    /// A `use` that binds the name to this path.
    Used(Vec<String>),
}

#[derive(Debug, Default)]
struct Module {
    file: usize,
    names: HashMap<String, Name>,
    globs: Vec<Vec<String>>,
}

/// A path as written in the code.
#[derive(Debug)]
struct Mention {
    file: usize,
    module: ModulePath,
    path: Vec<String>,
    in_test: bool,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Use,
    PubUse,
    Code,
}

/// One file's use of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    /// The file with the use.
    pub from: String,
    /// The file with the definition.
    pub to: String,
    /// Whether the use is only in code under `#[cfg(test)]`.
    pub in_test: bool,
    /// Whether it is only re-exported: a parent's `pub use` of a child's item.
    pub passed_on: bool,
}

/// The sources of a package with a library and a binary that has its own modules.
#[derive(Debug)]
pub(crate) struct Sources {
    files: Vec<String>,
    modules: HashMap<ModulePath, Module>,
    mentions: Vec<Mention>,
}

impl Sources {
    /// Parses `(path below src, text)` of each file. `library` is the library's name; modules declared in `main.rs` belong
    /// to the binary.
    pub(crate) fn read(library: &str, files: &[(String, String)]) -> Self {
        let parse = |(path, text): &(String, String)| {
            syn::parse_file(text).unwrap_or_else(|error| panic!("{path} is not Rust: {error}"))
        };
        let parsed: Vec<syn::File> = files.iter().map(parse).collect();
        let main = files.iter().zip(&parsed).find(|((path, _), _)| path == "main.rs");
        let binary: Vec<String> = main.iter().flat_map(|(_, file)| declared(&file.items)).collect();
        let mut sources = Sources {
            files: files.iter().map(|(path, _)| path.clone()).collect(),
            modules: HashMap::new(),
            mentions: Vec::new(),
        };
        for (index, file) in parsed.iter().enumerate() {
            let module = module_of(library, &binary, &files[index].0);
            let mut reader = Reader { sources: &mut sources, file: index, module: module.clone(), in_test: false };
            reader.sources.modules.entry(module).or_default().file = index;
            reader.visit_file(file);
        }
        sources
    }

    /// The uses of other files of the package.
    pub(crate) fn imports(&self) -> BTreeSet<Import> {
        let mut imports = BTreeSet::new();
        for mention in &self.mentions {
            let to = match self.resolve(&mention.module, &mention.path, 0) {
                Target::Item(file) => file,
                // A module is named to reach an item in it, which is a mention of its own.
                Target::Module(_) | Target::External(_) => continue,
            };
            if to != mention.file {
                imports.insert(Import {
                    from: self.files[mention.file].clone(),
                    to: self.files[to].clone(),
                    in_test: mention.in_test,
                    passed_on: mention.kind == Kind::PubUse && self.is_below(to, &mention.module),
                });
            }
        }
        imports
    }

    fn is_below(&self, file: usize, module: &ModulePath) -> bool {
        let is = |path: &ModulePath| path.len() > module.len() && path.starts_with(module);
        self.modules.iter().any(|(path, module)| module.file == file && is(path))
    }

    /// `(file, crate)` for each external crate named by a file.
    pub(crate) fn crates(&self) -> BTreeSet<(&str, String)> {
        let mut crates = BTreeSet::new();
        for mention in &self.mentions {
            // A single word in code is a variable, or from the prelude.
            if mention.kind == Kind::Code && mention.path.len() == 1 {
                continue;
            }
            if let Target::External(name) = self.resolve(&mention.module, &mention.path, 0) {
                crates.insert((self.files[mention.file].as_str(), name));
            }
        }
        crates
    }

    /// Resolves `path`, seen from `module`. `hops` counts the `use`s followed, since `use a::a` leads to itself.
    fn resolve(&self, module: &ModulePath, path: &[String], hops: usize) -> Target {
        let external = || Target::External(path[0].clone());
        if hops > 16 {
            return external();
        }
        let mut at = module.clone();
        let mut rest = path;
        while let Some(first) = rest.first() {
            match first.as_str() {
                "crate" => at.truncate(1),
                "self" => {}
                "super" => drop(at.pop()),
                name if rest.len() == path.len() && self.modules.contains_key(&vec![name.to_owned()]) => {
                    at = vec![name.to_owned()];
                }
                _ => break,
            }
            rest = &rest[1..];
        }
        match self.look_up(&at, rest, hops) {
            Some(target) => target,
            None if rest.len() == path.len() => external(),
            // Defined by a macro, or an associated name rather than an item.
            None => self.modules.get(&at).map_or_else(external, |module| Target::Item(module.file)),
        }
    }

    fn look_up(&self, at: &ModulePath, path: &[String], hops: usize) -> Option<Target> {
        let Some((name, rest)) = path.split_first() else { return Some(Target::Module(at.clone())) };
        let module = self.modules.get(at)?;
        let child = [at.as_slice(), std::slice::from_ref(name)].concat();
        let within = |child: &ModulePath| {
            let file = self.modules.get(child)?.file;
            Some(self.look_up(child, rest, hops).unwrap_or(Target::Item(file)))
        };
        if !rest.is_empty() && self.modules.contains_key(&child) {
            return within(&child);
        }
        match module.names.get(name) {
            Some(Name::Defined) => return Some(Target::Item(module.file)),
            Some(Name::Used(path)) => return Some(self.resolve(at, &[path.as_slice(), rest].concat(), hops + 1)),
            None => {}
        }
        within(&child).or_else(|| {
            let globs = module.globs.iter().filter(|_| hops < 16);
            globs.into_iter().find_map(|glob| match self.resolve(at, glob, hops + 1) {
                Target::Module(other) if other != *at => self.look_up(&other, path, hops + 1),
                _ => None,
            })
        })
    }
}

/// `weblog/format/mod.rs` as `[votekit, weblog, format]`.
fn module_of(library: &str, binary: &[String], path: &str) -> ModulePath {
    let mut names: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    names.pop_if(|name| name == "mod");
    let root = match names[0].as_str() {
        "main" | "lib" => names.remove(0),
        first if binary.iter().any(|name| name == first) => "main".to_owned(),
        _ => "lib".to_owned(),
    };
    names.insert(0, if root == "lib" { library.to_owned() } else { root });
    names
}

/// The modules declared by `items`.
fn declared(items: &[Item]) -> Vec<String> {
    let name = |item: &Item| match item {
        Item::Mod(module) if module.content.is_none() => Some(module.ident.to_string()),
        _ => None,
    };
    items.iter().filter_map(name).collect()
}

/// Visits one file.
struct Reader<'a> {
    sources: &'a mut Sources,
    file: usize,
    module: ModulePath,
    in_test: bool,
}

impl Reader<'_> {
    fn mention(&mut self, path: Vec<String>, kind: Kind) {
        let Reader { file, in_test, .. } = *self;
        self.sources.mentions.push(Mention { file, module: self.module.clone(), path, in_test, kind });
    }

    fn module(&mut self) -> &mut Module {
        let module = self.sources.modules.entry(self.module.clone()).or_default();
        module.file = self.file;
        module
    }

    fn bind(&mut self, tree: &UseTree, before: &[String], kind: Kind) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        let (path, name) = match tree {
            UseTree::Path(path) => return self.bind(&path.tree, &with(&path.ident), kind),
            UseTree::Group(group) => return group.items.iter().for_each(|tree| self.bind(tree, before, kind)),
            UseTree::Glob(_) => {
                self.mention(before.to_vec(), kind);
                return self.module().globs.push(before.to_vec());
            }
            UseTree::Name(name) if name.ident == "self" => {
                (before.to_vec(), before.last().cloned().unwrap_or_default())
            }
            UseTree::Name(name) => (with(&name.ident), name.ident.to_string()),
            UseTree::Rename(rename) if rename.ident == "self" => (before.to_vec(), rename.rename.to_string()),
            UseTree::Rename(rename) => (with(&rename.ident), rename.rename.to_string()),
        };
        self.mention(path.clone(), kind);
        if path != [name.as_str()] {
            self.module().names.entry(name).or_insert(Name::Used(path));
        }
    }

    /// Finds paths among the tokens of a macro call or attribute, which are not parsed.
    fn scan(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        // The preceding token: `.name` is a field or method, `'name` a lifetime, `a::name` continues `a`.
        let (mut colons, mut is_part) = (0, false);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 || path.is_empty() {
                        self.scanned(&mut path);
                    }
                    if !is_part {
                        path.push(ident.to_string());
                    }
                    (colons, is_part) = (0, false);
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.scanned(&mut path);
                    colons = 0;
                    // Two dots are a range, not a field access.
                    is_part = match &other {
                        TokenTree::Punct(punct) if punct.as_char() == '.' => !is_part,
                        other => matches!(other, TokenTree::Punct(punct) if punct.as_char() == '\''),
                    };
                    if let TokenTree::Group(group) = other {
                        self.scan(group.stream());
                    }
                }
            }
        }
        self.scanned(&mut path);
    }

    fn scanned(&mut self, path: &mut Vec<String>) {
        if !path.is_empty() {
            self.mention(std::mem::take(path), Kind::Code);
        }
    }

    fn within(&mut self, attributes: &[Attribute], walk: impl FnOnce(&mut Self)) {
        let before = self.in_test;
        self.in_test |= attributes.iter().any(is_for_tests);
        walk(self);
        self.in_test = before;
    }
}

/// Whether this is `#[cfg(test)]`, alone or with other conditions.
fn is_for_tests(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    let text = list.tokens.to_string();
    list.path.is_ident("cfg") && text.contains("test") && !text.contains("not")
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn defined(item: &Item) -> Option<&syn::Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Macro(item) => item.ident.as_ref(),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        Item::Union(item) => Some(&item.ident),
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if let Some(name) = defined(item) {
            self.module().names.entry(name.to_string()).or_insert(Name::Defined);
        }
        self.within(attributes(item), |reader| match item {
            Item::Use(item) => {
                let kind = if matches!(item.vis, Visibility::Inherited) { Kind::Use } else { Kind::PubUse };
                reader.bind(&item.tree, &[], kind);
            }
            Item::Mod(module) if module.content.is_some() => {
                reader.module.push(module.ident.to_string());
                reader.module();
                visit::visit_item(reader, item);
                reader.module.pop();
            }
            _ => visit::visit_item(reader, item),
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.within(&item.attrs, |reader| visit::visit_impl_item_fn(reader, item));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.mention(path.segments.iter().map(|segment| segment.ident.to_string()).collect(), Kind::Code);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.scan(called.tokens.clone());
        visit::visit_macro(self, called);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }
}
