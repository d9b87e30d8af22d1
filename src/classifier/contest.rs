//! Who stands against whom, and how the outcome is judged.

use drapes_analysis::job::{ClassifierSettings, TreeSettings};
use drapes_analysis::quantities::{ClassifierSeed, Fold};
use drapes_analysis::record::Classifier;
use drapes_analysis::stream::Stream;
use ndarray::{Array2, ArrayView2, Axis, concatenate};
use tch::Device;

use super::folds::Folds;
use super::forest::Forest;
use super::judge::judge;
use super::train::{Ensemble, Member, Parts};
use crate::checkpoint::Keeper;
use crate::error::Error;

/// What tells the classes apart.
#[derive(Clone, Copy, Debug)]
pub enum Judges<'a> {
    /// Perceptrons that train together on a device.
    Mlp(Device),
    /// Boosted trees.
    Trees(&'a TreeSettings),
}

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
}

/// What the events of the template are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateTruth {
    /// Generated: only data tell how good a classifier is.
    Generated,
    /// True background: the part that a classifier has not seen is evaluated too.
    Background,
}

/// Two classes to tell apart, and further events to judge by. Jets' features in their own units,
/// `(events, features)`.
pub struct Contest<'a> {
    /// The first class: data, or true signal for the supervised reference.
    pub data: ArrayView2<'a, f32>,
    /// What is known of them.
    pub data_truth: DataTruth<'a>,
    /// The second class.
    pub template: ArrayView2<'a, f32>,
    /// What the second class is.
    pub template_truth: TemplateTruth,
    /// How it is dealt into parts.
    pub template_folds: TemplateFolds,
    /// True background that takes no part in training.
    pub unseen_background: ArrayView2<'a, f32>,
    /// True signal that takes no part in training.
    pub unseen_signal: ArrayView2<'a, f32>,
}

impl Contest<'_> {
    /// Whether the first class is signal alone, as that of the supervised reference.
    pub(super) fn data_is_signal(&self) -> bool {
        matches!(self.data_truth, DataTruth::Simulated(is_signal) if is_signal.iter().all(|signal| *signal))
    }

    /// What every fold has at least of the template, where a dealt sample of a size has `least_of`.
    pub(super) fn least_template(&self, least_of: impl Fn(usize) -> usize) -> usize {
        let (data, template) = (self.data.nrows(), self.template.nrows());
        match self.template_folds {
            TemplateFolds::Dealt => least_of(template),
            TemplateFolds::OfData => least_of(data) * (template / data.max(1)),
        }
    }
}

/// Trains the classifiers of some seeds, all folds of each, and judges each on events it has not seen.
///
/// `deal` is where the folds begin: contests that share it and the number of data events have the same data
/// folds. `stream` is where the rest begins.
///
/// # Errors
/// A class is too small for a batch of training events in each fold, or the training diverges.
///
/// Source: the paper, section 3.4, and the public CURTAINs classifiers: five stratified folds, three of them
/// train, one validates, one evaluates, rolled so that every event is evaluated once.
pub fn classify(
    contest: &Contest<'_>,
    settings: &ClassifierSettings,
    seeds: &[ClassifierSeed],
    streams: (&Stream, &Stream),
    kind: Judges<'_>,
    keeper: &Keeper<'_>,
) -> Result<Vec<Classifier>, Error> {
    let (deal, stream) = streams;
    let n_data = contest.data.nrows();
    let mut members = Vec::new();
    for seed in seeds {
        let deal = deal.branch("folds").branch(seed);
        let data = Folds::deal(n_data, settings.folds, &deal.branch("data"));
        let template = match contest.template_folds {
            TemplateFolds::Dealt => {
                Folds::deal(contest.template.nrows(), settings.folds, &deal.branch("template"))
            }
            TemplateFolds::OfData => data.repeated(contest.template.nrows()),
        };
        for fold in (0..settings.folds).map(Fold) {
            let parts = |training: bool| {
                let of = |folds: &Folds| -> Vec<usize> {
                    if training {
                        folds.training(fold).collect()
                    } else {
                        folds.part(fold.validation(settings.folds)).collect()
                    }
                };
                Parts { data: of(&data), template: of(&template) }
            };
            let evaluated =
                Parts { data: data.part(fold).collect(), template: template.part(fold).collect() };
            members.push(Member {
                seed: *seed,
                fold,
                training: parts(true),
                validation: parts(false),
                evaluated,
                stream: stream.branch(seed).branch(fold),
            });
        }
    }
    let steps_per_epoch = steps_per_epoch(contest, settings)?;
    match kind {
        Judges::Mlp(device) => {
            let mut ensemble = Ensemble::new(contest, settings, &members, steps_per_epoch, device);
            let losses = ensemble.train(keeper)?;
            Ok(judge(contest, &ensemble, members, losses))
        }
        Judges::Trees(settings) => {
            let (forest, losses) = Forest::train(contest, settings, &members, keeper)?;
            Ok(judge(contest, &forest, members, losses))
        }
    }
}

/// Steps of a pass: what every fold has events for, so that no member depends on the others.
fn steps_per_epoch(contest: &Contest<'_>, settings: &ClassifierSettings) -> Result<usize, Error> {
    let counts = [contest.data.nrows(), contest.template.nrows()];
    let least_of = |count| Folds::least_training(count, settings.folds);
    let least = least_of(contest.data.nrows()) + contest.least_template(least_of);
    if least < settings.batch || counts.iter().any(|count| *count < settings.folds as usize) {
        return Err(Error::TooFew {
            region: "a training part of data and template".to_owned(),
            what: "events",
            found: least,
            needed: settings.batch,
            advice: "lower classifier.batch or classifier.folds, or widen the signal region".to_owned(),
        });
    }
    Ok(least / settings.batch)
}

/// Both classes below each other, data first.
pub(super) fn both(contest: &Contest<'_>) -> Array2<f32> {
    concatenate(Axis(0), &[contest.data, contest.template]).expect("classes have the same features")
}

#[cfg(test)]
mod tests;
