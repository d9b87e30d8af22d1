//! A template of jets that is being made: the jets so far, which a checkpoint holds between two groups.
//!
//! With networks of the paper's size a core is busy for an hour with jets whose noise was drawn together: what is saved are
//! those that are finished, the generator as it was before the others were drawn, and which of these are solved.

use drapes_analysis::plan::random_stream::Stream;
use half::f16;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::models::jet_model::JetBatch;
use crate::sample::jets::{Jets, Kinematics};
use crate::training::{Resumable, Snapshot};

/// The first jets of a template, and those that are being solved.
pub struct UnfinishedJetTemplate {
    /// Jets of the whole.
    count: usize,
    /// Those that are finished.
    made: Jets,
    /// As it is before the noise of the next portion is drawn.
    noise: Pcg64,
    /// The portion that is being solved.
    batch: Option<JetBatch>,
    /// Of a portion that was being solved when the work was stopped: its groups, and their values.
    earlier: Option<(usize, Vec<f64>)>,
    /// The generator after the noise of the portion was drawn.
    after: Pcg64,
}

/// The part of a snapshot that is neither a list nor a tensor.
#[derive(Serialize, Deserialize)]
struct SamplerState {
    noise: Pcg64,
    /// Groups of the next portion that are solved.
    groups: usize,
}

impl UnfinishedJetTemplate {
    /// So many jets, of which none is made; their noise comes from this stream.
    pub fn new(count: usize, noise: &Stream) -> Self {
        let noise = noise.generator();
        Self { count, made: Jets::default(), batch: None, earlier: None, after: noise.clone(), noise }
    }

    /// Whether all jets are made.
    pub fn is_complete(&self) -> bool {
        self.made.len() == self.count
    }

    /// The share of the jets that are made, from 0 to 1.
    pub fn share(&self, portion: usize) -> f64 {
        let next = portion.min(self.count - self.made.len()) as f64;
        let solved = self.batch.as_ref().map_or(0.0, JetBatch::share);
        (self.made.len() as f64 + solved * next) / self.count.max(1) as f64
    }

    /// The portion that is being solved, of at most so many jets; `begin` draws the noise of the next one.
    pub fn batch(
        &mut self,
        portion: usize,
        begin: impl FnOnce(std::ops::Range<usize>, &mut Pcg64) -> JetBatch,
    ) -> &mut JetBatch {
        let first = self.made.len();
        self.batch.get_or_insert_with(|| {
            self.after = self.noise.clone();
            let mut batch = begin(first..self.count.min(first + portion), &mut self.after);
            if let Some((groups, values)) = self.earlier.take() {
                // Where they do not fit, as those of another device, its jets are solved again.
                let _ = batch.take_over(groups, &values);
            }
            batch
        })
    }

    /// Adds the jets of the portion, which is solved.
    pub fn add(&mut self, jets: &Jets) {
        self.made.append(jets);
        self.batch = None;
        self.noise = self.after.clone();
    }

    /// The jets that are made.
    pub fn jets(&self) -> &Jets {
        &self.made
    }
}

impl Resumable for UnfinishedJetTemplate {
    fn snapshot(&self) -> Snapshot {
        let kinematics: Vec<f32> = (0..self.made.len())
            .flat_map(|jet| {
                let Kinematics { pt, eta, phi, mass } = self.made.kinematics(jet);
                [pt, eta, phi, mass]
            })
            .collect();
        let counts = (0..self.made.len()).map(|jet| self.made.count(jet) as u32).collect();
        // Single precision holds every number of half precision.
        let constituents: Vec<f32> =
            self.made.all_constituents().as_flattened().iter().map(|value| f32::from(*value)).collect();
        let (groups, values) = match (&self.batch, &self.earlier) {
            (Some(batch), _) => (batch.solved_groups(), batch.solved_values()),
            (None, Some((groups, values))) => (*groups, values.clone()),
            (None, None) => (0, vec![]),
        };
        let halves = |value: &f64| [(value.to_bits() >> 32) as u32, value.to_bits() as u32];
        let values = values.iter().flat_map(halves).collect();
        let tensors = [kinematics, constituents].map(|values| Tensor::from_slice(&values));
        Snapshot::new(
            tensors.into(),
            vec![counts, values],
            &SamplerState { noise: self.noise.clone(), groups },
        )
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Option<()> {
        let SamplerState { noise, groups } = snapshot.rest()?;
        let ([kinematics, constituents], [counts, values]) = (&snapshot.tensors[..], &snapshot.lists[..])
        else {
            return None;
        };
        let [kinematics, constituents] =
            [kinematics, constituents].map(|tensor| Vec::<f32>::try_from(tensor).unwrap_or_default());
        let total: usize = counts.iter().map(|count| 3 * *count as usize).sum();
        if counts.len() > self.count || kinematics.len() != 4 * counts.len() || constituents.len() != total {
            return None;
        }
        let mut made = Jets::with_capacity(self.count, total / 3);
        let mut rest = constituents.chunks_exact(3).map(|own| [0, 1, 2].map(|axis| f16::from_f32(own[axis])));
        for (values, count) in kinematics.chunks_exact(4).zip(counts) {
            let kinematics = Kinematics { pt: values[0], eta: values[1], phi: values[2], mass: values[3] };
            made.push(kinematics, rest.by_ref().take(*count as usize));
        }
        let whole = |halves: &[u32]| f64::from_bits(u64::from(halves[0]) << 32 | u64::from(halves[1]));
        let values = values.chunks_exact(2).map(whole).collect();
        (self.made, self.noise, self.batch, self.earlier) = (made, noise, None, Some((groups, values)));
        Some(())
    }
}
