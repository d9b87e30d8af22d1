//! Jets as tensors on the device that computes with them.

use tch::{Device, Kind, Tensor};

use super::view::EventJets;
use crate::data::{Jets, Kinematics, Outline};
use crate::device::to_device_soon;

/// Masses below this share of the transverse momentum are taken as this.
const LEAST_MASS_SHARE: f32 = 1e-4;
/// Numbers that describe a constituent: ln of its share of the jet's transverse momentum, Δη, Δφ.
pub const CONSTITUENT_FEATURES: usize = 3;
/// Numbers that describe a jet: ln `p_T`, η, φ, ln m, ln N.
pub const OUTLINE_FEATURES: usize = 5;

impl Outline {
    /// The numbers that describe a jet: ln(`p_T` / GeV), η, φ, ln(m / GeV), ln N.
    pub fn features(self) -> [f32; OUTLINE_FEATURES] {
        let Kinematics { pt, eta, phi, mass } = self.kinematics;
        [pt.ln(), eta, phi, mass.max(LEAST_MASS_SHARE * pt).ln(), (self.count as f32).ln()]
    }
}

/// A table of jets on a device, in half precision as in memory.
pub struct JetTensors {
    /// `[constituents of all jets, 3]`
    constituents: Tensor,
    /// Where each jet's begin, and its last one's distance from there, `[jets]`.
    starts: Tensor,
    last: Tensor,
    /// `[jets, 5]`
    outlines: Tensor,
    counts: Vec<u16>,
}

impl JetTensors {
    /// Moves some tables to a device, one after the other.
    pub fn new(tables: &[&Jets], device: Device) -> Self {
        Self::of(&tables.iter().map(|jets| EventJets::all(jets)).collect::<Vec<_>>(), device)
    }

    /// Moves some events of some tables to a device, one after the other; their jets are numbered anew.
    pub fn of(parts: &[EventJets<'_>], device: Device) -> Self {
        let total = parts.iter().map(|part| 2 * part.len()).sum();
        let (mut starts, mut last, mut counts) =
            (Vec::with_capacity(total), Vec::with_capacity(total), Vec::with_capacity(total));
        let mut outlines = Vec::with_capacity(OUTLINE_FEATURES * total);
        let mut begin = 0_i64;
        for part in parts {
            for jet in part.places() {
                let outline = part.jets().outline(jet);
                starts.push(begin);
                last.push(outline.count as i64 - 1);
                counts.push(outline.count as u16);
                begin += outline.count as i64;
                outlines.extend(outline.features());
            }
        }
        let mut constituents = Vec::with_capacity(begin as usize);
        for part in parts {
            for jet in part.places() {
                constituents.extend_from_slice(part.jets().constituents(jet));
            }
        }
        let tensor = |values: &[i64]| Tensor::from_slice(values).to_device(device);
        Self {
            constituents: Tensor::from_slice(constituents.as_flattened())
                .view([-1, CONSTITUENT_FEATURES as i64])
                .to_device(device),
            starts: tensor(&starts),
            last: tensor(&last),
            outlines: Tensor::from_slice(&outlines).view([-1, OUTLINE_FEATURES as i64]).to_device(device),
            counts,
        }
    }

    /// How many constituents a jet has.
    pub fn count(&self, jet: usize) -> usize {
        self.counts[jet] as usize
    }

    /// The device that holds the jets.
    pub fn device(&self) -> Device {
        self.outlines.device()
    }

    /// Which jets, for the device.
    pub fn rows(&self, jets: &[u32]) -> Tensor {
        let rows: Vec<i64> = jets.iter().map(|jet| i64::from(*jet)).collect();
        to_device_soon(&Tensor::from_slice(&rows), self.device())
    }

    /// ln of the share of transverse momentum, Δη and Δφ of some jets' constituents; padded slots repeat the last one.
    ///
    /// # Shapes
    /// `rows` `[jets]`; the result is `[jets, slots, 3]`.
    pub fn constituents(&self, rows: &Tensor, slots: usize) -> Tensor {
        let slot = Tensor::arange(slots as i64, (Kind::Int64, self.device()));
        let last = self.last.index_select(0, rows).unsqueeze(1);
        let place = self.starts.index_select(0, rows).unsqueeze(1) + slot.minimum(&last);
        let shape = [rows.size()[0], slots as i64, CONSTITUENT_FEATURES as i64];
        let values =
            self.constituents.index_select(0, &place.flatten(0, -1)).to_kind(Kind::Float).view(shape);
        let _ = values.select(2, 0).log_();
        values
    }

    /// The numbers that describe some jets.
    ///
    /// # Shapes
    /// `rows` `[jets]`; the result is `[jets, 5]`.
    pub fn outlines(&self, rows: &Tensor) -> Tensor {
        self.outlines.index_select(0, rows)
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    #[test]
    fn jets_are_found_again_and_padding_repeats_their_last() {
        let mut jets = Jets::default();
        for count in [3, 2, 5, 4_u8] {
            let kinematics = Kinematics { pt: 1e3, eta: f32::from(count), phi: 0.5, mass: 0.0 };
            let shares = (0..count).map(|slot| 0.5_f32.powi(i32::from(slot)));
            jets.push(kinematics, shares.map(|share| [share, f32::from(count), 1.0].map(f16::from_f32)));
        }
        let (first, second) = (jets.select(&[0]), jets.select(&[1]));
        let tensors = JetTensors::new(&[&first, &second], Device::Cpu);
        assert_eq!(tensors.count(2), 5);
        let chosen = JetTensors::of(&[EventJets::only(&jets, &[1]), EventJets::all(&first)], Device::Cpu);
        assert_eq!(chosen.counts, [5, 4, 3, 2]);
        let rows = tensors.rows(&[2, 0]);
        let found = tensors.constituents(&rows, 6);
        assert_eq!(found.size(), [2, 6, 3]);
        for (place, count) in [(0, 5), (1, 3)] {
            for slot in 0..6_i64 {
                let share = 0.5_f64.ln() * slot.min(count - 1) as f64;
                assert!((found.double_value(&[place, slot, 0]) - share).abs() < 1e-6);
                assert!((found.double_value(&[place, slot, 1]) - count as f64).abs() < 1e-6);
            }
        }
        let outlines = tensors.outlines(&rows);
        assert!((outlines.double_value(&[1, 4]) - 3.0_f64.ln()).abs() < 1e-6);
        assert!((outlines.double_value(&[0, 3]) - 0.1_f64.ln()).abs() < 1e-4, "masses are above zero");
    }
}
