//! The two jets of an event as features of the kinematic model, and back.

use std::f64::consts::{PI, TAU};

use ndarray::{Array2, ArrayView2};
use rand::RngExt;
use rand_distr::{Distribution, Exp1};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use super::view::EventJets;
use crate::data::{FEWEST_CONSTITUENTS, Kinematics, MOST_CONSTITUENTS, Outline};
use crate::error::Error;

/// The number of features that the kinematic model generates for an event, given its di-jet mass.
pub const KINEMATIC_FEATURES: usize = 8;

/// Below this, ln(`p_T1` / `p_T2`) is taken as this: half as much is lost in single precision.
const LEAST_LOG_RATIO: f64 = 1e-6;
/// Jets are never generated with a larger one, whose softer jet would be none.
const MOST_LOG_RATIO: f64 = 5.0;
/// Masses below this share of the transverse momentum are taken as this.
const LEAST_MASS_SHARE: f64 = 1e-4;
/// Width of the core of Δφ around back to back, which tails from further jets surround.
const AZIMUTH_CORE: f64 = 0.03;
/// The edge in transverse momentum lies this much below the softest leading jet.
const EDGE_GAP: f64 = 1e-4;
/// Numbers of constituents just below the largest, which tell how dense they lie there.
const NEAR_OVERFLOW: std::ops::Range<usize> = MOST_CONSTITUENTS - 10..MOST_CONSTITUENTS;

/// An invertible map between two jets' transverse momenta, η, φ, masses and numbers of constituents, and features without
/// hard edges. A common azimuth is drawn and no feature: nothing depends on it. The common scale follows from the dijet
/// mass, so that generated jets have the mass that was asked for, exactly.
///
/// Features: ln ln(`p_T1` / `p_T2`), so that the jets keep their order; the difference of rapidities as a share of the largest
/// that leaves the leading jet above the edge of the sample, by its inverse hyperbolic tangent; the mean rapidity;
/// Δφ − π, with its tails drawn in; ln(m / `p_T`) and ln N of each jet.
///
/// Differs from the paper: N is spread over its unit interval, where rounding finds it again (noise of unit width would
/// change its distribution); the jets that have the largest N, most of which have lost softer constituents, follow an
/// exponential beyond it. The paper does not say how the ten numbers are brought to the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KinematicMap {
    /// Edge of the leading jet's transverse momentum (GeV).
    least_pt: f64,
    /// Mean excess of the largest number of constituents, of each jet.
    overflow: [f64; 2],
}

impl KinematicMap {
    /// The map for events like these.
    pub fn of(events: EventJets<'_>) -> Self {
        let leading = (0..events.len()).map(|event| events.jets().kinematics(events.pair(event)[0]).pt);
        let least = leading.fold(f32::INFINITY, f32::min);
        let overflow = [0, 1].map(|side| {
            let (mut full, mut near) = (0_usize, 0_usize);
            for event in 0..events.len() {
                let count = events.jets().count(events.pair(event)[side]);
                full += usize::from(count == MOST_CONSTITUENTS);
                near += usize::from(NEAR_OVERFLOW.contains(&count));
            }
            // An exponential of this mean begins as dense as the numbers before it.
            let per_number = near as f64 / NEAR_OVERFLOW.len() as f64;
            (full as f64 / per_number.max(0.5)).clamp(1.0, MOST_CONSTITUENTS as f64)
        });
        Self { least_pt: f64::from(least) * (1.0 - EDGE_GAP), overflow }
    }

    /// The features of events, and last their dijet mass (GeV).
    ///
    /// # Shapes
    /// `(events, 9)`.
    pub fn rows(&self, events: EventJets<'_>, noise: &mut Pcg64) -> Array2<f32> {
        let mut rows = Array2::zeros((events.len(), KINEMATIC_FEATURES + 1));
        for (event, mut row) in rows.rows_mut().into_iter().enumerate() {
            let pair = events.pair(event);
            let jets = pair.map(|jet| events.jets().outline(jet));
            let mass = events.jets().dijet_mass(pair[0] / 2);
            let values = self.forward(jets, mass, noise).into_iter().chain([mass]);
            row.iter_mut().zip(values).for_each(|(target, value)| *target = value as f32);
        }
        rows
    }

    /// The jets of events with these features and dijet masses, two an event, the leading jet first.
    ///
    /// # Shapes
    /// `(events, 8)`.
    ///
    /// # Units
    /// Masses in GeV.
    ///
    /// # Errors
    /// A feature is no number, or so far out that the jets are none.
    pub fn jets(
        &self,
        features: ArrayView2<'_, f32>,
        masses: &[f64],
        azimuths: &mut Pcg64,
    ) -> Result<Vec<Outline>, Error> {
        let mut jets = Vec::with_capacity(2 * masses.len());
        for (row, mass) in features.rows().into_iter().zip(masses) {
            let mut values = [0.0; KINEMATIC_FEATURES];
            values.iter_mut().zip(row).for_each(|(value, feature)| *value = f64::from(*feature));
            jets.extend(self.backward(values, *mass, azimuths));
        }
        let numbers = |jet: &Outline| {
            let Kinematics { pt, eta, phi, mass } = jet.kinematics;
            [pt, eta, phi, mass]
        };
        match jets.iter().flat_map(numbers).find(|value| !value.is_finite()) {
            Some(value) => Err(Error::NotFinite { what: format!("a generated jet has a {value}") }),
            None => Ok(jets),
        }
    }

