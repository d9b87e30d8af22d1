//! Solving the reverse diffusion on a processor: what [`super::solve::descend`] does with the denoiser as tensors, a tile of
//! events at a time.

#![allow(
    clippy::inline_always,
    reason = "vectors are compiled for their processor only inside of what runs on it"
)]

use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::{NoisePath, Solver};
use pulp::{Arch, Simd, WithSimd};
use tch::{Device, Kind, Tensor};

use super::condition::Told;
use super::denoiser::Denoiser;
use super::mass::mass_waves_of;
use super::noise::Preconditioning;
use super::solve::Multistep;
use crate::fused::{Aligned, Purpose, ResidualNetwork, ResidualTile, TILE};

/// A denoiser as its events and their masses see it: at one noise strength its features are the same for all events, so
/// that their products with the weights are part of the biases.
pub struct SamplingKernel<'a> {
    features: usize,
    mass_features: usize,
    path: NoisePath,
    network: ResidualNetwork,
    parameters: Aligned,
    grid: &'a NoiseGrid,
    solver: Solver,
    /// Of the first layer, at each strength of the grid.
    biases: Vec<Vec<f32>>,
}

impl<'a> SamplingKernel<'a> {
    /// The kernel of a single model; none where there is none, or a GPU computes.
    pub fn new(denoiser: &Denoiser, (grid, solver): (&'a NoiseGrid, Solver), device: Device) -> Option<Self> {
        let shape = denoiser.shape();
        shape.kernel().filter(|_| device == Device::Cpu)?;
        let (features, width, embedded) = (shape.features, shape.width, shape.noise_features);
        let network =
            ResidualNetwork::new(features + 1 + shape.mass_features, shape.hidden_layers, width, features);
        let flat = Vec::<f32>::try_from(&denoiser.parameters().flatten(0, -1)).ok()?;
        let (of_events, rest) = flat.split_at(features * width);
        let (of_noise, of_mass_and_further) = rest.split_at(embedded * width);
        let mut parameters = Aligned::zeros(network.layers().padded_len());
        network.layers().pad(&[of_events, of_mass_and_further].concat(), &mut parameters);
        let own = &of_mass_and_further[(1 + shape.mass_features) * width..][..width];
        let bias = |sigma: &f64| {
            let embedded = shape.embedded(&Tensor::full([1], *sigma, (Kind::Float, Device::Cpu)));
            let embedded = Vec::<f32>::try_from(&embedded).unwrap_or_default();
            let mut bias: Vec<f64> = own.iter().map(|bias| f64::from(*bias)).collect();
            for (value, weights) in embedded.iter().zip(of_noise.chunks_exact(width)) {
                for (bias, weight) in bias.iter_mut().zip(weights) {
                    *bias += f64::from(*value) * f64::from(*weight);
                }
            }
            bias.into_iter().map(|bias| bias as f32).collect()
        };
        let biases = grid.sigmas.iter().map(bias).collect();
        Some(Self {
            features,
            mass_features: shape.mass_features,
            path: shape.path,
            network,
            parameters,
            grid,
            solver,
            biases,
        })
    }

    /// Solves down the grid.
    ///
    /// # Shapes
    /// `x` `(events, features)`, `told` an entry for each event.
    pub fn descend(&mut self, x: &mut [f64], told: &Told) {
        let tile = self.network.tile(Purpose::Answering);
        let room = || vec![0.0; TILE * self.features];
        let (here, ahead, there, at_low_edge) = (room(), room(), room(), room());
        Arch::new().dispatch(Descent { kernel: self, x, told, tile, here, ahead, there, at_low_edge });
    }
}

/// The way of some events down the grid.
struct Descent<'a, 'b> {
    kernel: &'a mut SamplingKernel<'b>,
    x: &'a mut [f64],
    told: &'a Told,
    tile: ResidualTile,
    /// Slopes, or denoised events, where a step begins.
    here: Vec<f64>,
    /// Where a step would end by these slopes.
    ahead: Vec<f64>,
    /// The slopes there; or the denoised events of the step before.
    there: Vec<f64>,
    /// What the network takes events for at the lower edge of their window.
    at_low_edge: Vec<f64>,
}

impl WithSimd for Descent<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let features = self.kernel.features;
        let x = std::mem::take(&mut self.x);
        for (tile, x) in x.chunks_mut(TILE * features).enumerate() {
            let events = tile * TILE..tile * TILE + x.len() / features;
            if let Told::Own(masses) = self.told {
                self.tell(masses[events.clone()].iter().copied());
            }
            self.solve(simd, x, events.start);
        }
    }
}

impl Descent<'_, '_> {
    /// Writes masses of events beside what the network sees of them.
    #[inline(always)]
    fn tell(&mut self, masses: impl Iterator<Item = f32>) {
        let SamplingKernel { features, mass_features, .. } = *self.kernel;
        for (event, mass) in self.tile.x.chunks_exact_mut(self.tile.stride).zip(masses) {
            event[features] = mass;
            for (place, wave) in event[features + 1..].iter_mut().zip(mass_waves_of(mass, mass_features)) {
                *place = wave;
            }
        }
    }

    /// The same of one mass for all events.
    #[inline(always)]
    fn tell_all(&mut self, mass: f32) {
        let SamplingKernel { features, mass_features, .. } = *self.kernel;
        let told: Vec<f32> = std::iter::once(mass).chain(mass_waves_of(mass, mass_features)).collect();
        for event in self.tile.x.chunks_exact_mut(self.tile.stride) {
            event[features..][..told.len()].copy_from_slice(&told);
        }
    }

