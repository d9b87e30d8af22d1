//! Rescales constituents so that their four-momenta sum to that of their jet.

use super::four_vector::FourVector;
use crate::data::Kinematics;

/// Rounds until the sum is found; each leaves about the square of the jet's width of what was missing.
const ROUNDS: usize = 60;
/// Tolerance in units of the jet's transverse momentum: far below half precision, in which constituents are stored.
const ENOUGH: f64 = 1e-7;

/// Moves, scales and spreads constituents about their axis until they sum to the four-vector of their jet, to half
/// precision.
///
/// True constituents do; those that a model makes one beside the other do so only roughly, which a classifier would find
/// before anything else. What is changed is a common factor of the shares, a common shift in η and φ, and a common factor of
/// the distances to the axis. Of jets that have no mass, or cannot have it by so little, it is not sought.
///
/// Shares of transverse momentum, Δη and Δφ in double precision, as [`super::Constituent`] in half.
pub fn conserve(jet: Kinematics, constituents: &mut [[f64; 3]]) {
    let [pt, eta, mass] = [jet.pt, jet.eta, jet.mass].map(f64::from);
    for _ in 0..ROUNDS {
        let sum = sum(pt, eta, constituents);
        let (axis_eta, axis_phi) = ((sum.pz / sum.pt()).asinh() - eta, sum.py.atan2(sum.px));
        let scale = pt / sum.pt();
        let own_mass = sum.mass() * scale;
        let spread = if mass > 0.0 && own_mass > 0.0 { (mass / own_mass).clamp(0.5, 2.0) } else { 1.0 };
        if ![scale, axis_eta, axis_phi].iter().all(|value| value.is_finite()) {
            return;
        }
        for [share, d_eta, d_phi] in constituents.iter_mut() {
            *share *= scale;
            *d_eta = (*d_eta - axis_eta) * spread;
            *d_phi = (*d_phi - axis_phi) * spread;
        }
        let missing = [scale - 1.0, axis_eta, axis_phi, (own_mass - mass) / pt];
        if missing.iter().all(|missing| missing.abs() < ENOUGH) {
            return;
        }
    }
    // What has not come to its mass at least has its direction and transverse momentum.
    let sum = sum(pt, eta, constituents);
    for [share, d_eta, d_phi] in constituents {
        *share *= pt / sum.pt();
        *d_eta -= (sum.pz / sum.pt()).asinh() - eta;
        *d_phi -= sum.py.atan2(sum.px);
    }
}

/// The sum of massless constituents, in a frame whose first axis is the jet's azimuth; beyond all jets, none is counted.
fn sum(pt: f64, eta: f64, constituents: &[[f64; 3]]) -> FourVector {
    let vector = |[share, d_eta, d_phi]: &[f64; 3]| FourVector::new(share * pt, eta + d_eta, *d_phi, 0.0);
    constituents.iter().fold(FourVector::default(), |sum, constituent| sum + vector(constituent))
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;
    use crate::models::jet_model::toy;
    use crate::sample::jets::Constituent;

    fn conserved(jet: Kinematics, constituents: &[Constituent]) -> Vec<Constituent> {
        let mut values: Vec<[f64; 3]> = constituents.iter().map(|values| values.map(f64::from)).collect();
        conserve(jet, &mut values);
        values.into_iter().map(|values| values.map(f16::from_f64)).collect()
    }

    #[test]
    fn constituents_sum_to_their_jet() {
        let jets = toy::jets(100, 7);
        for jet in 0..jets.len() {
            let kinematics = jets.kinematics(jet);
            let mut values: Vec<[f64; 3]> =
                jets.constituents(jet).iter().map(|values| values.map(f64::from)).collect();
            conserve(kinematics, &mut values);
            let [pt, eta, mass] = [kinematics.pt, kinematics.eta, kinematics.mass].map(f64::from);
            let sum = sum(pt, eta, &values);
            assert!((sum.pt() / pt - 1.0).abs() < 1e-6, "{} {pt}", sum.pt());
            assert!(((sum.pz / sum.pt()).asinh() - eta).abs() < 1e-6 && sum.py.abs() < 1e-5 * pt);
            assert!((sum.mass() / mass - 1.0).abs() < 1e-4, "{} {mass}", sum.mass());
        }
    }

    #[test]
    fn constituents_that_sum_already_stay() {
        let jets = toy::jets(50, 8);
        for jet in 0..jets.len() {
            let first = conserved(jets.kinematics(jet), jets.constituents(jet));
            let second = conserved(jets.kinematics(jet), &first);
            for (one, other) in first.iter().flatten().zip(second.iter().flatten()) {
                assert!((f32::from(*one) - f32::from(*other)).abs() < 2e-3, "{one} {other}");
            }
        }
    }

    #[test]
    fn the_shipped_jets_stay_as_they_are() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo_constituents.h5");
        let jets = crate::data::read_jets(&path, "events", None).expect("the shipped sample").jets;
        for jet in (0..2000).filter(|jet| jets.count(*jet) < crate::sample::jets::MOST_CONSTITUENTS) {
            let after = conserved(jets.kinematics(jet), jets.constituents(jet));
            for (one, other) in jets.constituents(jet).iter().flatten().zip(after.iter().flatten()) {
                let (one, other) = (f32::from(*one), f32::from(*other));
                // What half precision has lost of the sum is put back.
                assert!((one - other).abs() < 4e-3 * one.abs().max(0.05), "{one} {other}");
            }
        }
    }

    #[test]
    fn jets_without_mass_or_hope_stay_finite() {
        let jet = Kinematics { pt: 100.0, eta: 0.0, phi: 0.0, mass: 0.0 };
        let mut straight = [[0.5, 0.1, 0.0]; 3];
        conserve(jet, &mut straight);
        assert!((straight.iter().map(|values| values[0]).sum::<f64>() - 1.0).abs() < 1e-6);
        let heavy = Kinematics { mass: 1e6, ..jet };
        let mut values = [[0.5, 0.1, 0.0], [0.5, -0.1, 0.2]];
        conserve(heavy, &mut values);
        assert!(values.iter().flatten().all(|value| value.is_finite()), "{values:?}");
    }
}
