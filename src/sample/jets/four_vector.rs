//! Sums of four-vectors, of constituents to jets and of jets to the di-jet mass.

use std::ops::Add;

use crate::data::{Constituent, Jets, Kinematics};

/// Momentum and energy (GeV).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FourVector {
    /// Along the first transverse axis.
    pub px: f64,
    /// Along the second transverse axis.
    pub py: f64,
    /// Along the beam.
    pub pz: f64,
    /// Energy.
    pub energy: f64,
}

impl FourVector {
    /// A particle or jet from transverse momentum, pseudorapidity, azimuth and mass.
    pub fn new(pt: f64, eta: f64, phi: f64, mass: f64) -> Self {
        let (pz, momentum) = (pt * eta.sinh(), pt * eta.cosh());
        Self { px: pt * phi.cos(), py: pt * phi.sin(), pz, energy: momentum.hypot(mass) }
    }

    /// The sum of a jet's massless constituents.
    pub fn of_constituents(jet: Kinematics, constituents: &[Constituent]) -> Self {
        constituents.iter().fold(Self::default(), |sum, constituent| {
            let [share, d_eta, d_phi] = constituent.map(f64::from);
            let (eta, phi) = (f64::from(jet.eta) + d_eta, f64::from(jet.phi) + d_phi);
            sum + Self::new(share * f64::from(jet.pt), eta, phi, 0.0)
        })
    }

    /// Transverse momentum.
    pub fn pt(self) -> f64 {
        self.px.hypot(self.py)
    }

    /// Invariant mass; zero where rounding leaves its square below zero.
    pub fn mass(self) -> f64 {
        let square = self.energy.powi(2) - self.px.powi(2) - self.py.powi(2) - self.pz.powi(2);
        square.max(0.0).sqrt()
    }
}

impl Add for FourVector {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            px: self.px + other.px,
            py: self.py + other.py,
            pz: self.pz + other.pz,
            energy: self.energy + other.energy,
        }
    }
}

impl From<Kinematics> for FourVector {
    fn from(jet: Kinematics) -> Self {
        Self::new(f64::from(jet.pt), f64::from(jet.eta), f64::from(jet.phi), f64::from(jet.mass))
    }
}

impl Jets {
    /// The mass of an event's two jets together.
    ///
    /// # Units
    /// GeV.
    ///
    /// # Panics
    /// If there is no such event.
    pub fn dijet_mass(&self, event: usize) -> f64 {
        let [first, second] = [2 * event, 2 * event + 1].map(|jet| FourVector::from(self.kinematics(jet)));
        (first + second).mass()
    }

    /// The sum of a jet's constituents.
    ///
    /// # Panics
    /// If there is no such jet.
    pub fn sum_of_constituents(&self, jet: usize) -> FourVector {
        FourVector::of_constituents(self.kinematics(jet), self.constituents(jet))
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    #[test]
    fn masses_done_by_hand() {
        // Back to back at the same η: m² = 2 pT² (1 + 1).
        let [one, other] = [0.0, std::f64::consts::PI].map(|phi| FourVector::new(3.0, 0.7, phi, 0.0));
        assert!(((one + other).mass() - 6.0).abs() < 1e-12);
        assert!((one.mass()) < 1e-6 && (one.pt() - 3.0).abs() < 1e-12);
        assert!((FourVector::new(5.0, -1.0, 2.0, 2.5).mass() - 2.5).abs() < 1e-12);
    }

    #[test]
    fn constituents_stand_around_their_jet() {
        let jet = Kinematics { pt: 100.0, eta: 1.0, phi: 3.0, mass: 0.0 };
        let half = f16::from_f32(0.5);
        let found =
            FourVector::of_constituents(jet, &[[half, half, f16::ZERO], [half, f16::ZERO, f16::ZERO]]);
        let expected = FourVector::new(50.0, 1.5, 3.0, 0.0) + FourVector::new(50.0, 1.0, 3.0, 0.0);
        assert!((found.pz - expected.pz).abs() < 1e-9 && (found.mass() - expected.mass()).abs() < 1e-9);
    }
}
