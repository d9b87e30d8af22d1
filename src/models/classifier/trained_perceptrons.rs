//! Perceptrons that have learnt, and the scores that they give.

use std::ops::Range;

use ndarray::{ArrayView2, Axis};
use tch::{Device, Tensor};

use super::family::Scorer;
use super::fused_steps::PerceptronKernel;
use super::outlier_maps::OutlierMaps;
use super::table::to_tensor;
use crate::fused::{Perceptron, answers};
use crate::nn::{Layout, Mlp};
use crate::sample::scaler::Standardisation;

/// Activations that are held at once while events are scored, in events of all members.
const SCORES_AT_ONCE: usize = 1 << 15;
/// The same on a GPU, which is faster the more it has at once.
const SCORES_AT_ONCE_ON_GPU: usize = 1 << 22;

/// The perceptrons of a two-sample task, as they score events.
pub struct TrainedPerceptrons {
    pub(super) layout: Layout,
    /// What is done to columns that outliers rule.
    pub(super) outlier_maps: OutlierMaps,
    pub(super) standardisation: Standardisation,
    /// What computes scores, where a processor does.
    pub(super) kernel: Option<Kernel>,
    /// `[members, len]`
    pub(super) parameters: Tensor,
}

/// The network as kernels know it, and what each member subtracts and multiplies with: `(members, features)`.
pub struct Kernel {
    network: Perceptron,
    mean: Vec<f32>,
    inverse_deviation: Vec<f32>,
    features: usize,
}

impl Kernel {
    /// Of members that standardise events in this way.
    pub fn new(network: Perceptron, standardisation: &Standardisation) -> Self {
        let (mean, inverse_deviation) = standardisation.values();
        let features = mean.len() / standardisation.members();
        Self { network, mean, inverse_deviation, features }
    }

    /// That of some members.
    pub fn some(&self, members: &Range<usize>) -> Self {
        let some =
            |of_all: &[f32]| of_all[members.start * self.features..members.end * self.features].to_vec();
        Self {
            network: self.network.clone(),
            mean: some(&self.mean),
            inverse_deviation: some(&self.inverse_deviation),
            features: self.features,
        }
    }

    /// The same over events that it learns from.
    pub fn over<'a>(&'a self, events: ArrayView2<'a, f32>) -> PerceptronKernel<'a> {
        let Self { network, mean, inverse_deviation, .. } = self;
        PerceptronKernel { network, events, mean, inverse_deviation }
    }

    /// The logits of one member of these parameters for events in the units of the table.
    pub fn logits(&self, member: usize, parameters: &Tensor, events: ArrayView2<'_, f32>) -> Vec<f32> {
        let own = |values: &'_ [f32]| values[member * self.features..][..self.features].to_vec();
        let (mean, inverse) = (own(&self.mean), own(&self.inverse_deviation));
        let scale = mean.iter().zip(&inverse).cycle();
        let x: Vec<f32> =
            events.iter().zip(scale).map(|(value, (mean, inverse))| (value - mean) * inverse).collect();
        let flat = Vec::<f32>::try_from(parameters).unwrap_or_default();
        answers(&self.network, &flat, &x)
    }
}

impl TrainedPerceptrons {
    fn members(&self) -> usize {
        self.parameters.size()[0] as usize
    }

    fn device(&self) -> Device {
        self.parameters.device()
    }

    /// Events that are scored at once, by all members together.
    fn scores_at_once(&self) -> usize {
        if self.device().is_cuda() { SCORES_AT_ONCE_ON_GPU } else { SCORES_AT_ONCE }
    }
}

impl Scorer<ArrayView2<'_, f32>> for TrainedPerceptrons {
    fn score_by_all(&self, events: ArrayView2<'_, f32>) -> Vec<Vec<f32>> {
        let Self { layout, outlier_maps, standardisation, kernel, parameters } = self;
        if let Some(kernel) = kernel {
            let events = outlier_maps.rows(events);
            let logits = |member| kernel.logits(member, &parameters.get(member as i64), events.view());
            return (0..self.members()).map(logits).collect();
        }
        let network = Mlp::over(layout, parameters);
        let mut scores = vec![Vec::with_capacity(events.nrows()); self.members()];
        for portion in events.axis_chunks_iter(Axis(0), (self.scores_at_once() / self.members()).max(1)) {
            let portion = outlier_maps.rows(portion);
            let x = standardisation.of(&to_tensor(portion.view(), self.device()).unsqueeze(0));
            let found = network.forward(&x).squeeze_dim(2).to_device(Device::Cpu);
            for (member, scores) in scores.iter_mut().enumerate() {
                scores.extend(Vec::<f32>::try_from(&found.get(member as i64)).unwrap_or_default());
            }
        }
        scores
    }

    fn score_by_one(&self, member: usize, events: ArrayView2<'_, f32>, rows: &[usize]) -> Vec<f32> {
        let Self { layout, outlier_maps, standardisation, kernel, parameters } = self;
        if let Some(kernel) = kernel {
            let chosen = events.select(Axis(0), rows);
            let chosen = outlier_maps.rows(chosen.view());
            return kernel.logits(member, &parameters.get(member as i64), chosen.view());
        }
        let standardisation = standardisation.member(member);
        let network = Mlp::over(layout, &parameters.narrow(0, member as i64, 1));
        let mut scores = Vec::with_capacity(rows.len());
        for rows in rows.chunks(self.scores_at_once()) {
            let portion = events.select(Axis(0), rows);
            let portion = outlier_maps.rows(portion.view());
            let x = standardisation.of(&to_tensor(portion.view(), self.device()).unsqueeze(0));
            let found = network.forward(&x).flatten(0, -1).to_device(Device::Cpu);
            scores.extend(Vec::<f32>::try_from(&found).unwrap_or_default());
        }
        scores
    }
}
