//! What tells data from template in the windows of a search, by the kind of classifier of their points: boosted trees or perceptrons; what
//! these depend on, and what they cost.

use serde_json::{Value, json};

use crate::job::{ClassifierKind, Comparison, Job, ScanPoint, Search};
use crate::plan::cost::keys::{self, Cost, Key};
use crate::plan::cost::memory::{MASS, PLACE, SINGLE, TRAINED};
use crate::plan::cost::{
    Difference, EventCounts, INFERENCE, TRAINING, at_rate, classifier_weights, forest_work, looks, product,
};
use crate::plan::{PaceKind, Rates};

/// The classifiers of a window: so many trainings for each fold.
pub struct WindowClassifiers<'a> {
    pub point: &'a ScanPoint,
    pub trainings: usize,
}

impl WindowClassifiers<'_> {
    fn are_trees(&self) -> bool {
        self.point.classifier == ClassifierKind::Trees
    }

    /// Data and template events of the window.
    pub fn compared(&self, counts: EventCounts) -> f64 {
        let template = match self.point.comparison {
            Comparison::Window { template, oversampling, .. } => counts.template(&template, oversampling),
            _ => 0.0,
        };
        counts.signal_region as f64 + template
    }

    /// Those of them that one training learns from.
    fn learnt(&self, counts: EventCounts) -> f64 {
        let folds = f64::from(Search::FOLDS);
        self.compared(counts) * (folds - 2.0) / folds
    }

    fn members(&self) -> usize {
        self.trainings * Search::FOLDS as usize
    }

    pub fn pace(&self) -> PaceKind {
        if self.are_trees() { PaceKind::Trees } else { PaceKind::Perceptrons }
    }

    /// The settings of their trainings.
    pub fn settings(&self, job: &Job) -> Value {
        if self.are_trees() {
            json!(job.trees)
        } else {
            json!([job.window_classifier(), job.compute.threads])
        }
    }

    /// Seconds of so many times all of them, in one of which so many events of data and template are compared; they score so many further
    /// ones.
    pub fn seconds(
        &self,
        job: &Job,
        (counts, rates): (EventCounts, &Rates),
        (times, further): (usize, f64),
        difference: Difference,
    ) -> f64 {
        let learnt = self.learnt(counts);
        let grown = product([times, self.members()]);
        if self.are_trees() {
            return at_rate(grown * forest_work(job, learnt, difference), rates.trees);
        }
        let fold = self.compared(counts) / f64::from(Search::FOLDS);
        let epochs = job.classifier.epochs;
        let seen = TRAINING * learnt * epochs as f64 + looks::of_classifier(fold, epochs);
        let each = classifier_weights(job) * (seen + INFERENCE * (fold + further));
        at_rate(grown * each, rates.classifier)
    }

    /// Memory while they learn, and while they score so many further events.
    pub fn memory(&self, job: &Job, counts: EventCounts, further: f64) -> f64 {
        let features = job.data.features.len() as f64;
        let compared = self.compared(counts);
        // As they are read.
        let table = SINGLE * features * compared;
        if self.are_trees() {
            // In double precision by column and binned.
            return table + 2.0 * MASS * features * compared;
        }
        let (classifier, members) = (&job.classifier, self.members() as f64);
        let values = classifier.batch as f64 * product([classifier.hidden_layers, classifier.width]);
        let lists = PLACE * members * self.learnt(counts);
        let scored = SINGLE * further * (features + members);
        4.0 * table + lists + scored + SINGLE * members * (TRAINED * classifier_weights(job) + values)
    }

    /// Keys that cost much.
    pub fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        if self.are_trees() {
            return keys::trees(job, cost);
        }
        let mut keys = keys::classifier(job, 1, cost);
        // All perceptrons of a window are one task.
        keys.retain(|(key, ..)| !key.starts_with("compute."));
        keys
    }
}
