//! How constituents are brought to zero mean and unit variance before a classifier sees them.

use drapes_analysis::job::JetInputs;
use tch::{Device, Kind, Tensor};

use super::network::inputs;
use crate::jets::{CONSTITUENT_FEATURES, EventJets, JetTensors};

/// All numbers that may be given of a constituent.
const MOST_INPUTS: usize = CONSTITUENT_FEATURES + 1;

/// Sums over constituents, from which means and deviations follow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    count: f64,
    values: [f64; MOST_INPUTS],
    squares: [f64; MOST_INPUTS],
}

impl Sums {
    /// The sums of each of some events.
    pub fn by_event(events: EventJets<'_>) -> impl Iterator<Item = Self> {
        (0..events.len()).map(move |event| {
            let mut sums = Self::default();
            for jet in events.pair(event) {
                let ln_pt = events.jets().kinematics(jet).pt.ln();
                for constituent in events.jets().constituents(jet) {
                    let [share, d_eta, d_phi] = constituent.map(f32::from);
                    sums.add(&Self::of([share.ln(), d_eta, d_phi, share.ln() + ln_pt].map(f64::from)));
                }
            }
            sums
        })
    }

    fn of(values: [f64; MOST_INPUTS]) -> Self {
        Self { count: 1.0, values, squares: values.map(|value| value * value) }
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        for column in 0..MOST_INPUTS {
            self.values[column] += other.values[column];
            self.squares[column] += other.squares[column];
        }
    }

    /// Mean and inverse standard deviation of a column.
    fn standard(&self, column: usize) -> [f32; 2] {
        let mean = self.values[column] / self.count.max(1.0);
        let variance = self.squares[column] / self.count.max(1.0) - mean * mean;
        // What rounding leaves of a constant column is no width.
        let deviation = if variance > 1e-9 * (mean * mean).max(1e-12) { variance.sqrt() } else { 1.0 };
        [mean as f32, (1.0 / deviation) as f32]
    }
}

/// What each member shifts and scales constituents by.
pub struct Standards {
    inputs: JetInputs,
    /// `[members, 1, inputs]`
    mean: Tensor,
    inverse_deviation: Tensor,
}

impl Standards {
    /// Those of the events that each member learns from, given by their rows.
    pub fn new(by_event: &[Sums], members: &[Vec<u32>], inputs_of: JetInputs, device: Device) -> Self {
        let columns = inputs(inputs_of);
        let (mut mean, mut inverse) = (Vec::new(), Vec::new());
        for rows in members {
            let mut sums = Sums::default();
            for row in rows {
                sums.add(&by_event[*row as usize]);
            }
            for [shift, scale] in (0..columns).map(|column| sums.standard(column)) {
                mean.push(shift);
                inverse.push(scale);
            }
        }
        let tensor = |values: &[f32]| {
            Tensor::from_slice(values).reshape([members.len() as i64, 1, columns as i64]).to_device(device)
        };
        Self { inputs: inputs_of, mean: tensor(&mean), inverse_deviation: tensor(&inverse) }
    }

    /// Those of one member.
    pub fn member(&self, member: usize) -> Self {
        let of_member = |all: &Tensor| all.narrow(0, member as i64, 1);
        Self {
            inputs: self.inputs,
            mean: of_member(&self.mean),
            inverse_deviation: of_member(&self.inverse_deviation),
        }
    }

    /// Members.
    pub fn members(&self) -> usize {
        self.mean.size()[0] as usize
    }

    /// What the network is given of some jets, as many of each member, those of the first member first.
    ///
    /// # Shapes
    /// The result is `[members, jets · slots, inputs]`.
    pub fn inputs(&self, jets: &JetTensors, chosen: &[u32], slots: usize) -> Tensor {
        let rows = jets.rows(chosen);
        let mut x = jets.constituents(&rows, slots);
        if self.inputs == JetInputs::Absolute {
            let ln_pt = jets.outlines(&rows).narrow(1, 0, 1).unsqueeze(1);
            x = Tensor::cat(&[&x, &(x.narrow(2, 0, 1) + ln_pt)], 2);
        }
        debug_assert_eq!(x.kind(), Kind::Float);
        let mut x = x.view([self.mean.size()[0], -1, self.mean.size()[2]]);
        x -= &self.mean;
        x *= &self.inverse_deviation;
        x
    }
}
