//! One member of a training: what it learns from, and what is kept aside to see how far it has learnt.

use drapes_analysis::plan::random_stream::Stream;
use rand::seq::SliceRandom;

use super::batches::Batches;
use super::history::{TrainedMember, TrainingHistory};
use super::noise::Noise;
use super::settings::TrainingSettings;
use crate::error::Error;

/// One member of a training.
pub struct Learner {
    /// Which events it sees in which step.
    pub batches: Batches,
    /// What all other random numbers of its steps come from.
    pub noise: Noise,
    pub(super) stream: Stream,
    pub(super) trained: TrainedMember,
}

/// The words of the error where events are not enough for a batch.
#[derive(Clone, Copy, Debug)]
pub struct TooFew {
    /// What is learnt from.
    pub region: &'static str,
    /// What it has too few of.
    pub what: &'static str,
    /// What helps.
    pub advice: &'static str,
}

impl Learner {
    /// A member that learns from these rows, in so many batches an epoch, while others are kept aside.
    ///
    /// # Panics
    /// If an epoch needs more events than there are, or has no batch.
    pub fn new(
        rows: Vec<u32>,
        n_validation: usize,
        batches: usize,
        settings: &TrainingSettings,
        stream: &Stream,
    ) -> Self {
        let trained = TrainedMember {
            n_training: rows.len(),
            n_validation,
            rate: settings.rate(batches),
            history: TrainingHistory::default(),
        };
        Self {
            batches: Batches::new(rows, settings.batch, batches, stream),
            noise: Noise::of(&stream.branch("noise")),
            stream: stream.clone(),
            trained,
        }
    }

    /// A member that learns from some of these rows, in as many batches as they fill, and the rows that are kept aside: a
    /// share of them, chosen by `chance`.
    ///
    /// # Errors
    /// The rows that remain do not fill a batch.
    pub fn of_some(
        mut rows: Vec<u32>,
        (share_kept, chance): (f64, &Stream),
        settings: &TrainingSettings,
        stream: &Stream,
        too_few: &TooFew,
    ) -> Result<(Self, Vec<u32>), Error> {
        rows.shuffle(&mut chance.generator());
        let training = rows.split_off((share_kept * rows.len() as f64) as usize);
        let (found, needed) = (training.len(), settings.batch);
        if found < needed {
            let TooFew { region, what, advice } = *too_few;
            let (region, advice) = (format!("the training part of {region}"), advice.to_owned());
            return Err(Error::TooFew { region, what, found, needed, advice });
        }
        Ok((Self::new(training, rows.len(), found / needed, settings, stream), rows))
    }
}
