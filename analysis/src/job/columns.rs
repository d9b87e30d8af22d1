//! Columns that a job defines by formulae over those of its files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::document::Section;
use super::keys::{Described, Keys};
use super::rules::fitting;
use crate::expression::Expression;

/// Columns by formulae: a name for each, which is none of the file's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DefinedColumns(BTreeMap<String, Expression>);

impl DefinedColumns {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The formula of a column; none for a column of the file.
    pub fn get(&self, name: &str) -> Option<&Expression> {
        self.0.get(name)
    }

    /// The same columns and one more.
    pub fn with(mut self, name: &str, formula: Expression) -> Self {
        self.0.insert(name.to_owned(), formula);
        self
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Expression)> {
        self.0.iter().map(|(name, formula)| (name.as_str(), formula))
    }

    /// These names and all that they are computed from, each once and behind what it needs itself: columns of the file as well as
    /// defined ones. Columns of a circle come in some order.
    pub fn behind<'a>(&'a self, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let mut found = Vec::new();
        for name in names {
            self.add(name, &mut Vec::new(), &mut found);
        }
        found
    }

    fn add<'a>(&'a self, name: &'a str, path: &mut Vec<&'a str>, found: &mut Vec<&'a str>) {
        if found.contains(&name) || path.contains(&name) {
            return;
        }
        path.push(name);
        for needed in self.get(name).map_or(&[][..], Expression::names) {
            self.add(needed, path, found);
        }
        path.pop();
        found.push(name);
    }

    /// The defined columns whose formulae name a column themselves.
    pub fn users<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let uses = move |formula: &Expression| formula.names().iter().any(|used| used == name);
        self.iter().filter(move |(_, formula)| uses(formula)).map(|(user, _)| user)
    }

    /// A column that needs itself, with the way back to it, for each circle.
    fn circles(&self) -> Vec<Vec<&str>> {
        let mut known: Vec<&str> = Vec::new();
        let mut circles = Vec::new();
        for (name, _) in self.iter() {
            if !known.contains(&name)
                && let Some(circle) = self.way(name, name, &mut Vec::new())
            {
                known.extend(&circle);
                circles.push(circle);
            }
        }
        circles
    }

    /// The columns from one to another, both included, through formulae.
    fn way<'a>(&'a self, from: &'a str, to: &str, seen: &mut Vec<&'a str>) -> Option<Vec<&'a str>> {
        seen.push(from);
        for needed in self.get(from)?.names() {
            if needed == to {
                return Some(vec![from, needed]);
            }
            if !seen.contains(&needed.as_str())
                && let Some(rest) = self.way(needed, to, seen)
            {
                return Some([&[from], &rest[..]].concat());
            }
        }
        None
    }

    /// Notes circles among them.
    pub(super) fn check(&self, section: &Section<'_>) {
        for circle in self.circles() {
            let message = if let [name, _] = circle[..] {
                format!(
                    "needs itself (inside of its formula {name} is the column that is being defined) give it a name that no \
                     column of the file has"
                )
            } else {
                let way = circle.join(" needs ");
                format!("needs itself ({way}) define one of them by columns of the file alone")
            };
            section.wrong(circle[0], message);
        }
    }
}

/// What is said of a formula without a column.
pub(super) const CONSTANT: &str =
    "names no column (it is the same for all events) name one in it, or leave it out";

impl Keys for DefinedColumns {
    fn keys(section: &Section<'_>) -> Self {
        let rule = fitting("a formula in quotes, as \"pt1/pt2\"", |_: &String| true);
        let mut defined = Self::default();
        for name in section.names_of_all() {
            let Some(text) = section.find(name, &rule) else { continue };
            if name.is_empty() {
                section.wrong(name, "is a column without a name (nothing could use it) give it one");
                continue;
            }
            match Expression::parse(&text) {
                Ok(formula) if formula.names().is_empty() => section.wrong(name, CONSTANT),
                Ok(formula) => drop(defined.0.insert(name.to_owned(), formula)),
                Err(error) => section.wrong(name, error.to_string()),
            }
        }
        defined.check(section);
        defined
    }

    fn described() -> Described {
        Described {
            comment: &[
                " Columns by formulae over those of the file and over each other, such as",
                " m_ee = \"sqrt(2*pt1*pt2*(cosh(eta1-eta2)-cos(phi1-phi2)))\": resonant, features, label and select may name them.",
            ],
            keys: Vec::new(),
            sections: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
