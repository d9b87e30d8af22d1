//! How jets are brought to zero mean and unit variance before the jet model sees them.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::jets::{CONSTITUENT_FEATURES, Jets, OUTLINE_FEATURES, Outline};

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
        let constituents =
            chosen.iter().flat_map(|jet| jets.constituents(*jet as usize)).flat_map(|values| {
                let [share, d_eta, d_phi] = values.map(f32::from);
                [share.ln(), d_eta, d_phi]
            });
        let (constituent_mean, constituent_deviation) = moments(constituents);
        let outlines = chosen.iter().flat_map(|jet| jets.outline(*jet as usize).features());
        let (outline_mean, outline_deviation) = moments(outlines);
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

/// Mean and standard deviation of each column of values that come row by row.
fn moments<const COLUMNS: usize>(values: impl Iterator<Item = f32>) -> ([f64; COLUMNS], [f64; COLUMNS]) {
    let (mut sums, mut squares, mut count) = ([0.0; COLUMNS], [0.0; COLUMNS], 0_usize);
    for value in values {
        let value = f64::from(value);
        sums[count % COLUMNS] += value;
        squares[count % COLUMNS] += value * value;
        count += 1;
    }
    let rows = (count / COLUMNS).max(1) as f64;
    let mean = sums.map(|sum| sum / rows);
    let mut deviation = [1.0; COLUMNS];
    for column in 0..COLUMNS {
        let variance = squares[column] / rows - mean[column] * mean[column];
        // What rounding leaves of a constant column is no width.
        if variance > 1e-9 * (mean[column] * mean[column]).max(1e-12) {
            deviation[column] = variance.sqrt();
        }
    }
    (mean, deviation)
}

/// The shifts and inverse scales of all members as tensors, to be applied to single-precision values.
pub struct MapTensors {
    constituent_mean: Tensor,
    constituent_inverse: Tensor,
    outline_mean: Tensor,
    outline_inverse: Tensor,
}

impl MapTensors {
    pub fn new(maps: &[JetMaps], device: tch::Device) -> Self {
        let tensor = |values: Vec<f64>| {
            let shape = [maps.len() as i64, 1, (values.len() / maps.len()) as i64];
            Tensor::from_slice(&values).reshape(shape).to_kind(Kind::Float).to_device(device)
        };
        let all = |of: &dyn Fn(&JetMaps) -> Vec<f64>| tensor(maps.iter().flat_map(of).collect());
        Self {
            constituent_mean: all(&|maps| maps.constituent_mean.to_vec()),
            constituent_inverse: all(&|maps| maps.constituent_deviation.map(f64::recip).to_vec()),
            outline_mean: all(&|maps| maps.outline_mean.to_vec()),
            outline_inverse: all(&|maps| maps.outline_deviation.map(f64::recip).to_vec()),
        }
    }

    /// # Shapes
    /// `[members, constituents, 3]`, whose memory is used.
    pub fn constituents(&self, mut values: Tensor) -> Tensor {
        values -= &self.constituent_mean;
        values *= &self.constituent_inverse;
        values
    }

    /// # Shapes
    /// `[members, jets, 5]`.
    pub fn outlines(&self, values: &Tensor) -> Tensor {
        (values - &self.outline_mean) * &self.outline_inverse
    }
}
