//! The training of perceptrons on a processor: what their gradients are as tensors, a tile of events at a time.

#![allow(
    clippy::inline_always,
    reason = "vectors are compiled for their processor only inside of what runs on it"
)]

use ndarray::ArrayView2;
use pulp::Simd;

use crate::fused::{
    CrossEntropy, Layers, Learning, MemberState, MemberSteps, Perceptron, PerceptronTile, Rule, TILE, take,
};

/// Networks that kernels know, and the events that they learn from.
pub struct PerceptronKernel<'a> {
    /// The network of a member.
    pub network: &'a Perceptron,
    /// Events of both classes of all tasks in their own units, each task's data before its template.
    pub events: ArrayView2<'a, f32>,
    /// What each member subtracts, `(members, features)`.
    pub mean: &'a [f32],
    /// What each member multiplies with.
    pub inverse_deviation: &'a [f32],
}

/// The events of a block.
pub struct PerceptronSteps<'a> {
    /// Whose steps these are.
    pub kernel: PerceptronKernel<'a>,
    /// Rows of the table, step by step, member by member.
    pub rows: &'a [u32],
    /// Rows of one member in one step.
    pub batch: usize,
    /// For each member, the row behind the last one of its data.
    pub data_ends: &'a [usize],
    /// Loss weights of data and template events, of each member.
    pub weights: Vec<[f32; 2]>,
}

impl MemberSteps for PerceptronSteps<'_> {
    fn layers(&self) -> &Layers {
        self.kernel.network.layers()
    }

    fn take(&self, member: usize, steps: &[(usize, Rule)], state: &mut MemberState) -> f32 {
        let features = self.kernel.events.ncols();
        let own = |values: &'_ [f32]| values[member * features..][..features].to_vec();
        let learning = PerceptronLearning {
            steps: self,
            member,
            mean: own(self.kernel.mean),
            inverse_deviation: own(self.kernel.inverse_deviation),
            tile: self.kernel.network.tile(),
            truth: [0.0; TILE],
            weights: [0.0; TILE],
        };
        take(learning, steps, state)
    }
}

/// Some steps of a member.
struct PerceptronLearning<'a, 'b> {
    steps: &'a PerceptronSteps<'b>,
    member: usize,
    mean: Vec<f32>,
    inverse_deviation: Vec<f32>,
    tile: PerceptronTile,
    /// 1 for the data of a tile, 0 for its template events.
    truth: [f32; TILE],
    /// The loss weights of a tile's events, 0 where there are fewer.
    weights: [f32; TILE],
}

impl Learning for PerceptronLearning<'_, '_> {
    #[inline(always)]
    fn gradient<S: Simd>(&mut self, simd: S, step: usize, parameters: &[f32], gradient: &mut [f32]) -> f32 {
        let PerceptronSteps { kernel, rows, batch, weights, .. } = self.steps;
        kernel.network.prepare(parameters, &mut self.tile);
        let rows = &rows[(step * weights.len() + self.member) * batch..][..*batch];
        let mut sum = 0.0;
        for rows in rows.chunks(TILE) {
            self.gather(rows);
            kernel.network.forward(simd, parameters, &mut self.tile, rows.len());
            // What is left there of an earlier tile has no weight, but might be no number.
            self.tile.logits[rows.len()..].fill(0.0);
            sum += simd.vectorize(CrossEntropy {
                logits: &self.tile.logits,
                truth: &self.truth,
                weights: &self.weights,
                slope: 1.0 / *batch as f32,
                d_logits: &mut self.tile.d_logits,
            });
            kernel.network.backward(simd, parameters, &mut self.tile, rows.len(), gradient);
        }
        sum / *batch as f32
    }
}

impl PerceptronLearning<'_, '_> {
    /// Puts events into the tile, standardised, and what they are and weigh beside it.
    fn gather(&mut self, rows: &[u32]) {
        let [data, template] = self.steps.weights[self.member];
        let data_end = self.steps.data_ends[self.member];
        self.weights[rows.len()..].fill(0.0);
        for ((truth, weight), row) in self.truth.iter_mut().zip(&mut self.weights).zip(rows) {
            let is_data = (*row as usize) < data_end;
            (*truth, *weight) = if is_data { (1.0, data) } else { (0.0, template) };
        }
        // A loop of known length is several instructions, one of unknown length several jumps.
        match self.mean.len() {
            2 => self.standardise::<2>(rows),
            3 => self.standardise::<3>(rows),
            4 => self.standardise::<4>(rows),
            5 => self.standardise::<5>(rows),
            6 => self.standardise::<6>(rows),
            7 => self.standardise::<7>(rows),
            8 => self.standardise::<8>(rows),
            _ => self.standardise_any(rows),
        }
    }

    fn standardise<const FEATURES: usize>(&mut self, rows: &[u32]) {
        let table = self.steps.kernel.events.to_slice().unwrap_or_default().as_chunks::<FEATURES>().0;
        let scales = (self.mean.first_chunk::<FEATURES>(), self.inverse_deviation.first_chunk::<FEATURES>());
        let (Some(mean), Some(inverse)) = scales else { return };
        for (x, row) in self.tile.x.chunks_exact_mut(self.tile.stride).zip(rows) {
            let event = table[*row as usize];
            let standardised: [f32; FEATURES] =
                std::array::from_fn(|feature| (event[feature] - mean[feature]) * inverse[feature]);
            x[..FEATURES].copy_from_slice(&standardised);
        }
    }

    fn standardise_any(&mut self, rows: &[u32]) {
        let features = self.mean.len();
        let table = self.steps.kernel.events.to_slice().unwrap_or_default();
        for (x, row) in self.tile.x.chunks_exact_mut(self.tile.stride).zip(rows) {
            let event = &table[*row as usize * features..][..features];
            let scale = self.mean.iter().zip(&self.inverse_deviation);
            for ((x, value), (mean, inverse)) in x.iter_mut().zip(event).zip(scale) {
                *x = (value - mean) * inverse;
            }
        }
    }
}
