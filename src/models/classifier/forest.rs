//! An ensemble of boosted trees: the same folds as the perceptrons, by as many trainings.

use drapes_analysis::job::TreeSettings;
use ndarray::{Array2, ArrayView2, Axis};

use super::family::{ClassifierFamily, Scorer, SmallestFold};
use super::member::{ClassRows, Member};
use super::side_by_side::side_by_side;
use super::trees::{Rows, Trees};
use super::two_sample::{TwoSample, both};
use crate::error::Error;
use crate::training::{Checkpointer, TrainingHistory};

/// Boosted trees, as a family of classifiers.
#[derive(Clone, Copy, Debug)]
pub struct BoostedTrees<'a> {
    /// How they are grown.
    pub settings: &'a TreeSettings,
    /// Trainings at once; no result depends on it.
    pub threads: usize,
}

/// The boosted trees of every member.
pub struct Forest {
    members: Vec<Trees>,
}

/// Events of both classes, as trees take them.
struct Table {
    features: Array2<f32>,
    is_data: Vec<bool>,
    weights: Vec<f64>,
}

impl ClassifierFamily<ArrayView2<'_, f32>> for BoostedTrees<'_> {
    type Trained = Forest;

    const REMEDY: &'static str = "lower classifier.folds";

    /// Trees take all events at once, and need one.
    fn batch(&self) -> usize {
        1
    }

    fn train(
        &self,
        two_sample: &TwoSample<'_, ArrayView2<'_, f32>>,
        members: &[Member],
        _least: SmallestFold,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<(Forest, Vec<TrainingHistory>), Error> {
        let events = both(two_sample);
        let n_data = two_sample.data.nrows();
        let (mut forest, mut histories) = (vec![], vec![]);
        let grow = |index: usize| {
            let member = &members[index];
            let training = Table::of(&events, n_data, &member.training, &member.training);
            let validation = Table::of(&events, n_data, &member.validation, &member.training);
            let trees = Trees::train(&training.rows(), &validation.rows(), self.settings)
                .map_err(|reason| Error::Trees { reason })?;
            Ok((TrainingHistory { losses: trees.losses(), diverged: None }, trees))
        };
        side_by_side(self.threads, members.len(), checkpointer, grow, |_, (history, trees)| {
            histories.push(history);
            forest.push(trees);
        })?;
        Ok((Forest { members: forest }, histories))
    }
}

impl Table {
    /// The events of some rows, with weights that make both classes of the training rows count alike.
    fn of(events: &Array2<f32>, n_data: usize, class_rows: &ClassRows, training: &ClassRows) -> Self {
        let rows: Vec<usize> = class_rows.rows(n_data).into_iter().map(|row| row as usize).collect();
        let [data, template] = training.class_weights();
        let is_data: Vec<bool> = rows.iter().map(|row| *row < n_data).collect();
        let weights = is_data.iter().map(|is_data| if *is_data { data } else { template }).collect();
        Self { features: events.select(Axis(0), &rows), is_data, weights }
    }

    fn rows(&self) -> Rows<'_> {
        Rows { features: self.features.view(), is_data: &self.is_data, weights: &self.weights }
    }
}

impl Scorer<ArrayView2<'_, f32>> for Forest {
    fn score_by_all(&self, events: ArrayView2<'_, f32>) -> Vec<Vec<f32>> {
        self.members.iter().map(|trees| trees.score(events)).collect()
    }

    fn score_by_one(&self, member: usize, events: ArrayView2<'_, f32>, rows: &[usize]) -> Vec<f32> {
        self.members[member].score(events.select(Axis(0), rows).view())
    }
}
