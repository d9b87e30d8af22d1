//! Changes to a job from the command line: `--set denoiser.epochs=100`.
//!
//! A change is part of the job as if it stood in the file. It is applied twice: to the document that is checked, where it
//! has a place of its own, so that a mistake names the change and not a line of the file; and to the text that is stored
//! beside the results, whose comments stay.

use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

/// A key of a job and the value that it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    key: String,
    value: String,
}

/// How a change is written.
const FORM: &str =
    "key=value, as denoiser.epochs=100, or scan.0.n_signal=[0,500] for the first [[scan]] block";
/// What a value is written behind where it is read.
const BEFORE: &str = "v = ";

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((key, value)) = text.split_once('=') else {
            return Err(format!("that has no equals sign (it changes no key) write {FORM}"));
        };
        let is_step = |step: &str| {
            !step.is_empty() && step.chars().all(|c| c.is_ascii_alphanumeric() || ['_', '-'].contains(&c))
        };
        if !key.trim().split('.').all(is_step) {
            return Err(format!("{key} is no key (keys are words between dots) write {FORM}"));
        }
        Ok(Self { key: key.trim().to_owned(), value: value.trim().to_owned() })
    }
}

impl std::fmt::Display for Change {
    /// As it is written behind `--set`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

impl Change {
    /// Its key, with dots.
    pub fn key(&self) -> &str {
        &self.key
    }

    fn steps(&self) -> Vec<&str> {
        self.key.split('.').collect()
    }

    /// Why its value cannot be read.
    fn unreadable(&self, error: &toml::de::Error) -> String {
        let is_word = |c: char| c.is_alphanumeric() || "_-./~+".contains(c);
        let Self { key, value } = self;
        if !value.is_empty() && value.chars().all(is_word) {
            return format!(
                "is {value}, which is not TOML (a text stands in quotes) write --set '{key}=\"{value}\"'"
            );
        }
        format!("is not TOML ({}) write its value as in a job file", error.message())
    }
}

/// A change at a place of its own, as if it stood behind the text of the file.
pub(super) struct Placed<'a> {
    /// The change.
    pub change: &'a Change,
    /// Where it begins.
    pub at: usize,
    /// Its value, behind so many blanks that everything in it has its place.
    text: String,
}

impl<'a> Placed<'a> {
    /// Changes one after the other, behind a text of this length.
    pub fn behind(length: usize, changes: &'a [Change]) -> Vec<Self> {
        let mut placed: Vec<Self> = Vec::new();
        for change in changes {
            let at = placed.last().map_or(length, |last| last.text.len()) + 1;
            let text = format!("{}{BEFORE}{}", " ".repeat(at), change.value);
            placed.push(Self { change, at, text });
        }
        placed
    }

    /// Puts the value into a document.
    ///
    /// # Errors
    /// The value is not TOML, or the key leads through something that has no keys.
    pub fn apply<'t>(&'t self, document: &mut DeTable<'t>) -> Result<(), String> {
        let (mut table, errors) = DeTable::parse_recoverable(&self.text);
        if let Some(error) = errors.first() {
            return Err(self.change.unreadable(error));
        }
        // A line break in it may have another key behind it.
        let is_one = table.get_ref().len() == 1;
        let value = table.get_mut().remove(BEFORE.trim_end_matches(" = ")).filter(|_| is_one);
        let value = value
            .ok_or_else(|| "is several keys (one --set changes one) write a --set for each".to_owned())?;
        set(document, &self.change.steps(), value, self.at)
    }
}

/// Puts a value into a table, by the steps of its key.
fn set<'t>(
    table: &mut DeTable<'t>,
    steps: &[&str],
    value: Spanned<DeValue<'t>>,
    at: usize,
) -> Result<(), String> {
    let key = |step: &str| Spanned::new(at..at, step.to_owned().into());
    match steps {
        [] => Ok(()),
        [last] => {
            table.remove(*last);
            table.insert(key(last), value);
            Ok(())
        }
        [first, rest @ ..] => {
            let section = || Spanned::new(at..at, DeValue::Table(DeTable::new()));
            let inner = table.entry(key(first)).or_insert_with(section);
            set_within(inner.get_mut(), first, rest, value, at)
        }
    }
}

