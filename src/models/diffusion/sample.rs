//! Makes template events: integrates the reverse diffusion from pure noise (∅) or from events with noise of strength σ′ (partial
//! diffusion).

use drapes_analysis::job::Solver;
use drapes_analysis::job::noise_grid::NoiseGrid;
use ndarray::{Array2, ArrayView2};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use tch::{Device, Kind, Tensor};

use super::condition::{Condition, Told};
use super::denoiser::Denoiser;
use super::fused_sample::SamplingKernel;
use super::solve::descend;
use crate::error::Error;
use crate::progress_sink::{NoProgress, ProgressSink};

/// Events that are solved together: enough to hide overhead, few enough to stay in a core's cache.
const EVENTS_AT_ONCE: usize = 1024;
/// The same on a GPU, which is faster the more it has at once.
const EVENTS_AT_ONCE_ON_GPU: usize = 1 << 18;
/// Partial diffusion starts no further out, in standard deviations: networks know nothing there, and overflow.
const FAR: f64 = 100.0;

/// A solver of dx/dt = (x − D(x; t, m)) / t down a grid of noise strengths.
///
/// Source: the paper, sections 3.1 and 3.2; Karras et al. 2022, Algorithm 1 without its step to zero.
pub struct Sampler<'a> {
    /// One model.
    pub denoiser: &'a Denoiser,
    /// The noise strengths, from where the events start.
    pub grid: &'a NoiseGrid,
    /// The integration rule.
    pub solver: Solver,
    /// What the network is told of masses.
    pub condition: Condition,
    /// Where to compute.
    pub device: Device,
}

impl Sampler<'_> {
    /// Events from noise, one for each mass. Masses in several calls that share their `noise` give the same events as in
    /// one.
    ///
    /// # Shapes
    /// `(masses, features)`.
    ///
    /// # Units
    /// Masses in GeV; features in their own units.
    ///
    /// # Errors
    /// It was told to stop.
    ///
    /// # Panics
    /// If the denoiser is not a single model.
    pub fn from_noise(
        &self,
        masses: &[f64],
        noise: &mut Pcg64,
        sink: &dyn ProgressSink,
    ) -> Result<Array2<f32>, Error> {
        let features = self.denoiser.features();
        let sigma = self.grid.start();
        self.solve(masses, sink, |events| {
            let normals: Vec<f64> =
                (0..events.len() * features).map(|_| StandardNormal.sample(noise)).collect();
            Tensor::from_slice(&normals).reshape([1, events.len() as i64, features as i64]) * sigma
        })
    }

    /// Partial diffusion: events that are given the grid's first noise strength and lose it again at target masses.
    ///
    /// Row `i` of the result began as event `i` modulo their number, each time with fresh noise. `spread` is drawn from
    /// where a column holds many events of one value.
    ///
    /// # Shapes
    /// `events` `(events, features)`; the result is `(masses, features)`.
    ///
    /// # Units
    /// As [`Sampler::from_noise`].
    ///
    /// # Errors
    /// It was told to stop.
    ///
    /// # Panics
    /// If the denoiser is not a single model, or there are no events to start from.
    ///
    /// Source: the paper, section 3.2.
    pub fn from_events(
        &self,
        events: ArrayView2<'_, f32>,
        masses: &[f64],
        (noise, spread): (&mut Pcg64, &mut Pcg64),
        sink: &dyn ProgressSink,
    ) -> Result<Array2<f32>, Error> {
        let [maps] = self.denoiser.maps() else { panic!("events are made by one model at a time") };
        let (sigma, features) = (self.grid.start(), self.denoiser.features());
        self.solve(masses, sink, |rows| {
            let mut noisy = Vec::with_capacity(rows.len() * features);
            for row in rows.clone() {
                for (column, value) in events.row(row % events.nrows()).iter().enumerate() {
                    let normal: f64 = StandardNormal.sample(noise);
                    let mapped = maps.column(column).spread(f64::from(*value), spread).clamp(-FAR, FAR);
                    noisy.push(mapped + sigma * normal);
                }
            }
            Tensor::from_slice(&noisy).reshape([1, rows.len() as i64, features as i64])
        })
    }

    /// How many events are solved together.
    pub fn portion(&self) -> usize {
        if self.device.is_cuda() { EVENTS_AT_ONCE_ON_GPU } else { EVENTS_AT_ONCE }
    }

    /// Solves in portions; `start` gives the mapped noisy events of a range of masses.
    fn solve(
        &self,
        masses: &[f64],
        sink: &dyn ProgressSink,
        mut start: impl FnMut(std::ops::Range<usize>) -> Tensor,
    ) -> Result<Array2<f32>, Error> {
        let [maps] = self.denoiser.maps() else { panic!("events are made by one model at a time") };
        let features = self.denoiser.features();
        let portion = self.portion();
        let mut kernel = SamplingKernel::new(self.denoiser, (self.grid, self.solver), self.device);
        let mut values = Vec::with_capacity(masses.len() * features);
        for first in (0..masses.len()).step_by(portion) {
            if sink.should_stop() {
                return Err(Error::Stopped);
            }
            let range = first..masses.len().min(first + portion);
            let x = start(range.clone()).to_device(self.device);
            let mapped = |mass| maps.column(features).forward(mass) as f32;
            let told = self.condition.of(&masses[range.clone()], mapped);
            let solved = match &mut kernel {
                Some(kernel) => {
                    let mut x = Vec::<f64>::try_from(&x.flatten(0, -1)).unwrap_or_default();
                    kernel.descend(&mut x, &told);
                    x
                }
                None => self.solved(x, &told)?,
            };
            for (index, value) in solved.into_iter().enumerate() {
                values.push(maps.column(index % features).backward(value) as f32);
            }
            sink.progress(range.end as f64 / masses.len() as f64);
        }
        Ok(Array2::from_shape_vec((masses.len(), features), values).expect("a row for each mass"))
    }

    /// The same as tensors.
    pub(super) fn solved(&self, x: Tensor, told: &Told) -> Result<Vec<f64>, Error> {
        // A portion takes so little time that only whole ones are stopped.
        let solved = match told {
            Told::Own(masses) => {
                let mass = Tensor::from_slice(masses).reshape([1, -1, 1]).to_device(self.device);
                descend(x, (self.grid, self.solver), &NoProgress, |x, sigma| {
                    self.denoiser.denoise(x, sigma, &mass)
                })?
            }
            Told::Edges(edges, shares) => {
                let shares = Tensor::from_slice(shares).reshape([1, -1, 1]).to_device(self.device);
                let edges = edges.map(|edge| {
                    Tensor::full([1, shares.size()[1], 1], f64::from(edge), (Kind::Float, self.device))
                });
                descend(x, (self.grid, self.solver), &NoProgress, |x, sigma| {
                    let [low, high] = [0, 1].map(|edge| self.denoiser.denoise(x, sigma, &edges[edge]));
                    &low + (high - &low) * &shares
                })?
            }
        };
        Ok(Vec::<f64>::try_from(&solved.to_device(Device::Cpu).flatten(0, -1)).unwrap_or_default())
    }
}
