//! An ensemble of boosted trees: the same parts as the perceptrons, one training after the other.

use drapes_analysis::job::TreeSettings;
use drapes_analysis::record::Loss;
use ndarray::{Array2, ArrayView2, Axis};

use super::contest::{Contest, both};
use super::judge::Scorer;
use super::train::{Member, Parts};
use super::trees::{Rows, Trees};
use crate::checkpoint::Keeper;
use crate::error::Error;

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

impl Forest {
    /// Trains all members; beside them, the losses of each.
    ///
    /// # Errors
    /// A class has no events, or the trees cannot be grown.
    pub fn train(
        contest: &Contest<'_>,
        settings: &TreeSettings,
        members: &[Member],
        keeper: &Keeper<'_>,
    ) -> Result<(Self, Vec<Vec<Loss>>), Error> {
        let events = both(contest);
        let n_data = contest.data.nrows();
        let (mut forest, mut losses) = (Vec::with_capacity(members.len()), Vec::with_capacity(members.len()));
        for (index, member) in members.iter().enumerate() {
            keeper.stop_if_told()?;
            let training = Table::of(&events, n_data, &member.training, &member.training);
            let validation = Table::of(&events, n_data, &member.validation, &member.training);
            let trees = Trees::train(&training.rows(), &validation.rows(), settings)
                .map_err(|reason| Error::Trees { reason })?;
            losses.push(trees.course());
            forest.push(trees);
            keeper.progress((index + 1) as f64 / members.len() as f64);
        }
        Ok((Self { members: forest }, losses))
    }
}

impl Table {
    /// The events of some parts, with weights that make both classes of the training parts count alike.
    fn of(events: &Array2<f32>, n_data: usize, parts: &Parts, training: &Parts) -> Self {
        let rows: Vec<usize> = parts.rows(n_data).into_iter().map(|row| row as usize).collect();
        let half = (training.data.len() + training.template.len()) as f64 / 2.0;
        let of_class = |count: usize| half / count.max(1) as f64;
        let (data, template) = (of_class(training.data.len()), of_class(training.template.len()));
        let is_data: Vec<bool> = rows.iter().map(|row| *row < n_data).collect();
        let weights = is_data.iter().map(|is_data| if *is_data { data } else { template }).collect();
        Self { features: events.select(Axis(0), &rows), is_data, weights }
    }

    fn rows(&self) -> Rows<'_> {
        Rows { features: self.features.view(), is_data: &self.is_data, weights: &self.weights }
    }
}

impl Scorer for Forest {
    fn score_by_all(&self, rows: ArrayView2<'_, f32>) -> Vec<Vec<f32>> {
        self.members.iter().map(|trees| trees.score(rows)).collect()
    }

    fn score_by_one(&self, member: usize, rows: ArrayView2<'_, f32>) -> Vec<f32> {
        self.members[member].score(rows)
    }
}