/// The same where the next step leads into a section, or into a list by its place.
fn set_within<'t>(
    inner: &mut DeValue<'t>,
    name: &str,
    steps: &[&str],
    value: Spanned<DeValue<'t>>,
    at: usize,
) -> Result<(), String> {
    match inner {
        DeValue::Table(table) => set(table, steps, value, at),
        DeValue::Array(items) => {
            let count = items.len();
            let place = steps[0].parse().ok().filter(|place: &usize| *place < count);
            let Some(item) = place.and_then(|place| items.get_mut(place)) else {
                return Err(format!(
                    "names entry {} of {name} ({}) write {name}.PLACE and then its key",
                    steps[0],
                    places(count)
                ));
            };
            match &steps[1..] {
                [] => *item = value,
                rest => set_within(item.get_mut(), name, rest, value, at)?,
            }
            Ok(())
        }
        _ => Err(format!("leads through {name} ({name} is a value and has no keys) name a key of the job")),
    }
}

/// The places of a list of so many entries.
fn places(count: usize) -> String {
    match count {
        0 => "it has no entries".to_owned(),
        1 => "it has one entry, 0".to_owned(),
        _ => format!("it has {count} entries, 0 to {}", count - 1),
    }
}

/// The text of a job file with the changes in it; comments and order stay.
pub(super) fn rewrite(text: &str, changes: &[Change]) -> String {
    if changes.is_empty() {
        return text.to_owned();
    }
    let (text, mut hidden) = without_large_numbers(text);
    // What is not TOML was refused.
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text };
    for change in changes {
        let (line, of_value) = without_large_numbers(&format!("{BEFORE}{}", change.value));
        hidden.extend(of_value);
        if let Ok(value) = line[BEFORE.len()..].parse::<Value>() {
            write(document.as_table_mut(), &change.steps(), value);
        }
    }
    hidden.iter().fold(document.to_string(), |text, number| text.replace(&stand_in(number), number))
}

/// What stands for a number while a text is rewritten.
fn stand_in(number: &str) -> String {
    format!("\"drapes: {number}\"")
}

/// A text in which a stand-in has the place of each whole number that `toml_edit` does not know: those from 2⁶³, which
/// seeds may be. With the numbers.
fn without_large_numbers(text: &str) -> (String, Vec<String>) {
    let (document, _) = DeTable::parse_recoverable(text);
    let mut places = Vec::new();
    document.get_ref().values().for_each(|value| find_large_numbers(value, &mut places));
    places.sort_by_key(|place| std::cmp::Reverse(place.start));
    let (mut rewritten, mut numbers) = (text.to_owned(), Vec::new());
    for place in places {
        let number = text[place.clone()].to_owned();
        rewritten.replace_range(place, &stand_in(&number));
        numbers.push(number);
    }
    (rewritten, numbers)
}

fn find_large_numbers(value: &Spanned<DeValue<'_>>, places: &mut Vec<std::ops::Range<usize>>) {
    match value.get_ref() {
        DeValue::Integer(number) if i64::from_str_radix(number.as_str(), number.radix()).is_err() => {
            places.push(value.span());
        }
        DeValue::Array(items) => items.iter().for_each(|item| find_large_numbers(item, places)),
        DeValue::Table(table) => table.values().for_each(|item| find_large_numbers(item, places)),
        _ => {}
    }
}

fn write(table: &mut dyn TableLike, steps: &[&str], value: Value) {
    match steps {
        [] => {}
        [last] => match table.get_mut(last) {
            // What stands beside it, a comment for instance, stays.
            Some(Item::Value(old)) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            _ => {
                table.insert(last, Item::Value(value));
            }
        },
        [first, rest @ ..] => {
            if table.get(first).is_none() {
                table.insert(first, Item::Table(Table::new()));
            }
            if let Some(item) = table.get_mut(first) {
                write_within(item, rest, value);
            }
        }
    }
}

fn write_within(item: &mut Item, steps: &[&str], value: Value) {
    let place = || steps[0].parse::<usize>().ok();
    match item {
        Item::Value(inner) => write_within_value(inner, steps, value),
        Item::Table(table) => write(table, steps, value),
        Item::ArrayOfTables(tables) => {
            match (place().and_then(|place| tables.get_mut(place)), &steps[1..], value) {
                (Some(table), [], Value::InlineTable(entries)) => {
                    let position = table.position();
                    *table = entries.into_table();
                    table.set_position(position);
                }
                (Some(table), rest, value) => write(table, rest, value),
                (None, ..) => {}
            }
        }
        Item::None => {}
    }
}

fn write_within_value(inner: &mut Value, steps: &[&str], value: Value) {
    match inner {
        Value::InlineTable(table) => write(table, steps, value),
        Value::Array(items) => {
            let Some(item) = steps[0].parse::<usize>().ok().and_then(|place| items.get_mut(place)) else {
                return;
            };
            match &steps[1..] {
                [] => *item = value,
                rest => write_within_value(item, rest, value),
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
