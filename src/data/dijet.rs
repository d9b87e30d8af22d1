//! High-level variables from the momenta of two jets.

use std::f64::consts::{PI, TAU};

use drapes_analysis::job::hlv::Variable;

/// A jet of the LHC Olympics features (GeV).
#[derive(Clone, Copy, Debug)]
pub(super) struct Jet {
    pub px: f64,
    pub py: f64,
    pub pz: f64,
    pub mass: f64,
    /// N-subjettiness τ1, τ2, τ3.
    pub tau: [f64; 3],
}

impl Jet {
    fn energy(&self) -> f64 {
        (self.mass * self.mass + self.px * self.px + self.py * self.py + self.pz * self.pz).sqrt()
    }

    fn azimuth(&self) -> f64 {
        self.py.atan2(self.px)
    }

    fn transverse_momentum(&self) -> f64 {
        self.px.hypot(self.py)
    }

    fn pseudorapidity(&self) -> f64 {
        (self.pz / self.transverse_momentum()).asinh()
    }
}

/// Two jets, the heavier one first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dijet {
    heavy: Jet,
    light: Jet,
}

impl Dijet {
    /// The pair in order of mass; of equally heavy jets the first stays first.
    pub fn new(first: Jet, second: Jet) -> Self {
        if second.mass > first.mass {
            Self { heavy: second, light: first }
        } else {
            Self { heavy: first, light: second }
        }
    }

    /// A variable; NaN or infinite where it does not exist.
    ///
    /// # Units
    /// Masses in GeV.
    pub fn value(&self, variable: Variable) -> f64 {
        match variable {
            Variable::DijetMass => self.mass(),
            Variable::HeavyMass => self.heavy.mass,
            Variable::LightMass => self.light.mass,
            Variable::MassDifference => self.heavy.mass - self.light.mass,
            Variable::HeavyTau21 => self.heavy.tau[1] / self.heavy.tau[0],
            Variable::LightTau21 => self.light.tau[1] / self.light.tau[0],
            Variable::HeavyTau32 => self.heavy.tau[2] / self.heavy.tau[1],
            Variable::LightTau32 => self.light.tau[2] / self.light.tau[1],
            Variable::AngularDistance => self.angular_distance(),
            Variable::PseudorapidityDistance => self.pseudorapidity_difference().abs(),
            Variable::AzimuthDistance => self.azimuth_difference().abs(),
            Variable::HeavyPseudorapidity => self.heavy.pseudorapidity(),
            Variable::LightPseudorapidity => self.light.pseudorapidity(),
            Variable::HeavyAzimuth => self.heavy.azimuth(),
            Variable::LightAzimuth => self.light.azimuth(),
            Variable::HeavyMomentum => self.heavy.transverse_momentum(),
            Variable::LightMomentum => self.light.transverse_momentum(),
        }
    }

    /// The denominator of a variable that is an N-subjettiness ratio.
    pub fn denominator(&self, variable: Variable) -> Option<f64> {
        match variable {
            Variable::HeavyTau21 => Some(self.heavy.tau[0]),
            Variable::LightTau21 => Some(self.light.tau[0]),
            Variable::HeavyTau32 => Some(self.heavy.tau[1]),
            Variable::LightTau32 => Some(self.light.tau[1]),
            _ => None,
        }
    }

    fn mass(&self) -> f64 {
        let (a, b) = (&self.heavy, &self.light);
        let energy = a.energy() + b.energy();
        let (px, py, pz) = (a.px + b.px, a.py + b.py, a.pz + b.pz);
        let square = energy * energy - px * px - py * py - pz * pz;
        // Rounding may leave collinear massless jets just below zero; a comparison lets NaN through, `max` does not.
        if square < 0.0 { 0.0 } else { square.sqrt() }
    }

    fn pseudorapidity_difference(&self) -> f64 {
        self.heavy.pseudorapidity() - self.light.pseudorapidity()
    }

    fn azimuth_difference(&self) -> f64 {
        wrap(self.heavy.azimuth() - self.light.azimuth())
    }

