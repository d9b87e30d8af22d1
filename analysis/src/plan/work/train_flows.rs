//! The training of flows.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{IfStopped, ModelPlace, Settings, TaskKind, Trained};
use crate::job::{FlowKind, Job, TrainingSample};
use crate::plan::cost::keys::{self, Cost, Key};
use crate::plan::cost::memory::{self, Chip, ROWS, SINGLE, STEPS_A_BLOCK, TRAINED};
use crate::plan::cost::{
    EventCounts, at_rate, flow_training_operations, flow_weights, looks, product, stored_networks,
};
use crate::plan::{PaceKind, Rates, TaskId, distinct};

/// The training of flows, together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainFlows {
    /// What they learn.
    pub flow: FlowKind,
    /// The data of each member.
    pub samples: Vec<TrainingSample>,
    /// Training and place of each member's base density; empty for densities. (Its name in fingerprints is an older one, so that
    /// finished scans stay finished.)
    #[serde(rename = "judges")]
    pub base_densities: Vec<ModelPlace>,
}

impl TaskKind for TrainFlows {
    fn name(&self) -> &'static str {
        "train_flow"
    }

    fn pace(&self) -> PaceKind {
        match self.flow {
            FlowKind::Base | FlowKind::BaseOfAll => PaceKind::Density,
            FlowKind::Curtains | FlowKind::CurtainsEfficient | FlowKind::Feta => PaceKind::Transport,
        }
    }

    fn needs(&self) -> Vec<TaskId> {
        distinct(self.base_densities.iter().map(|(base, _)| base.clone()), TaskId::clone)
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        let other = (self.flow == FlowKind::Feta).then_some(&of.other_sample);
        json!([of.split, of.job.flow.training(self.flow), of.job.compute.threads, other])
    }

    fn settings_variant(&self) -> &'static str {
        self.flow.word()
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        let events = match self.flow {
            // Another sample is taken to be as large as the data.
            FlowKind::Base | FlowKind::Curtains | FlowKind::CurtainsEfficient | FlowKind::Feta => {
                counts.side_band
            }
            FlowKind::BaseOfAll => counts.side_band + counts.signal_region,
        };
        let network = job.flow.network(self.flow);
        let steps = flow_training_operations(job, self.flow) * product([network.epochs, events]);
        let looked = looks::of_flow(events, job.flow.validation_fraction) * flow_weights(job, &network);
        at_rate((steps + looked) * self.samples.len() as f64, rates.flow(self.flow, self.samples.len()))
    }

    fn bytes(&self, job: &Job, _counts: EventCounts) -> f64 {
        stored_networks(self.samples.len(), flow_weights(job, &job.flow.network(self.flow)))
    }

    fn memory(&self, job: &Job, counts: EventCounts, _chip: Chip) -> f64 {
        let (network, columns) = (job.flow.network(self.flow), memory::columns(job));
        let nodes = product([network.layers, network.blocks, network.width]);
        let values = job.flow.batch as f64 * (nodes + STEPS_A_BLOCK * columns);
        let rows = ROWS * counts.side_band as f64 * columns;
        self.samples.len() as f64 * SINGLE * (TRAINED * flow_weights(job, &network) + values + rows)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let mut keys = keys::network(job, self.flow, cost);
        keys.push(("compute.flows_per_task", self.samples.len(), keys::defaults().compute.flows_per_task));
        keys
    }

    fn if_stopped(&self) -> IfStopped {
        IfStopped::GoesOn
    }

    fn trained(&self, job: &Job) -> Option<Trained> {
        Some(Trained { count: self.samples.len(), what: "flow", epochs: job.flow.base.epochs })
    }
}
