//! The finding that events occur more than once, as it is told.

use std::fmt;

/// Events of a sample that occur more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The sample, as the subject of a sentence: "signal events of a.h5".
    pub sample: String,
    /// The larger sample that they are also in; nothing where they are twice in their own.
    pub other: Option<String>,
    /// How many, beyond those that coarse values explain.
    pub events: usize,
    /// Events of the sample.
    pub of: usize,
}

impl Repeat {
    /// The share of the sample.
    pub fn share(&self) -> f64 {
        self.events as f64 / self.of.max(1) as f64
    }
}

impl fmt::Display for Repeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sample, other, events, of } = self;
        let are = if *events == 1 { "is" } else { "are" };
        match other {
            Some(other) => write!(f, "{events} of the {of} {sample} {are} also among the {other}"),
            None => write!(f, "{events} of the {of} {sample} {are} copies of others"),
        }
    }
}
