//! The training of denoisers.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{IfStopped, Settings, TaskKind, Trained};
use crate::job::{Job, Scope, TrainingSample};
use crate::plan::cost::keys::{self, Cost, Key};
use crate::plan::cost::memory::{self, Chip, ROWS, SINGLE, STEPS_A_BLOCK, TRAINED};
use crate::plan::cost::{EventCounts, TRAINING, at_rate, denoiser_weights, looks, product, stored_networks};
use crate::plan::{PaceKind, Rates};

/// The training of denoisers, together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainDenoisers {
    /// Which events they learn from.
    pub scope: Scope,
    /// The data of each member.
    pub samples: Vec<TrainingSample>,
}

impl TrainDenoisers {
    /// Events that each member learns from.
    fn events_each(&self, counts: EventCounts) -> usize {
        match self.scope {
            Scope::SideBands => counts.side_band,
            Scope::Everything => counts.side_band.saturating_add(counts.signal_region),
        }
    }
}

impl TaskKind for TrainDenoisers {
    fn name(&self) -> &'static str {
        "train"
    }

    fn pace(&self) -> PaceKind {
        PaceKind::Denoiser
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        json!([of.split, of.job.denoiser, of.noise, of.job.compute.threads])
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        let (members, events) = (self.samples.len(), self.events_each(counts));
        let steps = TRAINING * product([job.denoiser.epochs, events]);
        let each = steps + looks::of_denoiser(events, job.denoiser.validation_fraction);
        at_rate(denoiser_weights(job) * each * members as f64, rates.denoiser(members))
    }

    fn bytes(&self, job: &Job, _counts: EventCounts) -> f64 {
        stored_networks(self.samples.len(), denoiser_weights(job))
    }

    fn memory(&self, job: &Job, counts: EventCounts, _chip: Chip) -> f64 {
        let (denoiser, columns) = (&job.denoiser, memory::columns(job));
        let nodes = product([denoiser.hidden_layers, denoiser.width]) + denoiser.noise_features as f64;
        let values = denoiser.batch as f64 * (nodes + STEPS_A_BLOCK * columns);
        let rows = ROWS * self.events_each(counts) as f64 * columns;
        self.samples.len() as f64 * SINGLE * (TRAINED * denoiser_weights(job) + values + rows)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        keys::denoiser(job, self.samples.len(), cost)
    }

    fn if_stopped(&self) -> IfStopped {
        IfStopped::GoesOn
    }

    fn trained(&self, job: &Job) -> Option<Trained> {
        Some(Trained { count: self.samples.len(), what: "denoiser", epochs: job.denoiser.epochs })
    }
}
