//! The losses of an ensemble's members, and where one of them leaves the finite numbers: it alone is of no use then, for
//! members never mix.

use std::num::NonZeroUsize;

use drapes_analysis::store::record::Loss;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::learning_rate::LearningRate;
use crate::error::Error;

/// One member of a training, and how it has learnt so far.
#[derive(Clone, Debug)]
pub struct TrainedMember {
    /// Events it learns from.
    pub n_training: usize,
    /// Events kept aside.
    pub n_validation: usize,
    /// Its learning rate.
    pub rate: LearningRate,
    /// Losses on the way, and whether it diverged: it is of no use then.
    pub history: TrainingHistory,
}

/// How the training of one member has gone so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingHistory {
    /// Losses on the way, all of them finite.
    pub losses: Vec<Loss>,
    /// The epoch at which its loss or its weights left the finite numbers, if they did.
    pub diverged: Option<f64>,
}

/// Whether all weights of a member are finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Numbers.
    Finite,
    /// At least one is infinite or not a number: the member is of no use.
    NotFinite,
}

impl TrainedMember {
    /// The steps of its whole training: all of them, or no more once its validation loss has not improved for `patience` records.
    pub(super) fn ends_after(&self, patience: Option<NonZeroUsize>) -> usize {
        if self.history.has_stalled(patience) { 0 } else { self.rate.total }
    }
}

impl Weights {
    /// Whether all weights of each member are finite.
    ///
    /// # Shapes
    /// `[members, len]`
    pub fn of(parameters: &Tensor) -> Vec<Self> {
        let finite = parameters.isfinite().all_dim(1, false).to_kind(Kind::Uint8).to_device(Device::Cpu);
        let finite = Vec::<u8>::try_from(&finite).unwrap_or_default();
        finite.into_iter().map(|finite| if finite == 0 { Self::NotFinite } else { Self::Finite }).collect()
    }
}

impl TrainingHistory {
    /// Whether so many records, the last ones, are no better on the events kept aside than the best before them.
    pub(super) fn has_stalled(&self, patience: Option<NonZeroUsize>) -> bool {
        let Some(patience) = patience else { return false };
        let validation = self.losses.iter().map(|loss| loss.validation);
        let best = validation.enumerate().filter_map(|(record, loss)| Some((record, loss?)));
        let best = best.min_by(|(_, one), (_, other)| one.total_cmp(other));
        best.is_some_and(|(record, _)| self.losses.len() - 1 - record >= patience.get())
    }

    /// Records an entry of the history; none once the member has diverged.
    pub fn finite(&mut self, loss: Loss, weights: Weights) -> Option<Loss> {
        let values = [Some(loss.training), loss.validation];
        if weights == Weights::NotFinite || values.iter().flatten().any(|value| !value.is_finite()) {
            self.diverged = self.diverged.or(Some(loss.epoch));
        }
        self.diverged.is_none().then_some(loss)
    }
}

/// Checks that some member has not diverged, so that it makes sense to go on.
///
/// # Errors
/// All of them have diverged.
pub fn some_are_well<'a>(members: impl IntoIterator<Item = &'a TrainingHistory>) -> Result<(), Error> {
    let diverged = members.into_iter().map(|member| member.diverged).collect::<Option<Vec<f64>>>();
    match diverged.and_then(|epochs| epochs.into_iter().reduce(f64::min)) {
        Some(epoch) => Err(Error::Diverged { epoch, what: "the loss of every member".to_owned() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