    /// Solves for the events of a tile, of which this is the first.
    #[inline(always)]
    fn solve<S: Simd>(&mut self, simd: S, x: &mut [f64], first: usize) {
        match self.kernel.solver {
            Solver::Euler | Solver::Heun => self.by_slopes(simd, x, first),
            Solver::Dpmpp2m => self.by_multistep(simd, x, first),
        }
    }

    #[inline(always)]
    fn by_slopes<S: Simd>(&mut self, simd: S, x: &mut [f64], first: usize) {
        let grid = self.kernel.grid;
        let (mut here, mut ahead, mut there) = (
            std::mem::take(&mut self.here),
            std::mem::take(&mut self.ahead),
            std::mem::take(&mut self.there),
        );
        for (index, pair) in grid.sigmas.windows(2).enumerate() {
            let step = pair[1] - pair[0];
            self.slopes(simd, x, (index, first), &mut here);
            if self.kernel.solver == Solver::Heun {
                for (ahead, (x, here)) in ahead.iter_mut().zip(x.iter().zip(&here)) {
                    *ahead = x + here * step;
                }
                self.slopes(simd, &ahead[..x.len()], (index + 1, first), &mut there);
                for (x, (here, there)) in x.iter_mut().zip(here.iter().zip(&there)) {
                    *x += (here + there) * (step / 2.0);
                }
            } else {
                for (x, here) in x.iter_mut().zip(&here) {
                    *x += here * step;
                }
            }
        }
        (self.here, self.ahead, self.there) = (here, ahead, there);
    }

    #[inline(always)]
    fn by_multistep<S: Simd>(&mut self, simd: S, x: &mut [f64], first: usize) {
        let grid = self.kernel.grid;
        let (mut here, mut before) = (std::mem::take(&mut self.here), std::mem::take(&mut self.there));
        // What an earlier tile has left there has no part in the first step, whatever it is.
        before.fill(0.0);
        for index in 0..grid.sigmas.len() {
            self.denoised(simd, x, (index, first), &mut here);
            match Multistep::after(&grid.sigmas, index) {
                Some(step) => {
                    for (x, (here, before)) in x.iter_mut().zip(here.iter().zip(&before)) {
                        *x = *x * step.keep + here * step.here + before * step.before;
                    }
                }
                None => x.copy_from_slice(&here[..x.len()]),
            }
            std::mem::swap(&mut here, &mut before);
        }
        (self.here, self.there) = (here, before);
    }

    /// (x − D(x; σ, m)) / σ at a strength of the grid.
    #[inline(always)]
    fn slopes<S: Simd>(&mut self, simd: S, x: &[f64], (index, first): (usize, usize), slopes: &mut [f64]) {
        self.denoised(simd, x, (index, first), slopes);
        let sigma = self.kernel.grid.sigmas[index];
        for (slope, x) in slopes.iter_mut().zip(x) {
            *slope = (x - *slope) / sigma;
        }
    }

    /// D(x; σ, m) at a strength of the grid.
    #[inline(always)]
    fn denoised<S: Simd>(
        &mut self,
        simd: S,
        x: &[f64],
        (index, first): (usize, usize),
        denoised: &mut [f64],
    ) {
        let Told::Edges([low, high], shares) = self.told else {
            return self.denoised_as_told(simd, x, index, denoised);
        };
        let mut at_low_edge = std::mem::take(&mut self.at_low_edge);
        self.tell_all(*low);
        self.denoised_as_told(simd, x, index, &mut at_low_edge);
        self.tell_all(*high);
        self.denoised_as_told(simd, x, index, denoised);
        let features = self.kernel.features;
        let events = denoised.chunks_exact_mut(features).zip(at_low_edge.chunks_exact(features));
        for ((denoised, at_low_edge), share) in events.zip(&shares[first..]) {
            for (denoised, at_low_edge) in denoised.iter_mut().zip(at_low_edge) {
                *denoised = at_low_edge + (*denoised - at_low_edge) * share;
            }
        }
        self.at_low_edge = at_low_edge;
    }

    /// The same at the masses that stand beside the events.
    #[inline(always)]
    fn denoised_as_told<S: Simd>(&mut self, simd: S, x: &[f64], index: usize, denoised: &mut [f64]) {
        let SamplingKernel { features, path, network, parameters, grid, biases, .. } = &mut *self.kernel;
        let features = *features;
        let Preconditioning { c_skip, c_out, c_in } = Preconditioning::on(*path, grid.sigmas[index]);
        parameters[network.layers().all()[0].bias()][..biases[index].len()].copy_from_slice(&biases[index]);
        let rows = x.len() / features;
        for (to, x) in self.tile.x.chunks_exact_mut(self.tile.stride).zip(x.chunks_exact(features)) {
            for (to, x) in to.iter_mut().zip(x) {
                *to = (x * c_in) as f32;
            }
        }
        network.forward(simd, parameters, &mut self.tile, rows);
        let answers = self.tile.out.chunks_exact(network.answer_width());
        let events = denoised.chunks_exact_mut(features).zip(x.chunks_exact(features));
        for ((denoised, x), answers) in events.zip(answers) {
            for ((denoised, x), answer) in denoised.iter_mut().zip(x).zip(answers) {
                *denoised = x * c_skip + f64::from(*answer) * c_out;
            }
        }
    }
}

#[cfg(test)]
mod tests;
