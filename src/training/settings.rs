//! The settings of a training: epochs, batch, learning rate, weight decay, and which parameters are its result.

use std::num::NonZeroUsize;

use drapes_analysis::job::{KeptMoment, Schedule};
use drapes_analysis::plan::cost::looks::RECORDS;

use super::learning_rate::LearningRate;

/// The warm-up takes at most this share of a training, about the share that it has in the paper.
const LARGEST_WARMUP: f64 = 1.0 / 20.0;

/// The settings that all members of a training share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainingSettings {
    /// Passes over the training part.
    pub epochs: usize,
    /// Events of a step.
    pub batch: usize,
    /// Learning rate after the warm-up.
    pub learning_rate: f64,
    /// Steps of the warm-up, if the training is long enough for so many.
    pub warmup_steps: usize,
    /// The learning rate after the warm-up.
    pub schedule: Schedule,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// The largest norm of a member's gradient, where there is one.
    pub gradient_clip: Option<f64>,
    /// Which parameters are the result.
    pub result: ResultOf,
    /// When losses are recorded.
    pub recorded: Recorded,
    /// A member ends after so many records without a better validation loss; none: after its last step.
    pub patience: Option<NonZeroUsize>,
}

/// Which parameters a training ends with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ResultOf {
    /// Their running average over the steps, which is also what validation losses are of.
    RunningAverage(Averaging),
    /// Those at the moment with the least validation loss, or at the last moment, among those at which losses were recorded
    /// and finite.
    RecordedMoment(KeptMoment),
    /// Those after the last step.
    LastStep,
}

/// How a running average weighs the steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Averaging {
    /// Each counts a constant share of the one behind it.
    Decay(f64),
    /// Step t counts t to this power: the average becomes longer as the training does.
    ///
    /// Source: Karras et al. 2023 (arXiv:2312.02696), section 3.1.
    Power(f64),
}

impl Averaging {
    /// By a power, so that the weights have a standard deviation of this share of all steps.
    ///
    /// Source: σ² = (γ + 1)/((γ + 2)² (γ + 3)) of the density (γ + 1) t^γ over 0 to 1, for the power γ.
    pub fn of_width(share: f64) -> Self {
        let variance = |power: f64| (power + 1.0) / ((power + 2.0).powi(2) * (power + 3.0));
        let (mut low, mut high) = (0.0, 1e6);
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if variance(middle) > share * share { low = middle } else { high = middle }
        }
        Self::Power(f64::midpoint(low, high))
    }

    /// How far the average moves towards the parameters in a step, counted from 0.
    pub fn pull(self, step: usize) -> f64 {
        match self {
            Self::Decay(decay) => 1.0 - decay,
            Self::Power(power) => 1.0 - (step as f64 / (step as f64 + 1.0)).powf(power + 1.0),
        }
    }
}

/// When losses are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Fifty times in the training of a member, and at its end.
    FiftyTimes,
    /// After each epoch of a member.
    EachEpoch,
}

impl TrainingSettings {
    /// The learning rate of a member with so many batches in an epoch.
    pub(super) fn rate(&self, batches: usize) -> LearningRate {
        let total = batches * self.epochs;
        LearningRate {
            peak: self.learning_rate,
            warmup: self.warmup_steps.min((total as f64 * LARGEST_WARMUP) as usize),
            total,
            schedule: self.schedule,
        }
    }

    /// Steps between two records of a training of so many steps.
    pub(super) fn steps_a_record(&self, total: usize) -> usize {
        match self.recorded {
            Recorded::FiftyTimes => total.div_ceil(RECORDS),
            Recorded::EachEpoch => total / self.epochs.max(1),
        }
    }
}

/// The settings of a training of denoisers, of events or of jets: the job has the same keys for both, in types of their own.
macro_rules! denoiser_recipe {
    ($settings:expr, $averaging:expr) => {
        $crate::training::TrainingSettings {
            epochs: $settings.epochs,
            batch: $settings.batch,
            learning_rate: $settings.learning_rate,
            warmup_steps: $settings.warmup_steps,
            schedule: $settings.schedule,
            weight_decay: $settings.weight_decay,
            gradient_clip: Some($settings.gradient_clip),
            result: $crate::training::ResultOf::RunningAverage($averaging),
            recorded: $crate::training::Recorded::FiftyTimes,
            patience: None,
        }
    };
}
pub(crate) use denoiser_recipe;
