//! The two-sample task: which events are told apart, and what is known of them.

use drapes_analysis::statistics::replicas::Counts;
use ndarray::{Array2, ArrayView2, Axis, concatenate};

/// The events of a class.
pub trait Events: Copy {
    /// How many there are.
    fn count(self) -> usize;
}

impl Events for ArrayView2<'_, f32> {
    fn count(self) -> usize {
        self.nrows()
    }
}

/// Whether it is known which events of the first class are signal.
#[derive(Clone, Copy, Debug)]
pub enum DataTruth<'a> {
    /// Which of its events are signal: those that a classifier has not seen are evaluated.
    Simulated(&'a [bool]),
    /// Its events are generated: only the unseen events tell how good a classifier is.
    Generated,
}

/// How the template's events are divided into the folds of the cross-validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateFolds {
    /// At random.
    Random,
    /// Row `i` began as data event `i` modulo their number, and stays in its part: a classifier that had seen a copy of
    /// an event that it is evaluated on would not be independent of it. (Our decision; the paper does not say.)
    OfData,
    /// Row `i` began as event `i` modulo so many, which are no data, and those are divided at random: a classifier that
    /// has seen a copy of an event would know more of the copies on which it is validated or evaluated.
    OfOrigins(usize),
}

/// Whether the template is true background, which can be used to evaluate classifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateTruth {
    /// Generated: only data tell how good a classifier is.
    Generated,
    /// True background: the part that a classifier has not seen is evaluated too.
    Background,
}

/// Two classes to tell apart, and further events to evaluate with, of a kind E: features of jets in their own units,
/// `(events, features)`, or the jets themselves, of one table or several.
pub struct TwoSample<'a, E> {
    /// The first class: data, or true signal for the supervised reference.
    pub data: E,
    /// What is known of them.
    pub data_truth: DataTruth<'a>,
    /// The second class.
    pub template: E,
    /// What the second class is.
    pub template_truth: TemplateTruth,
    /// How it is divided into folds.
    pub template_folds: TemplateFolds,
    /// True background that takes no part in training.
    pub unseen_background: E,
    /// True signal that takes no part in training.
    pub unseen_signal: E,
    /// How often its events count in replicas of the evaluation events; none where nobody asks what these leave open.
    pub counts: Option<&'a EventCounts>,
}

/// How often the events of a two-sample task count in each replica of the evaluation events, by their rows.
#[derive(Debug)]
pub struct EventCounts {
    /// Of the first class; none where it is generated.
    pub data: Option<Vec<Counts>>,
    /// Of the second class; none where it is generated.
    pub template: Option<Vec<Counts>>,
    /// Of the background that takes no part in training.
    pub unseen_background: Vec<Counts>,
    /// Of the signal that takes no part in training.
    pub unseen_signal: Vec<Counts>,
}

impl<E: Events> TwoSample<'_, E> {
    /// Whether the first class is signal alone, as that of the supervised reference.
    pub(super) fn data_is_signal(&self) -> bool {
        matches!(self.data_truth, DataTruth::Simulated(is_signal) if is_signal.iter().all(|signal| *signal))
    }

    /// The number of events of both classes in the smallest fold. `least_of` gives the size of the smallest fold of a sample of
    /// so many events that are divided at random.
    pub(super) fn smallest_fold(&self, least_of: impl Fn(usize) -> usize) -> usize {
        let (data, template) = (self.data.count(), self.template.count());
        let of_template = match self.template_folds {
            TemplateFolds::Random => least_of(template),
            TemplateFolds::OfData => least_of(data) * (template / data.max(1)),
            TemplateFolds::OfOrigins(origins) => least_of(origins) * (template / origins.max(1)),
        };
        least_of(data) + of_template
    }
}

/// Features of both classes below each other, data first.
pub(super) fn both(two_sample: &TwoSample<'_, ArrayView2<'_, f32>>) -> Array2<f32> {
    concatenate(Axis(0), &[two_sample.data, two_sample.template]).expect("classes have the same features")
}
