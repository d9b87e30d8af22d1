//! Noisy constituents of a training step, as the network sees them, and the loss on them.

use drapes_analysis::job::{JetModelSettings, LossWeighting, NoisePath};
use tch::{Kind, Tensor};

use super::maps::MapTensors;
use super::network::JetModelShape;
use crate::device::to_device_soon;
use crate::models::diffusion::{NoiseLaw, NoisyInput};
use crate::nn::Padding;
use crate::sample::jets::{CONSTITUENT_FEATURES, Group, JetTensors};
use crate::training::Noise;

/// Jets of one member with the random numbers of their noise, which do not depend on how the jets are padded.
pub struct Drawn {
    /// The jets, by their places in the table.
    pub jets: Vec<u32>,
    /// Their numbers of constituents.
    pub counts: Vec<usize>,
    /// A unit normal a jet, which decides on its noise strength.
    strengths: Vec<f32>,
    /// Unit normals of the constituents, jet after jet, and where each jet's begin.
    normals: Vec<f32>,
    starts: Vec<usize>,
}

impl Drawn {
    /// With the numbers of the next step.
    pub fn new(jets: &[u32], count: impl Fn(&u32) -> usize, noise: &mut Noise) -> Self {
        let counts: Vec<usize> = jets.iter().map(count).collect();
        let mut starts = Vec::with_capacity(jets.len());
        let mut total = 0;
        for count in &counts {
            starts.push(total);
            total += CONSTITUENT_FEATURES * count;
        }
        let mut strengths = noise.next_step(jets.len() + total);
        let normals = strengths.split_off(jets.len());
        Self { jets: jets.to_vec(), counts, strengths, normals, starts }
    }

    /// The first of these jets, all with the same strength of noise.
    pub fn at_strength(&self, jets: usize, normal: f32) -> Self {
        let jets = jets.min(self.jets.len());
        Self {
            jets: self.jets[..jets].to_vec(),
            counts: self.counts[..jets].to_vec(),
            strengths: vec![normal; jets],
            normals: self.normals.clone(),
            starts: self.starts[..jets].to_vec(),
        }
    }

    fn constituents(&self) -> usize {
        self.counts.iter().sum()
    }
}

/// A group of noisy jets, and what the network should answer.
pub struct NoisyJets {
    /// `[members, jets · slots, 3]`
    pub scaled: Tensor,
    /// What the network is told of each jet, `[members, jets, …]`.
    pub about: Tensor,
    /// Which slots are padded.
    pub padding: Padding,
    target: Tensor,
    /// Weight of each constituent's squared error in its member's mean, zero in padded slots, `[members, jets · slots, 1]`.
    weight: Tensor,
}

impl NoisyJets {
    pub fn new(
        shape: &JetModelShape,
        settings: &JetModelSettings,
        (jets, maps): (&JetTensors, &MapTensors),
        drawn: &[Drawn],
        group: &Group,
    ) -> Self {
        let (members, sets, slots) = (drawn.len(), group.sets, group.slots);
        let places = || {
            (0..members).flat_map(|member| {
                group.places[member * sets..(member + 1) * sets]
                    .iter()
                    .map(move |place| (&drawn[member], *place))
            })
        };
        let rows: Vec<u32> = places().map(|(drawn, place)| drawn.jets[place]).collect();
        let strengths: Vec<f32> = places().map(|(drawn, place)| drawn.strengths[place]).collect();
        let mut normals = vec![0.0_f32; members * sets * slots * CONSTITUENT_FEATURES];
        for (slots, (drawn, place)) in normals.chunks_exact_mut(slots * CONSTITUENT_FEATURES).zip(places()) {
            let length = CONSTITUENT_FEATURES * drawn.counts[place];
            slots[..length].copy_from_slice(&drawn.normals[drawn.starts[place]..][..length]);
        }
        let shares: Vec<f32> =
            drawn.iter().map(|drawn| 1.0 / (CONSTITUENT_FEATURES * drawn.constituents()) as f32).collect();

        let device = jets.device();
        let (members, sets) = (members as i64, sets as i64);
        let per_jet = [members, sets, 1, 1];
        let per_constituent = [members, sets, slots as i64, CONSTITUENT_FEATURES as i64];
        let flat = [members, sets * slots as i64, CONSTITUENT_FEATURES as i64];
        let tensor = |values: &[f32]| to_device_soon(&Tensor::from_slice(values), device);
        let rows = jets.rows(&rows);
        let x0 = maps.constituents.of_each(jets.constituents(&rows, slots)).view(per_constituent);
        let noise = tensor(&normals).view(per_constituent);
        let law = NoiseLaw {
            path: NoisePath::Diffusion,
            log_sigma: (settings.log_noise_mean, settings.log_noise_std),
            range: shape.noise_range(),
        };
        let strengths = tensor(&strengths).view(per_jet);
        let NoisyInput { sigma, scaled, target, c_out } = NoisyInput::new(&x0, &noise, &strengths, &law);
        let (scaled, target) = (scaled.view(flat), target.view(flat));
        let outlines = maps.outlines.of_each(jets.outlines(&rows));
        let padding = Padding::new(&group.counts, members as usize, slots, device);
        let mut weight = tensor(&shares).view([members, 1, 1]);
        if settings.loss_weighting == LossWeighting::Printed {
            let per_jet = c_out.square().expand([members, sets, slots as i64, 1], false);
            weight = &weight * per_jet.reshape([members, -1, 1]);
        }
        if let Some(elements) = padding.elements() {
            weight = &weight * elements;
        }
        Self { about: shape.about(&outlines, &sigma.squeeze_dim(3)), scaled, padding, target, weight }
    }

    /// The contribution of these jets to the mean squared error of each member `[members]`, and its gradient.
    pub fn loss_and_gradient(&self, out: &Tensor) -> (Tensor, Tensor) {
        let error = self.padding.zeroed(out) - &self.target;
        let weighted = &error * &self.weight;
        let loss = (&weighted * &error).sum_dim_intlist([1_i64, 2].as_slice(), false, Kind::Float);
        (loss, weighted * 2.0)
    }
}
