//! Who stands against whom, and how the outcome is judged.

use drapes_analysis::quantities::ClassifierSeed;
use drapes_analysis::stream::Stream;
use ndarray::{Array2, ArrayView2, Axis, concatenate};

use super::folds::Folds;
use super::judge::{Judged, judge};
use super::judges::{Events, Judges, Least};
use super::member::members;
use crate::batches::next_rows;
use crate::checkpoint::Keeper;
use crate::error::Error;

/// What is known of the first class.
#[derive(Clone, Copy, Debug)]
pub enum DataTruth<'a> {
    /// Which of its events are signal: those that a classifier has not seen are evaluated.
    Simulated(&'a [bool]),
    /// Its events are generated: only the unseen events tell how good a classifier is.
    Generated,
}

/// How the template's events are dealt into the parts of the cross-validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateFolds {
    /// By chance.
    Dealt,
    /// Row `i` began as data event `i` modulo their number, and stays in its part: a classifier that had seen a copy of
    /// an event that it is evaluated on would not be independent of it. (Our decision; the paper does not say.)
    OfData,
    /// Row `i` began as event `i` modulo so many, which are no data, and those are dealt by chance: a classifier that had
    /// seen a copy of an event would know more of the copies that stop or judge its training.
    OfOrigins(usize),
}

/// What the events of the template are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateTruth {
    /// Generated: only data tell how good a classifier is.
    Generated,
    /// True background: the part that a classifier has not seen is evaluated too.
    Background,
}

/// Two classes to tell apart, and further events to judge by, of a kind E: features of jets in their own units,
/// `(events, features)`, or the jets themselves, of one table or several.
pub struct Contest<'a, E> {
    /// The first class: data, or true signal for the supervised reference.
    pub data: E,
    /// What is known of them.
    pub data_truth: DataTruth<'a>,
    /// The second class.
    pub template: E,
    /// What the second class is.
    pub template_truth: TemplateTruth,
    /// How it is dealt into parts.
    pub template_folds: TemplateFolds,
    /// True background that takes no part in training.
    pub unseen_background: E,
    /// True signal that takes no part in training.
    pub unseen_signal: E,
}

impl<E: Events> Contest<'_, E> {
    /// Whether the first class is signal alone, as that of the supervised reference.
    pub(super) fn data_is_signal(&self) -> bool {
        matches!(self.data_truth, DataTruth::Simulated(is_signal) if is_signal.iter().all(|signal| *signal))
    }

    /// What every fold has at least of both classes, where a dealt sample of a size has `least_of`.
    fn least(&self, least_of: impl Fn(usize) -> usize) -> usize {
        let (data, template) = (self.data.count(), self.template.count());
        let of_template = match self.template_folds {
            TemplateFolds::Dealt => least_of(template),
            TemplateFolds::OfData => least_of(data) * (template / data.max(1)),
            TemplateFolds::OfOrigins(origins) => least_of(origins) * (template / origins.max(1)),
        };
        least_of(data) + of_template
    }
}

/// Trains the classifiers of some seeds, all folds of each, and judges each on events it has not seen.
///
/// `deal` is where the folds begin: contests that share it and the number of data events have the same data
/// folds. `stream` is where the rest begins.
///
/// # Errors
/// A class is too small for a batch of training events in each fold, both are too large to be counted, or the training of every classifier diverges.
///
/// Source: the paper, section 3.4, and the public CURTAINs classifiers: five stratified folds, three of them
/// train, one validates, one evaluates, rolled so that every event is evaluated once.
pub fn classify<E: Events, J: Judges<E>>(
    contest: &Contest<'_, E>,
    folds: u32,
    seeds: &[ClassifierSeed],
    (deal, stream): (&Stream, &Stream),
    judges: &J,
    keeper: &Keeper<'_>,
) -> Result<Judged, Error> {
    check_count(contest)?;
    let members = members(contest, folds, seeds, (deal, stream));
    let least = least(contest, folds, judges)?;
    let (trained, histories) = judges.train(contest, &members, least, keeper)?;
    Ok(judge(contest, &trained, members, histories))
}

/// That rows of both classes can be counted as members count them.
fn check_count<E: Events>(contest: &Contest<'_, E>) -> Result<(), Error> {
    next_rows(0, contest.data.count())
        .and_then(|data| next_rows(data.end, contest.template.count()))
        .map(|_| ())
}

/// What every fold has events for.
fn least<E: Events, J: Judges<E>>(contest: &Contest<'_, E>, folds: u32, judges: &J) -> Result<Least, Error> {
    let training = contest.least(|count| Folds::least_training(count, folds));
    let counts = [contest.data.count(), contest.template.count()];
    if training < judges.batch() || counts.iter().any(|count| *count < folds as usize) {
        return Err(Error::TooFew {
            region: "a training part of data and template".to_owned(),
            what: "events",
            found: training,
            needed: judges.batch(),
            advice: format!("{}, or widen the signal region", J::REMEDY),
        });
    }
    let validation = contest.least(|count| count / folds as usize);
    Ok(Least { batches: training / judges.batch(), validation })
}

impl Events for ArrayView2<'_, f32> {
    fn count(self) -> usize {
        self.nrows()
    }
}

/// Features of both classes below each other, data first.
pub(super) fn both(contest: &Contest<'_, ArrayView2<'_, f32>>) -> Array2<f32> {
    concatenate(Axis(0), &[contest.data, contest.template]).expect("classes have the same features")
}

#[cfg(test)]
mod tests;
