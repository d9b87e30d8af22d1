//! A TOML document that remembers where everything stands and collects all mistakes.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::change::Placed;
use super::rules::{Presence, Rule, from_toml};
use crate::error::{MistakeAt, Problem};

/// The mistakes found so far, with the text that they were found in.
pub struct Mistakes<'a> {
    text: &'a str,
    /// What the command line changes.
    changes: &'a [Placed<'a>],
    found: RefCell<Vec<Problem>>,
}

impl<'a> Mistakes<'a> {
    pub fn new(text: &'a str, changes: &'a [Placed<'a>]) -> Self {
        Self { text, changes, found: RefCell::new(Vec::new()) }
    }

    fn place(&self, at: usize) -> MistakeAt {
        match self.changes.iter().rev().find(|placed| at >= placed.at) {
            Some(placed) => MistakeAt::Change(short(&placed.change.to_string())),
            None => MistakeAt::Line(self.text[..at.min(self.text.len())].matches('\n').count() + 1),
        }
    }

    /// Whether there are any so far.
    pub fn are_there(&self) -> bool {
        !self.found.borrow().is_empty()
    }

    /// Notes a mistake at a byte position.
    pub fn note(&self, at: usize, key: &str, message: impl Into<String>) {
        let problem = Problem { place: self.place(at), key: key.to_owned(), message: message.into() };
        // A key that is read twice, for two kinds of points, is wrong once.
        if !self.found.borrow().contains(&problem) {
            self.found.borrow_mut().push(problem);
        }
    }

    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.found.into_inner();
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        problems
    }
}

/// One table of the user's document, with the table of defaults behind it.
pub struct Section<'a> {
    name: String,
    at: usize,
    user: Option<&'a DeTable<'a>>,
    defaults: Option<&'a DeTable<'a>>,
    known: RefCell<Vec<&'a str>>,
    mistakes: &'a Mistakes<'a>,
}

impl<'a> Section<'a> {
    pub fn root(user: &'a DeTable<'a>, defaults: &'a DeTable<'a>, mistakes: &'a Mistakes<'a>) -> Self {
        Self {
            name: String::new(),
            at: 0,
            user: Some(user),
            defaults: Some(defaults),
            known: RefCell::default(),
            mistakes,
        }
    }

