//! What is read from the result of a task, whatever its kind: its networks, what the log says of it, its histograms.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::job::Job;

/// A kind of task by what its record holds. Where two kinds leave the same (templates, and over-sampled data, which are made
/// alike), one of them says so for both.
pub trait Recorded {
    /// The result, as JSON in the record; arrays lie beside it.
    type Result: Serialize + DeserializeOwned + 'static;

    /// The networks that were trained.
    fn networks(_result: &Self::Result) -> Vec<Network> {
        vec![]
    }

    /// What the log of the rank says of the result, a line each.
    fn remarks(_result: &Self::Result, _job: &Job) -> Vec<String> {
        vec![]
    }

    /// The distributions in the result, for export.
    fn histograms<'a>(_result: &'a Self::Result, _job: &'a Job) -> Vec<Histogram<'a>> {
        vec![]
    }
}

/// A network that a task has trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// What tells it apart from the others of the task, for a person.
    pub name: String,
    /// The epoch at which it left the finite numbers, if it did.
    pub diverged: Option<f64>,
}

/// The distributions of one quantity over the same bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram<'a> {
    /// The quantity in one word.
    pub quantity: &'a str,
    /// Its label in the markup of figures, a unit in brackets at its end.
    pub label: String,
    /// Bin edges, in the quantity's own unit.
    pub edges: &'a [f64],
    /// What the bins hold.
    pub content: Content,
    /// A value for each bin, of each sample by its name; without values where the record has none of the sample.
    pub samples: Vec<(&'static str, &'a [f64])>,
}

/// The meaning of the contents of bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Events.
    Events,
    /// Shares of the events.
    Shares,
}
