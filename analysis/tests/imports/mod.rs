//! The modules of a crate and the arrows between them, read from its sources.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree};

/// From each module to those that it imports from, with a path that says so.
pub type Arrows = BTreeMap<String, BTreeMap<String, String>>;

/// What a file imports.
#[derive(Default)]
struct Imports {
    /// Every path of a `use`, and every `crate::…` and `super::…` elsewhere.
    paths: Vec<Vec<String>>,
    /// Names that a `use` brings into the module, with where from.
    names: Vec<(String, Vec<String>)>,
    /// Modules that are compiled for tests only.
    tests: Vec<String>,
}

/// The files of a crate as modules, `store::claim`; the root of the crate is the empty name.
pub struct Modules(BTreeMap<String, Imports>);

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

impl Imports {
    fn of(text: &str) -> syn::Result<Self> {
        let mut imports = Self::default();
        imports.visit_file(&syn::parse_file(text)?);
        Ok(imports)
    }

    fn take(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.take(&with(path.ident.to_string()), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.take(before, tree)),
            UseTree::Glob(_) => self.paths.push(before.to_vec()),
            UseTree::Name(name) if name.ident == "self" => {
                let called = before.last().cloned().unwrap_or_default();
                self.name(called, before.to_vec());
            }
            UseTree::Name(name) => self.name(name.ident.to_string(), with(name.ident.to_string())),
            UseTree::Rename(name) => self.name(name.rename.to_string(), with(name.ident.to_string())),
        }
    }

    fn name(&mut self, called: String, path: Vec<String>) {
        self.paths.push(path.clone());
        self.names.push((called, path));
    }
}

