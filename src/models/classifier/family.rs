//! What every family of classifiers can do, so that cross-validation and evaluation are written once for perceptrons, boosted
//! trees and transformers.

use super::member::Member;
use super::two_sample::TwoSample;
use crate::error::Error;
use crate::training::{Checkpointer, TrainingHistory};

/// A kind of classifier, trained for all members of a two-sample task.
pub trait ClassifierFamily<E> {
    /// Its trained classifiers.
    type Trained: Scorer<E>;

    /// Advice in the error message where a class is too small for a batch.
    const REMEDY: &'static str;

    /// Events a step.
    fn batch(&self) -> usize;

    /// Trains all members; beside them, the losses of each. A member does not depend on the others.
    ///
    /// # Errors
    /// The training of every member diverges, cannot begin, or is told to stop.
    fn train(
        &self,
        two_sample: &TwoSample<'_, E>,
        members: &[Member],
        smallest_fold: SmallestFold,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<(Self::Trained, Vec<TrainingHistory>), Error>;
}

/// What the smallest fold has. Every member takes so many batches and validation events, so that none depends on how large the
/// folds of the others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmallestFold {
    /// Batches of training events.
    pub batches: usize,
    /// Validation events.
    pub validation: usize,
}

/// Trained classifiers that score events, larger for more data-like.
pub trait Scorer<E> {
    /// The scores of the same events by every member.
    fn score_by_all(&self, events: E) -> Vec<Vec<f32>>;

    /// The scores of some events, given by their rows, by one member.
    fn score_by_one(&self, member: usize, events: E, rows: &[usize]) -> Vec<f32>;
}
