//! Makes constituents of jets: integrates the reverse diffusion from noise, or from jets with noise of strength σ′.

use std::ops::Range;

use drapes_analysis::job::noise_grid::NoiseGrid;
use drapes_analysis::job::{Momentum, Solver};
use half::f16;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use tch::{Device, Tensor};

use super::batch::JetBatch;
use super::denoiser::{JetDenoiser, ReadyDenoiser};
use super::maps::JetMaps;
use crate::error::Error;
use crate::models::diffusion::descend;
use crate::nn::Padding;
use crate::progress_sink::ProgressSink;
use crate::sample::jets::{
    CONSTITUENT_FEATURES, Constituent, Jets, MOST_CONSTITUENTS, Outline, conserve, groups_by_size,
};

/// Jets whose noise is drawn together and which are dealt into groups by their size: enough for groups without much padding.
const JETS_AT_ONCE: usize = 1024;
/// The same on a GPU, which is faster the more it has at once.
const JETS_AT_ONCE_ON_GPU: usize = 1 << 15;
/// Jets that are solved together: few enough to stay in a core's cache.
const JETS_TOGETHER: usize = 16;
/// The same on a GPU, which is faster the more it has at once.
const JETS_TOGETHER_ON_GPU: usize = 1 << 11;

/// A solver of dx/dt = (x − D(x; t, p₄)) / t down a grid of noise strengths, for the constituents of jets.
///
/// Source: the paper, sections 3.1 to 3.3.
pub struct JetSampler<'a> {
    /// One model.
    pub denoiser: &'a JetDenoiser,
    /// The noise strengths, from where the jets start.
    pub grid: &'a NoiseGrid,
    /// The integration rule.
    pub solver: Solver,
    /// What the constituents of a jet sum to.
    pub momentum: Momentum,
    /// Where to compute.
    pub device: Device,
}

