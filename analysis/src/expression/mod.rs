//! Formulae that people write: a text becomes something that is computed for each event.
//!
//! - In: a text such as `sqrt(2*pt1*pt2*(cosh(eta1-eta2)-cos(phi1-phi2)))`, and numbers for the names in it.
//! - Out: an [`Expression`], which names what it needs and gives a number for each row; or an [`ExpressionError`], which says where
//!   the text goes wrong and what to write instead.
//! - The grammar stands in `grammar.rs`, built with winnow, which reads job files as well; the functions in `function.rs`; how they
//!   are computed in `program.rs`.
//! - What cannot be computed is NaN, and stays so: a comparison with it is NaN as well, and not simply false, so that whoever
//!   selects events can tell those that fail from those for which there is no answer. `false && NaN` is false, `true || NaN` true.
//! - It uses no other room.

mod function;
mod grammar;
mod program;

use std::fmt;

use serde::{Deserialize, Serialize};

use program::Program;

/// The longest text that is read.
const LONGEST: usize = 2000;

/// A formula over named numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expression {
    text: String,
    names: Vec<String>,
    program: Program,
}

/// Why a text is no formula.
///
/// The message reads behind the name of a key: what is wrong (why it is so) what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} ({why}) {remedy}")]
pub struct ExpressionError {
    place: String,
    why: String,
    remedy: String,
}

impl Expression {
    /// Reads a formula.
    ///
    /// Numbers, names, brackets, `+ - * / ^`, comparisons, `&& || !`, the constant `pi` and functions ([`function_names`]).
    /// `-x^2` is −(x²), as in mathematics, and `a^b^c` is a^(b^c). A name with other signs than letters, digits, `_` and `.` stands
    /// between backticks.
    ///
    /// # Errors
    /// The text is none, with the place where it goes wrong.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.chars().count() > LONGEST {
            return Err(ExpressionError {
                place: format!("is longer than {LONGEST} characters"),
                why: "no formula of physics needs as many".to_owned(),
                remedy: "define parts of it as columns of their own".to_owned(),
            });
        }
        let node = grammar::read(text)?;
        let (program, names) = Program::of(&node);
        Ok(Self { text: text.to_owned(), names, program })
    }

    /// The text that it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it needs, in the order in which [`Expression::value`] takes the numbers: that of their first appearance.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Its value for one row; NaN or infinite where it cannot be computed. Truth is 1 or 0.
    ///
    /// # Panics
    /// If there are fewer values than names.
    pub fn value(&self, values: &[f64]) -> f64 {
        self.program.value(values)
    }
}

/// Two formulae are the same if they are written the same.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Expression {
    type Error = ExpressionError;

    fn try_from(text: String) -> Result<Self, ExpressionError> {
        Self::parse(&text)
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.text
    }
}

/// The names of all functions.
pub fn function_names() -> Vec<&'static str> {
    function::names()
}

#[cfg(test)]
mod tests;
