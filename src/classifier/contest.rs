//! Who stands against whom, and how the outcome is judged.

use drapes_analysis::job::ClassifierSettings;
use drapes_analysis::metrics::RankedScores;
use drapes_analysis::quantities::{ClassifierSeed, Fold};
use drapes_analysis::record::Classifier;
use drapes_analysis::stream::Stream;
use ndarray::{Array2, ArrayView2, Axis, concatenate};
use tch::Device;

use super::folds::Folds;
use super::train::{Ensemble, Member, Parts};
use crate::error::Error;
use crate::watch::Watch;

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
    /// Which of them are signal.
    pub is_signal: &'a [bool],
    /// The second class.
    pub template: ArrayView2<'a, f32>,
    /// What the second class is.
    pub template_truth: TemplateTruth,
    /// True background that takes no part in training.
    pub unseen_background: ArrayView2<'a, f32>,
    /// True signal that takes no part in training.
    pub unseen_signal: ArrayView2<'a, f32>,
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
    device: Device,
    watch: &dyn Watch,
) -> Result<Vec<Classifier>, Error> {
    let (deal, stream) = streams;
    let n_data = contest.data.nrows();
    let mut members = Vec::new();
    for seed in seeds {
        let deal = deal.branch("folds").branch(seed);
        let data = Folds::deal(n_data, settings.folds, &deal.branch("data"));
        let template = Folds::deal(contest.template.nrows(), settings.folds, &deal.branch("template"));
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
    let mut ensemble = Ensemble::new(contest, settings, &members, steps_per_epoch, device);
    let losses = ensemble.train(watch)?;
    Ok(judge(contest, &ensemble, members, losses))
}

/// Steps of a pass: what every fold has events for, so that no member depends on the others.
fn steps_per_epoch(contest: &Contest<'_>, settings: &ClassifierSettings) -> Result<usize, Error> {
    let counts = [contest.data.nrows(), contest.template.nrows()];
    let least: usize = counts.iter().map(|count| Folds::least_training(*count, settings.folds)).sum();
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

fn judge(
    contest: &Contest<'_>,
    ensemble: &Ensemble<'_>,
    members: Vec<Member>,
    losses: Vec<Vec<drapes_analysis::record::Loss>>,
) -> Vec<Classifier> {
    let mut unseen_background = ensemble.score_by_all(contest.unseen_background);
    let mut unseen_signal = ensemble.score_by_all(contest.unseen_signal);
    let judged = members.into_iter().zip(losses).enumerate().map(|(index, (member, losses))| {
        let scores = |rows: &Array2<f32>| ensemble.score_by_one(index, rows.view());
        let data = scores(&contest.data.select(Axis(0), &member.evaluated.data));
        let template = scores(&contest.template.select(Axis(0), &member.evaluated.template));
        let closure_auc = match contest.template_truth {
            // Background against signal alone says nothing of a template.
            TemplateTruth::Background if contest.is_signal.iter().all(|signal| *signal) => None,
            TemplateTruth::Background | TemplateTruth::Generated => {
                RankedScores::new(template.clone(), data.clone()).auc()
            }
        };
        let mut background = std::mem::take(&mut unseen_background[index]);
        let mut signal = std::mem::take(&mut unseen_signal[index]);
        for (event, score) in member.evaluated.data.iter().zip(&data) {
            let side = if contest.is_signal[*event] { &mut signal } else { &mut background };
            side.push(*score);
        }
        if contest.template_truth == TemplateTruth::Background {
            background.extend(template);
        }
        Classifier {
            seed: member.seed,
            fold: member.fold,
            closure_auc,
            performance: RankedScores::new(background, signal).performance(),
            losses,
        }
    });
    judged.collect()
}

/// Both classes below each other, data first.
pub(super) fn both(contest: &Contest<'_>) -> Array2<f32> {
    concatenate(Axis(0), &[contest.data, contest.template]).expect("classes have the same features")
}

#[cfg(test)]
mod tests;