impl JetSampler<'_> {
    /// Jets from noise, one for each outline, with exactly the kinematics and the number of constituents that it asks for.
    /// Outlines in several calls that share their `noise` give the same jets as in one, as long as each but the last has a
    /// multiple of [`JetSampler::portion`].
    ///
    /// # Errors
    /// It was told to stop, or the model makes something that is no number.
    ///
    /// # Panics
    /// If the denoiser is not a single model, or an outline has no constituents.
    pub fn from_noise(
        &self,
        outlines: &[Outline],
        noise: &mut Pcg64,
        sink: &dyn ProgressSink,
    ) -> Result<Jets, Error> {
        self.solve(outlines.len(), sink, |range| self.batch_from_noise(&outlines[range], noise))
    }

    /// Partial diffusion: jets whose constituents are given the grid's first noise strength and lose it again; kinematics and
    /// numbers of constituents stay. Copy `i` began as jet `i` modulo their number, each time with fresh noise; copies in
    /// several calls give the same as in one, as above.
    ///
    /// # Errors
    /// As [`JetSampler::from_noise`].
    ///
    /// # Panics
    /// If the denoiser is not a single model, or there are no jets to start from.
    ///
    /// Source: the paper, sections 3.2 and 4.3.
    pub fn from_jets(
        &self,
        jets: &Jets,
        copies: Range<usize>,
        noise: &mut Pcg64,
        sink: &dyn ProgressSink,
    ) -> Result<Jets, Error> {
        let first = copies.start;
        self.solve(copies.len(), sink, |range| {
            self.batch_from_jets(jets, first + range.start..first + range.end, noise)
        })
    }

    /// Jets to be made from noise in one portion, with their noise drawn.
    pub fn batch_from_noise(&self, outlines: &[Outline], noise: &mut Pcg64) -> JetBatch {
        let sigma = self.grid.start();
        let values = outlines.iter().map(|outline| normals(outline.count, sigma, noise)).collect();
        self.batch(outlines.to_vec(), values)
    }

    /// Copies of jets to be diffused in one portion, with their noise added.
    pub fn batch_from_jets(&self, jets: &Jets, copies: Range<usize>, noise: &mut Pcg64) -> JetBatch {
        let (maps, sigma) = (self.maps(), self.grid.start());
        let origins: Vec<usize> = copies.map(|copy| copy % jets.len()).collect();
        let outlines: Vec<Outline> = origins.iter().map(|jet| jets.outline(*jet)).collect();
        let start = |(origin, outline): (&usize, &Outline)| {
            let mut start = normals(outline.count, sigma, noise);
            let constituents = jets.constituents(*origin);
            for (noisy, constituent) in start.chunks_exact_mut(CONSTITUENT_FEATURES).zip(constituents) {
                let mapped = maps.forward(constituent.map(f64::from));
                noisy.iter_mut().zip(mapped).for_each(|(noisy, mapped)| *noisy += mapped);
            }
            start
        };
        let values = origins.iter().zip(&outlines).map(start).collect();
        self.batch(outlines, values)
    }

    fn batch(&self, outlines: Vec<Outline>, values: Vec<Vec<f64>>) -> JetBatch {
        let (together, alignment) =
            if self.device.is_cuda() { (JETS_TOGETHER_ON_GPU, 8) } else { (JETS_TOGETHER, 1) };
        let counts = [outlines.iter().map(|outline| outline.count).collect()];
        JetBatch::new(outlines, values, groups_by_size(&counts, together, alignment))
    }

    /// How many jets are dealt with together.
    pub fn portion(&self) -> usize {
        if self.device.is_cuda() { JETS_AT_ONCE_ON_GPU } else { JETS_AT_ONCE }
    }

    fn maps(&self) -> &JetMaps {
        let [maps] = self.denoiser.maps() else { panic!("jets are made by one model at a time") };
        maps
    }

    /// Solves so many jets in portions; `begin` gives the jets of a range and is asked in their order.
    fn solve(
        &self,
        count: usize,
        sink: &dyn ProgressSink,
        mut begin: impl FnMut(Range<usize>) -> JetBatch,
    ) -> Result<Jets, Error> {
        let ready = self.denoiser.ready();
        let mut jets = Jets::default();
        for first in (0..count).step_by(self.portion()) {
            let range = first..count.min(first + self.portion());
            let mut batch = begin(range.clone());
            let mut last_told = 0.0;
            while !batch.is_solved() {
                self.solve_group(&ready, &mut batch, sink)?;
                if batch.share() - last_told >= 0.01 {
                    last_told = batch.share();
                    sink.progress((first as f64 + last_told * range.len() as f64) / count as f64);
                }
            }
            jets.append(&self.finished(&batch)?);
        }
        sink.progress(1.0);
        Ok(jets)
    }

    /// Solves the next group of a batch, all of it or, where it is told to stop, nothing.
    ///
    /// # Errors
    /// It was told to stop.
    ///
    /// # Panics
    /// If the batch is solved.
    pub fn solve_group(
        &self,
        ready: &ReadyDenoiser<'_>,
        batch: &mut JetBatch,
        sink: &dyn ProgressSink,
    ) -> Result<(), Error> {
        let group = batch.next_group();
        let row = CONSTITUENT_FEATURES * group.slots;
        let mut padded = vec![0.0; group.sets * row];
        for (slots, place) in padded.chunks_exact_mut(row).zip(&group.places) {
            let values = batch.values(*place);
            slots[..values.len()].copy_from_slice(values);
        }
        let chosen: Vec<Outline> = group.places.iter().map(|place| batch.outlines()[*place]).collect();
        let about = self.maps().outlines(&chosen).to_device(self.device);
        let padding = Padding::new(&group.counts, 1, group.slots, self.device);
        let x = Tensor::from_slice(&padded).view([1, -1, CONSTITUENT_FEATURES as i64]).to_device(self.device);
        let x =
            descend(x, (self.grid, self.solver), sink, |x, sigma| ready.denoise(x, sigma, &about, &padding))?;
        batch.solve(&Vec::<f64>::try_from(&x.to_device(Device::Cpu).flatten(0, -1)).unwrap_or_default());
        Ok(())
    }

    /// The jets of a solved batch.
    ///
    /// # Errors
    /// The model makes something that is no number.
    pub fn finished(&self, batch: &JetBatch) -> Result<Jets, Error> {
        let outlines = batch.outlines();
        let total = outlines.iter().map(|outline| outline.count).sum();
        let mut jets = Jets::with_capacity(outlines.len(), total);
        for (jet, outline) in outlines.iter().enumerate() {
            jets.push(outline.kinematics, self.constituents(*outline, batch.values(jet))?);
        }
        Ok(jets)
    }

    /// Constituents of mapped values, the hardest first.
    fn constituents(&self, outline: Outline, values: &[f64]) -> Result<Vec<Constituent>, Error> {
        let maps = self.maps();
        let (rows, _) = values.as_chunks::<CONSTITUENT_FEATURES>();
        let mut own: Vec<[f64; CONSTITUENT_FEATURES]> = rows.iter().map(|row| maps.backward(*row)).collect();
        if self.momentum == Momentum::Conserved && outline.count < MOST_CONSTITUENTS {
            conserve(outline.kinematics, &mut own);
        }
        let mut made: Vec<Constituent> = Vec::with_capacity(rows.len());
        for own in own {
            if own.iter().any(|value| !value.is_finite()) {
                return Err(Error::NotFinite { what: format!("a generated constituent is {own:?}") });
            }
            let [share, d_eta, d_phi] = own.map(|value| f16::from_f64(value).clamp(-f16::MAX, f16::MAX));
            // Where half precision has nothing left, some transverse momentum stays.
            made.push([share.max(f16::MIN_POSITIVE_SUBNORMAL), d_eta, d_phi]);
        }
        made.sort_by(|one, next| next[0].total_cmp(&one[0]));
        Ok(made)
    }
}

/// Noise of a jet's constituents.
fn normals(count: usize, sigma: f64, noise: &mut Pcg64) -> Vec<f64> {
    let normal = |_| -> f64 { StandardNormal.sample(noise) };
    (0..CONSTITUENT_FEATURES * count).map(normal).map(|normal| sigma * normal).collect()
}