    fn angular_distance(&self) -> f64 {
        self.pseudorapidity_difference().hypot(self.azimuth_difference())
    }
}

/// A difference of two azimuths, brought into [-π, π].
fn wrap(angle: f64) -> f64 {
    if angle > PI {
        angle - TAU
    } else if angle < -PI {
        angle + TAU
    } else {
        angle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jet(px: f64, py: f64, pz: f64, mass: f64, tau: [f64; 3]) -> Jet {
        Jet { px, py, pz, mass, tau }
    }

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12 * expected.abs().max(1.0), "{found} is not {expected}");
    }

    #[test]
    fn variables_of_an_event_done_by_hand() {
        // Energies: √(3² + 4² + 12²) = 13 with mass 0, √(3² + 4² + 0² + 12²) = 13 with mass 12.
        let first = jet(3.0, 4.0, 12.0, 0.0, [0.4, 0.1, 0.05]);
        let second = jet(-3.0, 4.0, 0.0, 12.0, [0.2, 0.1, 0.08]);
        let event = Dijet::new(first, second);
        assert_close(event.value(Variable::DijetMass), (26.0_f64 * 26.0 - 8.0 * 8.0 - 12.0 * 12.0).sqrt());
        assert_close(event.value(Variable::HeavyMass), 12.0);
        assert_close(event.value(Variable::LightMass), 0.0);
        assert_close(event.value(Variable::MassDifference), 12.0);
        assert_close(event.value(Variable::HeavyTau21), 0.5);
        assert_close(event.value(Variable::LightTau21), 0.25);
        assert_close(event.value(Variable::HeavyTau32), 0.8);
        assert_close(event.value(Variable::LightTau32), 0.5);
        // η = ln((|p| + pz) / pT) = ln 5 and 0; the azimuths lie 2 atan(3/4) apart.
        let d_phi = 2.0 * 0.75_f64.atan();
        assert_close(event.value(Variable::AngularDistance), (5.0_f64.ln().powi(2) + d_phi * d_phi).sqrt());
        // The first jet is the lighter one.
        let turned = Dijet::new(Jet { mass: 13.0, ..first }, second);
        for event in [event, turned] {
            assert_close(event.value(Variable::PseudorapidityDistance), 5.0_f64.ln());
            assert_close(event.value(Variable::AzimuthDistance), d_phi);
        }
        assert_close(event.value(Variable::HeavyMomentum), 5.0);
        let soft = Dijet::new(first, Jet { px: 0.6, py: 0.8, ..second });
        assert_close(soft.value(Variable::HeavyMomentum), 1.0);
        assert_close(soft.value(Variable::LightMomentum), 5.0);
    }

    #[test]
    fn jets_are_ordered_by_mass_and_not_by_momentum() {
        let hard = jet(900.0, 0.0, 0.0, 10.0, [1.0, 0.1, 0.0]);
        let massive = jet(-400.0, 0.0, 0.0, 80.0, [1.0, 0.7, 0.0]);
        for event in [Dijet::new(hard, massive), Dijet::new(massive, hard)] {
            assert_close(event.value(Variable::HeavyMass), 80.0);
            assert_close(event.value(Variable::HeavyTau21), 0.7);
        }
        let twin = Dijet::new(hard, Jet { tau: [1.0, 0.9, 0.0], ..hard });
        assert_close(twin.value(Variable::HeavyTau21), 0.1);
    }

    #[test]
    fn azimuths_are_compared_around_the_circle() {
        let upper = jet(-1.0, 0.1, 0.0, 1.0, [1.0; 3]);
        let lower = jet(-1.0, -0.1, 0.0, 1.0, [1.0; 3]);
        assert_close(Dijet::new(upper, lower).value(Variable::AngularDistance), 2.0 * 0.1_f64.atan());
        assert_close(Dijet::new(lower, upper).value(Variable::AngularDistance), 2.0 * 0.1_f64.atan());
    }
}