impl<'a> Visit<'a> for Imports {
    fn visit_item(&mut self, item: &'a Item) {
        let attributes = match item {
            Item::Use(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        if is_for_tests(&module.attrs) {
            self.tests.push(module.ident.to_string());
        } else {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.take(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let path_of: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        if ["crate", "super"].contains(&path_of[0].as_str()) {
            self.paths.push(path_of);
        }
        visit::visit_path(self, path);
    }
}

impl Modules {
    /// The modules of a folder of sources.
    pub fn read(folder: &Path) -> Self {
        let mut texts = Vec::new();
        collect(folder, "", &mut texts);
        let texts: Vec<_> = texts.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
        Self::of(&texts)
    }

    /// The modules of files, `store/claim.rs`, with these texts.
    pub fn of(texts: &[(&str, &str)]) -> Self {
        let read = |(file, text): &(&str, &str)| {
            let stem = file.trim_end_matches(".rs").trim_end_matches("/mod");
            let name = if stem == "lib" { String::new() } else { stem.replace('/', "::") };
            let imports = Imports::of(text).unwrap_or_else(|error| panic!("{file}: {error}"));
            (name, imports)
        };
        let program = |(file, _): &&(&str, &str)| *file == "main.rs";
        let mut modules: BTreeMap<_, _> = texts.iter().filter(|file| !program(file)).map(read).collect();
        let tests: Vec<String> = modules
            .iter()
            .flat_map(|(parent, imports)| imports.tests.iter().map(|test| below(parent, test)))
            .collect();
        modules.retain(|name, _| !tests.iter().any(|test| name == test || is_below(name, test)));
        Self(modules)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// A path as it is written in a module, from the root of the crate; nothing if it leads to another crate.
    fn absolute(&self, module: &str, path: &[String]) -> Option<Vec<String>> {
        let mut base: Vec<String> =
            module.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
        match path[0].as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "super" | "self" => {}
            child => return self.0.contains_key(&below(module, child)).then(|| [&base, path].concat()),
        }
        let up = path.iter().take_while(|part| ["super", "self"].contains(&part.as_str()));
        let (words, supers) = (up.clone().count(), up.filter(|part| *part == "super").count());
        base.truncate(base.len().saturating_sub(supers));
        Some([&base, &path[words..]].concat())
    }

    /// The module that has what a path leads to. A name that a module only passes on is followed to where it comes from.
    fn owner(&self, path: &[String], depth: usize) -> String {
        let known = (0..=path.len()).rev().find(|length| self.0.contains_key(&path[..*length].join("::")));
        let known = known.unwrap_or(0);
        let module = path[..known].join("::");
        let Some((name, imports)) = path.get(known).zip(self.0.get(&module)) else { return module };
        let passed_on = imports.names.iter().find(|(called, _)| called == name);
        let source = passed_on.and_then(|(_, source)| self.absolute(&module, source));
        match source.filter(|source| source[..] != path[..=known] && depth < 10) {
            Some(source) => self.owner(&[&source, &path[known + 1..]].concat(), depth + 1),
            None => module,
        }
    }

    /// The arrows between files, but for those between a module and one below it.
    pub fn between_files(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (from, to, path) in self.all() {
            if !is_below(&from, &to) && !is_below(&to, &from) {
                arrows.entry(from).or_default().entry(to).or_insert(path);
            }
        }
        arrows
    }

    /// The arrows between files of one room.
    pub fn inside(&self, room: &str) -> Arrows {
        let mut arrows = self.between_files();
        arrows.retain(|from, _| is_below(from, room));
        for to in arrows.values_mut() {
            to.retain(|to, _| is_below(to, room));
        }
        arrows
    }

    /// The arrows between files, but for those between two files of one of these rooms.
    pub fn between_files_but_inside(&self, excused: &[&str]) -> Arrows {
        let mut arrows = self.between_files();
        for (from, to) in &mut arrows {
            let inside =
                |other: &str| excused.iter().any(|room| is_below(from, room) && is_below(other, room));
            to.retain(|other, _| !inside(other));
        }
        arrows
    }

    /// The rooms, the modules right below the root.
    pub fn rooms(&self) -> BTreeSet<&str> {
        let rooms = self.0.keys().filter_map(|module| module.split("::").next());
        rooms.filter(|room| !room.is_empty()).collect()
    }

    /// The arrows between rooms.
    pub fn between_rooms(&self) -> Arrows {
        let room = |module: &str| module.split("::").next().unwrap_or_default().to_owned();
        let mut arrows = Arrows::new();
        for (from, to, path) in self.all() {
            let (of, at) = (room(&from), room(&to));
            if of != at && !of.is_empty() && !at.is_empty() {
                arrows.entry(of).or_default().entry(at).or_insert(format!("{from} has {path}"));
            }
        }
        arrows
    }

    fn all(&self) -> impl Iterator<Item = (String, String, String)> {
        self.0.iter().flat_map(move |(from, imports)| {
            let arrow = move |path: &Vec<String>| {
                let to = self.owner(&self.absolute(from, path)?, 0);
                (to != *from).then(|| (from.clone(), to, path.join("::")))
            };
            imports.paths.iter().filter_map(arrow)
        })
    }
}

fn below(parent: &str, child: &str) -> String {
    if parent.is_empty() { child.to_owned() } else { format!("{parent}::{child}") }
}

fn is_below(module: &str, parent: &str) -> bool {
    parent.is_empty() || module.strip_prefix(parent).is_some_and(|rest| rest.starts_with("::"))
}

fn collect(folder: &Path, before: &str, texts: &mut Vec<(String, String)>) {
    for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let name = path.file_name().expect("a name").to_string_lossy();
        if path.is_dir() {
            collect(&path, &format!("{before}{name}/"), texts);
        } else if name.ends_with(".rs") {
            texts.push((format!("{before}{name}"), fs::read_to_string(&path).expect("a text")));
        }
    }
}

/// The arrows that lead up where rooms are listed from the lowest to the highest, as lines `a -> b (by the path …)`.
pub fn upwards(arrows: &Arrows, rooms: &[&str]) -> Vec<String> {
    let floor = |room: &str| rooms.iter().position(|listed| *listed == room);
    let all = arrows.iter().flat_map(|(from, to)| to.iter().map(move |(to, path)| (from, to, path)));
    all.filter(|(from, to, _)| floor(to) >= floor(from))
        .map(|(from, to, path)| format!("  {from} -> {to} ({path})"))
        .collect()
}

/// The shortest circle, as lines `a -> b (by the path …)`; nothing if there is none.
pub fn circle(arrows: &Arrows) -> Option<String> {
    let shortest = arrows.keys().filter_map(|start| back_to(start, arrows)).min_by_key(Vec::len)?;
    let next = shortest.iter().cycle().skip(1);
    let line = |(from, to): (&&String, &&String)| format!("  {from} -> {to} ({})", arrows[*from][*to]);
    Some(shortest.iter().zip(next).map(|(from, to)| line((from, to))).collect::<Vec<_>>().join("\n"))
}

/// The shortest way from a module back to itself.
fn back_to<'a>(start: &'a String, arrows: &'a Arrows) -> Option<Vec<&'a String>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in way.last().and_then(|last| arrows.get(*last)).into_iter().flat_map(BTreeMap::keys) {
            if next == start {
                return Some(way);
            }
            if seen.insert(next) {
                ways.push_back([&way[..], &[next]].concat());
            }
        }
    }
    None
}
