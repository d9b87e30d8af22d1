//! The training of perceptrons on a processor: what their gradients are as tensors, a tile of events at a time.

#![allow(
    clippy::inline_always,
    reason = "vectors are compiled for their processor only inside of what runs on it"
)]

use ndarray::ArrayView2;
use pulp::Simd;

use crate::fused::{
    Layers, Learning, MemberState, MemberSteps, Perceptron, PerceptronTile, Rule, TILE, take,
};

/// Networks that kernels know, and the events that they learn from.
pub struct PerceptronKernel<'a> {
    /// The network of a member.
    pub network: &'a Perceptron,
    /// Events of both classes in their own units, data first.
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
    /// How many rows of the table are data.
    pub n_data: usize,
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
}

impl Learning for PerceptronLearning<'_, '_> {
    #[inline(always)]
    fn gradient<S: Simd>(&mut self, simd: S, step: usize, parameters: &[f32], gradient: &mut [f32]) -> f32 {
        let PerceptronSteps { kernel, rows, batch, weights, .. } = self.steps;
        kernel.network.prepare(parameters, &mut self.tile);
        let rows = &rows[(step * weights.len() + self.member) * batch..][..*batch];
        let mut sum = 0.0;
        for rows in rows.chunks(TILE) {
            self.standardise(rows);
            kernel.network.forward(simd, parameters, &mut self.tile, rows.len());
            sum += self.losses(rows);
            kernel.network.backward(simd, parameters, &mut self.tile, rows.len(), gradient);
        }
        sum / *batch as f32
    }
}

impl PerceptronLearning<'_, '_> {
    fn standardise(&mut self, rows: &[u32]) {
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

    /// The sum of the weighted binary cross-entropies, and their gradients into the tile.
    fn losses(&mut self, rows: &[u32]) -> f32 {
        let [data, template] = self.steps.weights[self.member];
        let share = 1.0 / self.steps.batch as f32;
        let logits = self.tile.logits.iter().zip(self.tile.d_logits.iter_mut());
        let mut sum = 0.0;
        for (row, (logit, d_logit)) in rows.iter().zip(logits) {
            let is_data = (*row as usize) < self.steps.n_data;
            let (truth, weight) = if is_data { (1.0, data) } else { (0.0, template) };
            // e^−|z| cannot overflow, and gives the sigmoid and ln(1 + e^z).
            let small = (-logit.abs()).exp();
            let sigmoid = if *logit >= 0.0 { 1.0 } else { small } / (1.0 + small);
            let softplus = if *logit >= 0.0 { *logit } else { 0.0 } + small.ln_1p();
            *d_logit = (sigmoid - truth) * weight * share;
            sum += (softplus - truth * logit) * weight;
        }
        sum
    }
}