    fn forward(&self, jets: [Outline; 2], mass: f64, noise: &mut Pcg64) -> [f64; KINEMATIC_FEATURES] {
        let [one, two] = jets.map(|jet| jet.kinematics);
        let log_ratio = (f64::from(one.pt) / f64::from(two.pt)).ln().max(LEAST_LOG_RATIO);
        let [share_1, share_2] =
            [one, two].map(|jet| (f64::from(jet.mass) / f64::from(jet.pt)).max(LEAST_MASS_SHARE));
        let pair = Pair {
            ratio: (-log_ratio).exp(),
            shares: [share_1, share_2],
            acoplanarity: wrap(f64::from(two.phi) - f64::from(one.phi) - PI),
        };
        let [y_1, y_2] = [(one, share_1), (two, share_2)]
            .map(|(jet, share)| (f64::from(jet.eta).sinh() / share.hypot(1.0)).asinh());
        let gap = ((y_1 - y_2) / pair.largest_gap(mass, self.least_pt)).clamp(-1.0 + 1e-6, 1.0 - 1e-6);
        let [n_1, n_2] = [0, 1].map(|side| {
            let count = jets[side].count;
            let spread = if count < MOST_CONSTITUENTS {
                noise.random::<f64>()
            } else {
                let excess: f64 = Exp1.sample(noise);
                excess * self.overflow[side]
            };
            (count as f64 - 0.5 + spread).ln()
        });
        [
            log_ratio.ln(),
            gap.atanh(),
            f64::midpoint(y_1, y_2),
            (pair.acoplanarity / AZIMUTH_CORE).asinh(),
            share_1.ln(),
            share_2.ln(),
            n_1,
            n_2,
        ]
    }

    fn backward(&self, features: [f64; KINEMATIC_FEATURES], mass: f64, azimuths: &mut Pcg64) -> [Outline; 2] {
        let [log_log_ratio, gap, centre, azimuth, log_share_1, log_share_2, n_1, n_2] = features;
        let pair = Pair {
            ratio: (-log_log_ratio.exp().min(MOST_LOG_RATIO)).exp(),
            shares: [log_share_1.exp(), log_share_2.exp()],
            acoplanarity: AZIMUTH_CORE * azimuth.sinh(),
        };
        let gap = gap.tanh() * pair.largest_gap(mass, self.least_pt);
        let pt_1 = mass / pair.mass_over_pt(gap);
        let phi_1 = azimuths.random_range(-PI..PI);
        let jet = |side: usize| {
            let pt = if side == 0 { pt_1 } else { pt_1 * pair.ratio };
            let sign = if side == 0 { 0.5 } else { -0.5 };
            let phi = if side == 0 { phi_1 } else { wrap(phi_1 + PI + pair.acoplanarity) };
            let eta = ((centre + sign * gap).sinh() * pair.shares[side].hypot(1.0)).asinh();
            let count = [n_1, n_2][side].exp().round();
            Outline {
                kinematics: Kinematics {
                    pt: pt as f32,
                    eta: eta as f32,
                    phi: phi as f32,
                    mass: (pair.shares[side] * pt) as f32,
                },
                count: count.clamp(FEWEST_CONSTITUENTS as f64, MOST_CONSTITUENTS as f64) as usize,
            }
        };
        [jet(0), jet(1)]
    }
}

/// Two jets up to their common scale, rotation and boost.
struct Pair {
    /// `p_T2` / `p_T1`
    ratio: f64,
    /// m / `p_T` of each.
    shares: [f64; 2],
    /// φ2 − φ1 − π
    acoplanarity: f64,
}

impl Pair {
    /// √((1 + μ1²) (1 + μ2²)): what cosh Δy is multiplied by.
    fn transverse_energies(&self) -> f64 {
        self.shares[0].hypot(1.0) * self.shares[1].hypot(1.0)
    }

    /// μ1² + r² μ2²
    fn squared_masses(&self) -> f64 {
        self.shares[0].powi(2) + (self.ratio * self.shares[1]).powi(2)
    }

    /// The dijet mass over the leading jet's transverse momentum, for jets so far apart in rapidity: its square is
    /// μ1² + r² μ2² + 2 r (√((1 + μ1²) (1 + μ2²)) cosh Δy − cos Δφ).
    fn mass_over_pt(&self, gap: f64) -> f64 {
        let product = self.transverse_energies() * gap.cosh() + self.acoplanarity.cos();
        (self.squared_masses() + 2.0 * self.ratio * product).sqrt()
    }

    /// How far apart in rapidity the jets can be if the leading one has at least this transverse momentum.
    fn largest_gap(&self, mass: f64, least_pt: f64) -> f64 {
        let room = ((mass / least_pt).powi(2) - self.squared_masses()) / (2.0 * self.ratio);
        let cosh = (room - self.acoplanarity.cos()) / self.transverse_energies();
        // Jets that cannot reach the edge at all come as near to it as they can.
        cosh.max(1.0 + 1e-9).acosh()
    }
}

/// An angle, brought into [−π, π].
pub fn wrap(angle: f64) -> f64 {
    angle - TAU * (angle / TAU).round()
}

#[cfg(test)]
mod tests;
