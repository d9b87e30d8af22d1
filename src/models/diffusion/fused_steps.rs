//! A denoiser's training on a processor: what [`super::noisy::Noisy`] and the network's gradient are as tensors, a tile of
//! events at a time.

#![allow(
    clippy::inline_always,
    reason = "vectors are compiled for their processor only inside of what runs on it"
)]

use drapes_analysis::job::{DenoiserSettings, LossWeighting, NoisePath};
use pulp::Simd;
use tch::{Device, Tensor};

use super::denoiser::DenoiserShape;
use super::mass::mass_waves_of;
use super::noise::NoiseLaw;
use crate::fused::{
    Aligned, Layers, Learning, MemberState, MemberSteps, Purpose, ResidualNetwork, ResidualTile, Rule,
    SquaredError, TILE, take,
};
use crate::training::StepNormals;

/// A network that kernels know.
pub struct DenoiserKernel {
    shape: DenoiserShape,
    network: ResidualNetwork,
    law: NoiseLaw,
    weighting: LossWeighting,
    batch: usize,
    /// `(events of all members, features + 1)`, mapped.
    events: Vec<f32>,
    /// `(events of all members, mass features)`
    mass_waves: Vec<f32>,
}

/// The random numbers of a block, and its events.
pub struct DenoiserSteps<'a> {
    /// Whose steps these are.
    pub kernel: &'a DenoiserKernel,
    /// `[steps, members · batch]`
    pub events: &'a Tensor,
    /// Of a member and step `[batch, 1 + features]`
    pub normals: &'a StepNormals,
}

impl DenoiserKernel {
    /// A kernel for these networks; none where it knows none, or a GPU computes.
    ///
    /// # Shapes
    /// `events` `(events of all members, features + 1)`
    pub fn new(
        shape: DenoiserShape,
        settings: &DenoiserSettings,
        events: &[f32],
        device: Device,
    ) -> Option<Self> {
        let network = shape.kernel().filter(|_| device == Device::Cpu)?;
        Some(Self {
            shape,
            network,
            law: shape.noise_law(settings),
            weighting: settings.loss_weighting,
            batch: settings.batch,
            events: events.to_vec(),
            mass_waves: events
                .chunks_exact(shape.features + 1)
                .flat_map(|row| mass_waves_of(row[shape.features], shape.mass_features))
                .collect(),
        })
    }
}

impl MemberSteps for DenoiserSteps<'_> {
    fn layers(&self) -> &Layers {
        self.kernel.network.layers()
    }

    fn take(&self, member: usize, steps: &[(usize, Rule)], state: &mut MemberState) -> f32 {
        let (Some((first, _)), Some((last, _))) = (steps.first(), steps.last()) else { return state.loss };
        let DenoiserKernel { shape, network, law, batch, .. } = self.kernel;
        let (start, count) = (*first as i64, (last + 1 - first) as i64);
        let own = (member * batch) as i64;
        let events = self.events.narrow(0, start, count).narrow(1, own, *batch as i64).flatten(0, -1);
        let normals = self.normals.of_member(member, *first..last + 1);
        // By the same operations as for tensors: the fastest cosines turn thousands of times between two strengths, so that
        // rounding σ otherwise would be no small thing.
        let strengths: Vec<f32> = normals.iter().step_by(shape.features + 1).copied().collect();
        let sigma = law.strengths(&Tensor::from_slice(&strengths).unsqueeze(1));
        let learning = DenoiserLearning {
            kernel: self.kernel,
            first: *first,
            events: Vec::<i64>::try_from(&events).unwrap_or_default(),
            normals,
            embedded: values(&shape.embedded(&sigma)),
            sigma: values(&sigma),
            tile: network.tile(Purpose::Learning),
            target: Aligned::zeros(TILE * network.answer_width()),
            weights: vec![1.0; TILE],
        };
        take(learning, steps, state)
    }
}

fn values(tensor: &Tensor) -> Vec<f32> {
    Vec::<f32>::try_from(&tensor.flatten(0, -1)).unwrap_or_default()
}

/// Some steps of a member: entries for all of their events.
struct DenoiserLearning<'a> {
    kernel: &'a DenoiserKernel,
    /// Of the block's steps, the first one here.
    first: usize,
    events: Vec<i64>,
    /// `(events, 1 + features)`
    normals: Vec<f32>,
    sigma: Vec<f32>,
    /// `(events, noise features)`
    embedded: Vec<f32>,
    tile: ResidualTile,
    target: Aligned,
    weights: Vec<f32>,
}

impl Learning for DenoiserLearning<'_> {
    #[inline(always)]
    fn gradient<S: Simd>(&mut self, simd: S, step: usize, parameters: &[f32], gradient: &mut [f32]) -> f32 {
        let DenoiserKernel { network, shape, batch, .. } = self.kernel;
        network.prepare(parameters, &mut self.tile);
        let count = (batch * shape.features) as f32;
        let start = (step - self.first) * batch;
        let mut sum = 0.0;
        for first in (start..start + batch).step_by(TILE) {
            let rows = TILE.min(start + batch - first);
            self.make_noisy(first, rows);
            network.forward(simd, parameters, &mut self.tile, rows);
            let width = network.answer_width();
            sum += simd.vectorize(SquaredError {
                out: &self.tile.out[..rows * width],
                target: &self.target,
                weights: &self.weights,
                width,
                slope: 2.0 / count,
                d_out: &mut self.tile.d_out,
            });
            network.backward(simd, &mut self.tile, rows, gradient);
        }
        sum / count
    }
}

impl DenoiserLearning<'_> {
    /// Puts noisy events, and what the network should answer, into the tile.
    fn make_noisy(&mut self, first: usize, rows: usize) {
        let DenoiserKernel { shape, network, law, weighting, events, mass_waves, .. } = self.kernel;
        let (features, embedded) = (shape.features, shape.noise_features);
        let (stride, width) = (self.tile.stride, network.answer_width());
        let places = self.tile.x.chunks_exact_mut(stride).zip(self.target.chunks_exact_mut(width));
        for (index, (x, target)) in (first..first + rows).zip(places) {
            let event = self.events[index] as usize;
            let row = &events[event * (features + 1)..][..=features];
            let noise = &self.normals[index * (features + 1) + 1..][..features];
            let sigma = self.sigma[index];
            let straight = law.path == NoisePath::Straight;
            let c_in = if straight { 1.0 / (sigma + 1.0) } else { 1.0 / (sigma * sigma + 1.0).sqrt() };
            for (column, noise) in noise.iter().enumerate() {
                x[column] = (row[column] + sigma * noise) * c_in;
                target[column] =
                    if straight { noise - row[column] } else { (row[column] * sigma - noise) * c_in };
            }
            x[features..features + embedded].copy_from_slice(&self.embedded[index * embedded..][..embedded]);
            x[features + embedded] = row[features];
            let waves = &mass_waves[event * shape.mass_features..][..shape.mass_features];
            x[features + embedded + 1..][..waves.len()].copy_from_slice(waves);
            if *weighting == LossWeighting::Printed {
                // c(out)², on either path.
                self.weights[index - first] = (sigma * c_in) * (sigma * c_in);
            }
        }
    }
}
