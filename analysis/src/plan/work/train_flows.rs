//! The training of flows.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::{ModelName, Planning, distinct, templates};
use super::training::Loss;
use super::{ModelPlace, Network, Recorded, Settings, TaskKind, Trained, Work};
use crate::job::{Chip, FlowKind, Job, ScanPoint, TrainingSample};
use crate::plan::cost::keys::{self, Cost, Key};
use crate::plan::cost::memory::{self, ROWS, SINGLE, STEPS_A_BLOCK, TRAINED};
use crate::plan::cost::{
    EventCounts, at_rate, flow_training_operations, flow_weights, looks, product, stored_networks,
};
use crate::plan::{PaceKind, Plan, Rates, TaskId};

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

impl TrainFlows {
    /// What a flow is called.
    pub fn model_name(flow: FlowKind) -> ModelName {
        let word = flow.word();
        ModelName { one: format!("flow-{word}"), several: format!("flows-{word}") }
    }

    /// The flows that templates need, densities first.
    fn wanted(points: &[ScanPoint]) -> Vec<(FlowKind, TrainingSample)> {
        let templates = templates(points).into_iter().map(|wanted| wanted.what);
        let makers: Vec<_> = templates.filter_map(|what| Some((what.method.flow()?, what.sample))).collect();
        let base_densities = makers.iter().filter_map(|(flow, sample)| {
            let base = flow.base_density()?;
            Some((base, base.learns(*sample)))
        });
        let mut wanted: Vec<_> = base_densities.chain(makers.iter().copied()).collect();
        // A density of CATHODE may come after a flow whose likelihood another density gives.
        wanted.sort_by_key(|(flow, _)| flow.base_density().is_some());
        wanted
    }

    /// The flows of one sort in a plan, by what they learn from.
    fn planned(plan: &Plan, kind: FlowKind) -> impl Iterator<Item = &TrainingSample> {
        let samples = plan.tasks.iter().filter_map(move |task| match &task.work {
            Work::TrainFlow(Self { flow, samples, .. }) if *flow == kind => Some(samples),
            _ => None,
        });
        samples.flatten()
    }
}

impl TaskKind for TrainFlows {
    fn plan(planning: &mut Planning<'_>) {
        let together = planning.job().compute.flows_per_task;
        planning.train(Self::wanted, together, Self::model_name, |planning, flow, samples| {
            let base = |sample: &TrainingSample| {
                let base = flow.base_density()?;
                Some(planning.model(&Self::model_name(base), base.learns(*sample)))
            };
            let base_densities = samples.iter().filter_map(base).collect();
            Work::TrainFlow(Self { flow, samples, base_densities })
        });
    }

    fn notes(plan: &Plan) -> Vec<String> {
        let alone = Self::planned(plan, FlowKind::BaseOfAll).filter(|base| {
            let served = |sample: &&TrainingSample| FlowKind::BaseOfAll.learns(**sample) == **base;
            Self::planned(plan, FlowKind::CurtainsEfficient).filter(served).count() == 1
        });
        match alone.count() {
            0 => vec![],
            count => vec![format!(
                "curtains_f4f_efficient shares a base flow between signal regions, but {count} of its base flows serve \
                 one: there it buys nothing but a shorter training of the flow that moves events; name more in \
                 signal_region_gev"
            )],
        }
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

    fn memory(&self, job: &Job, counts: EventCounts, chip: Chip) -> f64 {
        let (network, columns) = (job.flow.network(self.flow), memory::columns(job));
        let nodes = product([network.layers, network.blocks, network.width]);
        // On a GPU, all layers keep both hidden layers of their blocks, and pass back the gradients of each feature's value and of
        // the slopes at once.
        let passed_back = match (self.flow, chip) {
            (FlowKind::Curtains | FlowKind::CurtainsEfficient, Chip::Gpu) => {
                let numbers = (columns + 3.0) * (columns - 1.0) * (3 * job.flow.bins - 1) as f64;
                let hidden = (4.0 * columns + 2.0 * network.blocks as f64 + 1.0) * network.width as f64;
                network.layers as f64 * (numbers + hidden)
            }
            _ => 0.0,
        };
        let values = job.flow.batch as f64 * (nodes + STEPS_A_BLOCK * columns + passed_back);
        let rows = ROWS * counts.side_band as f64 * columns;
        self.samples.len() as f64 * SINGLE * (TRAINED * flow_weights(job, &network) + values + rows)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let mut keys = keys::network(job, self.flow, cost);
        keys.push(("compute.flows_per_task", self.samples.len(), keys::defaults().compute.flows_per_task));
        keys
    }

    fn trained(&self, job: &Job) -> Option<Trained> {
        Some(Trained { count: self.samples.len(), what: "flow", epochs: job.flow.base.epochs })
    }
}

/// How one flow was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowTraining {
    /// What it learnt.
    pub flow: FlowKind,
    /// What it learnt from.
    pub sample: TrainingSample,
    /// Events it learnt from.
    pub n_training: usize,
    /// Events kept aside.
    pub n_validation: usize,
    /// Share of the feature values that lie in the tails, where a flow changes nothing.
    pub in_tails: f64,
    /// Steps taken.
    pub steps: usize,
    /// Losses on the way: mean negative ln of the density of mapped events.
    pub losses: Vec<Loss>,
    /// The epoch at which it left the finite numbers, if it did: what needs it fails.
    pub diverged: Option<f64>,
}

impl Recorded for TrainFlows {
    type Result = Vec<FlowTraining>;

    fn networks(flows: &Vec<FlowTraining>) -> Vec<Network> {
        let network =
            |flow: &FlowTraining| Network { name: flow.sample.to_string(), diverged: flow.diverged };
        flows.iter().map(network).collect()
    }

    fn remarks(flows: &Vec<FlowTraining>, job: &Job) -> Vec<String> {
        let tail = job.flow.tail;
        let told = flows.iter().map(|FlowTraining { sample, in_tails, .. }| {
            format!("{sample}: {:.3}% of the feature values lie beyond flow.tail = {tail}", 100.0 * in_tails)
        });
        told.collect()
    }
}