    /// The table `key`, empty where the user has none.
    pub fn section(&self, key: &'a str) -> Section<'a> {
        let (user, at) = match self.look_up(key) {
            None => (None, self.at),
            Some((value, span)) => {
                let table = value.as_table();
                if table.is_none() {
                    self.wrong_type(key, "a table", value);
                }
                (table, span.start)
            }
        };
        let defaults = self.defaults.and_then(|table| entry(table, key)).and_then(|value| value.0.as_table());
        self.below(key, at, user, defaults)
    }

    /// The tables of the array `key`, without defaults.
    pub fn tables(&self, key: &'a str) -> Vec<Section<'a>> {
        let Some((value, _)) = self.look_up(key) else { return Vec::new() };
        let Some(array) = value.as_array() else {
            self.wrong_type(key, "an array of tables ([[scan]])", value);
            return Vec::new();
        };
        array
            .iter()
            .filter_map(|item| {
                let at = item.span().start;
                let table = item.get_ref().as_table();
                if table.is_none() {
                    self.mistakes.note(at, &self.path(key), meaningless("a table", item.get_ref()));
                }
                table.map(|table| self.below(key, at, Some(table), None))
            })
            .collect()
    }

    fn below(
        &self,
        key: &str,
        at: usize,
        user: Option<&'a DeTable<'a>>,
        defaults: Option<&'a DeTable<'a>>,
    ) -> Section<'a> {
        let name = if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) };
        Section { name, at, user, defaults, known: RefCell::default(), mistakes: self.mistakes }
    }

    /// The value of `key`: the user's, else the default. A value that does not keep the rule is a mistake.
    ///
    /// # Panics
    /// A default does not keep its own rule, which a test excludes.
    pub fn key<T>(&self, key: &'a str, rule: &Rule<'_, T>) -> T {
        let (users, default) = (self.find(key, rule), self.defaults.and_then(|table| entry(table, key)));
        users
            .or_else(|| rule.read(default?.0))
            .unwrap_or_else(|| panic!("the default of {} does not keep its own rule", self.path(key)))
    }

    /// The user's value of `key`, where there is a good one.
    pub fn find<T>(&self, key: &'a str, rule: &Rule<'_, T>) -> Option<T> {
        let Some((value, _)) = self.look_up(key) else {
            if rule.presence == Presence::Required {
                self.wrong(key, format!("is missing (every job names it) add {}", rule.expected()));
            }
            return None;
        };
        let read = rule.read(value);
        if read.is_none() {
            self.wrong_type(key, rule.expected(), value);
        }
        read
    }

    /// Whether the user names `key`.
    pub fn names(&self, key: &str) -> bool {
        self.user.is_some_and(|table| entry(table, key).is_some())
    }

    /// All that the user names here, in the order of the file.
    pub fn names_of_all(&self) -> Vec<&'a str> {
        let Some(table) = self.user else { return Vec::new() };
        let mut names: Vec<(usize, &'a str)> =
            table.keys().map(|key| (key.span().start, key.get_ref().as_ref())).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }

    /// Whether the user gives the number `key` another value than its default. A job made of the commented defaults names every
    /// key, so that a name alone does not tell that a user wants something.
    pub fn departs(&self, key: &str) -> bool {
        let number = |table: Option<&DeTable<'_>>| from_toml::<f64>(entry(table?, key)?.0);
        self.names(key) && number(self.user) != number(self.defaults)
    }

    /// Notes a mistake about `key`, where the user has it, else where the section begins.
    pub fn wrong(&self, key: &str, message: impl Into<String>) {
        let place = self.user.and_then(|table| entry(table, key)).map_or(self.at, |(_, span)| span.start);
        self.mistakes.note(place, &self.path(key), message);
    }

    /// Whether any mistake has been noted so far, in this section or another.
    pub fn has_mistakes(&self) -> bool {
        self.mistakes.are_there()
    }

    /// Notes every key of the user that nothing has asked for.
    pub fn finish(self) {
        let Some(table) = self.user else { return };
        let known = self.known.borrow();
        for key in table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let likely = known
                .iter()
                .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
            let advice = match likely {
                Some(likely) if strsim::jaro_winkler(likely, name) > 0.8 => format!("did you mean {likely}?"),
                _ if known.is_empty() => "remove it".to_owned(),
                _ => format!("known here: {}", known.join(", ")),
            };
            let message = format!("is not a key of drapes (it would be ignored) {advice}");
            self.mistakes.note(key.span().start, &self.path(name), message);
        }
    }

    fn look_up(&self, key: &'a str) -> Option<(&'a DeValue<'a>, Range<usize>)> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        entry(self.user?, key)
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn wrong_type(&self, key: &str, expected: &str, value: &DeValue<'_>) {
        self.wrong(key, meaningless(expected, value));
    }
}

/// Characters of a list that is said as it is written.
const SHORT_LIST: usize = 40;

/// What is said of a value that does not keep its rule.
fn meaningless(expected: &str, value: &DeValue<'_>) -> String {
    format!("is {} (that has no meaning here) write {expected}", describe(value))
}

fn entry<'a>(table: &'a DeTable<'a>, key: &str) -> Option<(&'a DeValue<'a>, Range<usize>)> {
    table
        .iter()
        .find(|(name, _)| name.get_ref() == key)
        .map(|(_, value): (_, &Spanned<DeValue<'a>>)| (value.get_ref(), value.span()))
}

/// The beginning of a text that would fill the screen.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A list as it is written, where that is short.
fn list(items: &DeArray<'_>) -> String {
    let written = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
        DeValue::String(text) => format!("\"{text}\""),
        other => describe(other),
    };
    let text = items.iter().map(written).collect::<Vec<_>>().join(", ");
    if text.chars().count() <= SHORT_LIST { format!("[{text}]") } else { "this list".to_owned() }
}

fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text \"{}\"", short(text)),
        DeValue::Integer(number) => short(&number.to_string()),
        DeValue::Float(number) => short(&number.to_string()),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Array(items) if items.is_empty() => "an empty list".to_owned(),
        DeValue::Array(items) => list(items),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
