//! Trials of classifiers of features: perceptrons and trees.

use std::time::Instant;

use drapes_analysis::job::point::ClassifierKind;
use drapes_analysis::job::{ClassifierSettings, Job, ScanPoint, Search, TreeSettings};
use drapes_analysis::machine::Seen;
use drapes_analysis::plan::cost::{TRAINING, classifier_weights, trees_work};
use drapes_analysis::plan::rates::Rates;
use drapes_analysis::plan::work::{
    Classify, ClassifyTogether, ClosureByTrees, PseudoExperiments, SearchWindow,
};
use tch::Device;

use super::clock::{Clock, MOMENT};
use super::members::{members_of, two_sample};
use super::models::{EPOCHS, LARGEST_BATCH, normals};
use crate::models::classifier::{
    BoostedTrees, ClassRows, ClassifierFamily, DataTruth, Member, Perceptrons, SmallestFold,
};
use crate::task::{Trial, seen};
use crate::training::Checkpointer;

impl Trial for Classify {
    fn moment(&self, job: &Job, device: Device, rates: &Rates) -> Option<Seen> {
        let members = self.seeds.len() * job.classifier.folds as usize;
        match self.point.classifier {
            ClassifierKind::Mlp => {
                perceptrons(job, members, device).map(|taken| seen(taken, rates.classifier))
            }
            ClassifierKind::Trees => trees(job).map(|taken| seen(taken, rates.trees)),
            ClassifierKind::Transformer => {
                super::jets::classifiers(job, members, device).map(|taken| seen(taken, rates.jet_classifier))
            }
        }
    }
}

impl Trial for ClassifyTogether {
    fn moment(&self, job: &Job, device: Device, rates: &Rates) -> Option<Seen> {
        let seeds: usize = self.chunks.iter().map(|chunk| chunk.seeds.len()).sum();
        let members = seeds * job.classifier.folds as usize;
        perceptrons(job, members, device).map(|taken| seen(taken, rates.classifier))
    }
}

impl Trial for ClosureByTrees {
    fn moment(&self, job: &Job, _device: Device, rates: &Rates) -> Option<Seen> {
        trees(job).map(|taken| seen(taken, rates.trees))
    }
}

impl Trial for SearchWindow {
    fn moment(&self, job: &Job, device: Device, rates: &Rates) -> Option<Seen> {
        let trainings = job.search.as_ref().map_or(1, |search| search.trainings);
        of_window(job, (&self.point, trainings), device, rates)
    }
}

impl Trial for PseudoExperiments {
    fn moment(&self, job: &Job, device: Device, rates: &Rates) -> Option<Seen> {
        let trainings = job.search.as_ref().map_or(1, Search::pseudo_trainings);
        of_window(job, (&self.point, trainings), device, rates)
    }
}

/// Classifiers of a window of a search.
fn of_window(
    job: &Job,
    (point, trainings): (&ScanPoint, usize),
    device: Device,
    rates: &Rates,
) -> Option<Seen> {
    match point.classifier {
        ClassifierKind::Trees => trees(job).map(|taken| seen(taken, rates.trees)),
        ClassifierKind::Mlp | ClassifierKind::Transformer => {
            let members = trainings * SearchWindow::FOLDS as usize;
            perceptrons(job, members, device).map(|taken| seen(taken, rates.classifier))
        }
    }
}

/// Batches of an epoch of perceptrons: they look at their losses after each, which a trial is too short for. Large batches
/// have fewer, so that a trial needs no more memory than the job.
fn batches(batch: usize) -> usize {
    if batch <= 1024 { 512 } else { Perceptrons::STEPS_A_BLOCK }
}

/// Trees of a forest, and events of each class that they are grown on: as many as the signal region of the job has, but not more and
/// not fewer than these. A tree on few events costs what its bins cost.
const TREES: usize = 10;
const MOST_EVENTS: usize = 10_000;
const FEWEST_EVENTS: usize = 200;

/// Operations and seconds of some training steps of perceptrons.
fn perceptrons(job: &Job, members: usize, device: Device) -> Option<(f64, f64)> {
    let settings = ClassifierSettings { epochs: EPOCHS, ..job.classifier.clone() };
    let features = job.data.features.len();
    if settings.batch > LARGEST_BATCH {
        return None;
    }
    let batches = batches(settings.batch);
    let events = batches * settings.batch / 2;
    let (rows, none, clock) = (normals(events, features, 1), normals(0, features, 2), Clock::of(device));
    let two_sample = two_sample(rows.view(), DataTruth::Generated, none.view());
    let members = members_of(members, events);
    let family = Perceptrons { settings: &settings, device };
    let smallest_fold = SmallestFold { batches, validation: 0 };
    // It ends by being stopped.
    let _ = family.train(&two_sample, &members, smallest_fold, &Checkpointer::without_file(&clock));
    let (blocks, seconds) = clock.blocks()?;
    let steps = blocks * Perceptrons::STEPS_A_BLOCK;
    Some((TRAINING * classifier_weights(job) * (steps * members.len() * settings.batch) as f64, seconds))
}

/// A forest that learns from so many events of each class, which are different ones: where both classes held the same, no split would
/// gain anything, and trees without a split cost next to nothing.
fn member_of_trees(events: usize) -> Member {
    let rows =
        |count: usize| ClassRows { data: (0..count).collect(), template: (events..events + count).collect() };
    Member { training: rows(events), validation: rows(events / 3), ..members_of(1, events).remove(0) }
}

/// Events times features times trees, and the seconds to grow them.
fn trees(job: &Job) -> Option<(f64, f64)> {
    let settings = TreeSettings { iterations: TREES, patience: TREES, ..job.trees.clone() };
    let features = job.data.features.len();
    let events = job.pricing.signal_region_events.clamp(FEWEST_EVENTS, MOST_EVENTS);
    let (rows, none) = (normals(2 * events, features, 1), normals(0, features, 2));
    let two_sample = two_sample(rows.view(), DataTruth::Generated, none.view());
    let members = [member_of_trees(events)];
    let (start, mut forests) = (Instant::now(), 0.0);
    while forests == 0.0 || start.elapsed() < MOMENT {
        let smallest_fold = SmallestFold { batches: 1, validation: 1 };
        let family = BoostedTrees { settings: &settings, threads: 1 };
        family.train(&two_sample, &members, smallest_fold, &Checkpointer::default()).ok()?;
        forests += 1.0;
    }
    let work = forests * trees_work(job, (2 * events) as f64, TREES as f64);
    Some((work, start.elapsed().as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_tried_on_classes_that_differ() {
        let member = member_of_trees(300);
        for rows in [&member.training, &member.validation] {
            let (data, template) = (rows.data.list(), rows.template.list());
            assert!(!data.is_empty() && data.len() == template.len());
            assert!(data.iter().all(|event| !template.contains(event)));
        }
    }
}
