//! High-level variables of the two jets.

use super::azimuth::wrap;
use super::jet::{Jet, mass};
use crate::fastjet::Momentum;

/// Names and units of the variables, in the order of [`Dijet::values`].
pub const VARIABLES: [(&str, &str); 7] = [
    ("m_jj", "GeV"),
    ("m_j1", "GeV"),
    ("m_j2", "GeV"),
    ("dm_jj", "GeV"),
    ("tau21_j1", ""),
    ("tau21_j2", ""),
    ("dr_jj", ""),
];

/// Two jets, the heavier one first.
#[derive(Clone, Copy, Debug)]
pub struct Dijet<'a> {
    heavy: &'a Jet,
    light: &'a Jet,
}

impl<'a> Dijet<'a> {
    /// The pair in order of mass; of equally heavy jets the harder stays first.
    pub fn new([first, second]: &'a [Jet; 2]) -> Self {
        if second.mass() > first.mass() {
            Self { heavy: second, light: first }
        } else {
            Self { heavy: first, light: second }
        }
    }

    /// The values of [`VARIABLES`].
    ///
    /// # Units
    /// Masses in GeV.
    pub fn values(&self) -> [f64; VARIABLES.len()] {
        let (heavy, light) = (self.heavy, self.light);
        [
            self.mass(),
            heavy.mass(),
            light.mass(),
            heavy.mass() - light.mass(),
            heavy.tau[1] / heavy.tau[0],
            light.tau[1] / light.tau[0],
            (heavy.eta() - light.eta()).hypot(wrap(heavy.phi() - light.phi())),
        ]
    }

    pub(super) fn is_finite(&self) -> bool {
        self.values().iter().all(|value| (*value as f32).is_finite())
    }

    fn mass(&self) -> f64 {
        let (a, b) = (&self.heavy.momentum, &self.light.momentum);
        mass(&Momentum { px: a.px + b.px, py: a.py + b.py, pz: a.pz + b.pz, energy: a.energy + b.energy })
    }
}
