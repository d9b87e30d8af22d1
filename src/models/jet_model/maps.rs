//! Brings constituents and jet momenta to zero mean and unit variance, as the preconditioning of the diffusion assumes.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::sample::jets::{CONSTITUENT_FEATURES, Jets, OUTLINE_FEATURES, Outline};
use crate::sample::scaler::{Moments, Standardisation};

/// Shift and scale of the constituents' numbers and of the outlines' numbers, of one member.
///
/// The share of transverse momentum is mapped by its logarithm, so that whatever is generated has some.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JetMaps {
    /// Means of ln(share of `p_T`), Δη, Δφ.
    pub constituent_mean: [f64; CONSTITUENT_FEATURES],
    /// Their standard deviations.
    pub constituent_deviation: [f64; CONSTITUENT_FEATURES],
    /// Means of ln `p_T`, η, φ, ln m, ln N.
    pub outline_mean: [f64; OUTLINE_FEATURES],
    /// Their standard deviations.
    pub outline_deviation: [f64; OUTLINE_FEATURES],
}

impl JetMaps {
    /// The maps of some jets.
    pub fn of(jets: &Jets, chosen: &[u32]) -> Self {
        let constituents = chosen.iter().flat_map(|jet| jets.constituents(*jet as usize)).map(|values| {
            let [share, d_eta, d_phi] = values.map(f32::from);
            [share.ln(), d_eta, d_phi].map(f64::from)
        });
        let (constituent_mean, constituent_deviation) = Moments::of(constituents).mean_and_deviation();
        let outlines = chosen.iter().map(|jet| jets.outline(*jet as usize).features().map(f64::from));
        let (outline_mean, outline_deviation) = Moments::of(outlines).mean_and_deviation();
        Self { constituent_mean, constituent_deviation, outline_mean, outline_deviation }
    }

    /// The standardised numbers of some jets as a whole, `[1, jets, 5]`.
    pub fn outlines(&self, outlines: &[Outline]) -> Tensor {
        let values: Vec<f32> = outlines
            .iter()
            .flat_map(|outline| {
                let features = outline.features();
                [0, 1, 2, 3, 4].map(|column| {
                    let shifted = f64::from(features[column]) - self.outline_mean[column];
                    (shifted / self.outline_deviation[column]) as f32
                })
            })
            .collect();
        Tensor::from_slice(&values).reshape([1, outlines.len() as i64, OUTLINE_FEATURES as i64])
    }

    /// A constituent's numbers, standardised.
    pub fn forward(&self, constituent: [f64; CONSTITUENT_FEATURES]) -> [f64; CONSTITUENT_FEATURES] {
        let [share, d_eta, d_phi] = constituent;
        let values = [share.ln(), d_eta, d_phi];
        [0, 1, 2].map(|axis| (values[axis] - self.constituent_mean[axis]) / self.constituent_deviation[axis])
    }

    /// A constituent of standardised numbers: its share of `p_T`, Δη, Δφ.
    pub fn backward(&self, values: [f64; CONSTITUENT_FEATURES]) -> [f64; CONSTITUENT_FEATURES] {
        let own = [0, 1, 2]
            .map(|axis| self.constituent_mean[axis] + values[axis] * self.constituent_deviation[axis]);
        [own[0].exp(), own[1], own[2]]
    }
}

/// The maps of all members, to be applied to single-precision values.
pub struct MapTensors {
    /// Of constituents, `[members, constituents, 3]`.
    pub constituents: Standardisation,
    /// Of jets as wholes, `[members, jets, 5]`.
    pub outlines: Standardisation,
}

impl MapTensors {
    pub fn new(maps: &[JetMaps], device: tch::Device) -> Self {
        let constituents =
            maps.iter().map(|maps| (&maps.constituent_mean[..], &maps.constituent_deviation[..]));
        let outlines = maps.iter().map(|maps| (&maps.outline_mean[..], &maps.outline_deviation[..]));
        Self {
            constituents: Standardisation::new(constituents, device),
            outlines: Standardisation::new(outlines, device),
        }
    }
}
