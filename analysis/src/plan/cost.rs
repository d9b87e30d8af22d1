//! The arithmetic beneath prices: events, the weights of networks, and operations for an event.

pub mod jets;
pub mod keys;
pub mod looks;
pub mod memory;

use crate::job::{Conditioning, FlowKind, FlowNetwork, Job, NoiseGrid, Oversampling, Start, TemplateSpec};

/// Event numbers that a price follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventCounts {
    /// Events that a denoiser trains on.
    pub side_band: usize,
    /// Data events of the signal region.
    pub signal_region: usize,
    /// Events of the other sample in the signal region.
    pub other_sample: usize,
    /// Independent background of the signal region.
    pub independent: usize,
    /// Signal of the signal region, injected or not.
    pub signal: usize,
}

impl EventCounts {
    /// The estimate that a job carries.
    pub fn estimated(job: &Job) -> Self {
        Self {
            side_band: job.pricing.side_band_events,
            signal_region: job.pricing.signal_region_events,
            other_sample: job.pricing.other_sample_events,
            independent: job.pricing.independent_background_events,
            signal: job.pricing.signal_events,
        }
    }

    /// Events that a template is made of at an over-sampling.
    pub fn template(&self, template: &TemplateSpec, oversampling: Oversampling) -> f64 {
        let starts = match template.method.starts() {
            Start::SignalRegion => self.signal_region,
            Start::SideBands => self.side_band,
            Start::OtherSample => self.other_sample,
        };
        starts as f64 * f64::from(oversampling.0)
    }
}

/// Multiply-adds of dense layers of equal width, which is also their number of weights. In floating point: a job may
/// name any numbers, and no product of them may overflow.
fn weights(inputs: usize, layers: usize, width: usize, outputs: usize) -> f64 {
    let [inputs, layers, width, outputs] = [inputs, layers, width, outputs].map(|count| count as f64);
    inputs * width + (layers - 1.0) * width * width + width * outputs
}

/// Multiply-adds of a denoiser for one event.
pub fn denoiser_weights(job: &Job) -> f64 {
    let features = job.data.generated().len();
    denoiser_of(job, features)
}

/// Multiply-adds of the model of the jets' kinematics for one event: a denoiser of eight numbers.
pub fn kinematics_weights(job: &Job) -> f64 {
    denoiser_of(job, KINEMATICS)
}

fn denoiser_of(job: &Job, features: usize) -> f64 {
    let denoiser = &job.denoiser;
    let condition = denoiser.noise_features + 1 + denoiser.mass_features;
    let modulation = match denoiser.conditioning {
        Conditioning::Input => 0.0,
        Conditioning::Layers => product([condition, 2 * denoiser.width, denoiser.hidden_layers]),
    };
    weights(features + condition, denoiser.hidden_layers, denoiser.width, features) + modulation
}

/// Numbers that the model of the jets' kinematics generates.
const KINEMATICS: usize = 8;

/// Multiply-adds of a flow for one event: masked networks, of which only what is not masked is there.
///
/// A group of hidden nodes for each feature sees the mass, the features and the groups before it, and itself.
pub fn flow_weights(job: &Job, network: &FlowNetwork) -> f64 {
    let features = job.data.generated().len();
    let start = |group: usize| group * network.width / features;
    let layer: f64 = (0..features)
        .map(|group| {
            let (seen, nodes) = (start(group + 1), start(group + 1) - start(group));
            let [seen, nodes, blocks] = [seen, nodes, network.blocks].map(|count| count as f64);
            nodes * (1 + group) as f64 + 2.0 * blocks * nodes * seen + (3 * job.flow.bins - 1) as f64 * seen
        })
        .sum();
    network.layers as f64 * layer
}

/// Operations of a flow's training for one event.
pub fn flow_training_operations(job: &Job, flow: FlowKind) -> f64 {
    let judged = flow.base_density().map_or(0.0, |base| {
        // A finished density is passed forward, and back to its inputs only.
        (TRAINING - INFERENCE) * flow_weights(job, &job.flow.network(base))
    });
    TRAINING * flow_weights(job, &job.flow.network(flow)) + judged
}

/// Multiply-adds of a classifier for one event.
pub fn classifier_weights(job: &Job) -> f64 {
    weights(job.data.features.len(), job.classifier.hidden_layers, job.classifier.width, 1)
}

/// Operations a weight and event in training: two forward, four backward.
pub const TRAINING: f64 = 6.0;
/// Operations a weight and event of a finished network.
pub const INFERENCE: f64 = 2.0;
/// What there is to tell apart for boosted trees, which grow until it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Injected signal, or signal itself.
    Signal,
    /// What data of a search may hold.
    Sought,
    /// A template that closes, or nothing: the loss hardly ever improves, and the patience is over soon.
    Little,
}

impl Difference {
    /// Trees that are grown, as seen on the LHCO events, in the search of the demonstration and in its closures. Few trees are all
    /// grown: nothing stops them before the patience is over.
    fn trees(self, job: &Job) -> f64 {
        let (iterations, patience) = (job.trees.iterations as f64, job.trees.patience as f64);
        let grown = match self {
            Self::Signal => (0.2 * iterations).max(patience),
            Self::Sought => 2.8 * patience,
            Self::Little => 1.5 * patience,
        };
        grown.min(iterations)
    }
}

/// Bins of a feature's histogram in each leaf. A tree of few events costs what it takes to go through them.
const BINS: f64 = 256.0;
/// Sorting events into bins costs as much as passing them in so many trees.
const BINNING: f64 = 10.0;

/// What a forest of so many trees costs, in events times features.
pub fn trees_work(job: &Job, events: f64, trees: f64) -> f64 {
    let passed = trees * (events + BINS * job.trees.leaves as f64) + BINNING * events;
    passed * job.data.features.len() as f64
}

/// The same of the trees of a classifier.
pub fn forest_work(job: &Job, events: f64, difference: Difference) -> f64 {
    trees_work(job, events, difference.trees(job))
}

/// A product of counts, of which the largest that a job can name would overflow whole numbers.
pub fn product<const N: usize>(counts: [usize; N]) -> f64 {
    counts.iter().map(|count| *count as f64).product()
}

/// Network evaluations for an event of a template.
pub fn evaluations_of(job: &Job, template: &TemplateSpec) -> f64 {
    let sampler = job.sampler.with(template.integration);
    let answers = template.method.mass_condition().answers();
    (answers * sampler.solver.evaluations(NoiseGrid::points(&sampler, template.sigma_prime))) as f64
}

/// Seconds for so many operations at a rate in 10⁹ operations a second.
pub fn at_rate(operations: f64, rate: f64) -> f64 {
    operations / (rate * 1e9)
}

/// Bytes of trained networks of so many weights each, with what stands beside them.
pub fn stored_networks(networks: usize, weights: f64) -> f64 {
    networks as f64 * (4.0 * weights + 1e4)
}

/// Bytes of so many events of features with their masses.
pub fn stored_events(job: &Job, events: f64) -> f64 {
    let beside = if job.data.generated.is_empty() { 0 } else { job.data.generated().len() };
    let columns = (job.data.features.len() + beside + 1) as f64;
    4.0 * columns * events
}
