//! A jet and its constituents.

use half::f16;

use super::Particle;
use super::azimuth::wrap;
use super::subjettiness::{self, AxisChoice};
use crate::fastjet::{Cluster, Momentum};

/// The most constituents of a jet that are kept, those of largest transverse momentum.
pub const KEPT: usize = 128;

/// A jet.
#[derive(Clone, Debug, PartialEq)]
pub struct Jet {
    /// Its four-vector (GeV).
    pub momentum: Momentum,
    /// N-subjettiness τ1, τ2, τ3 (GeV).
    pub tau: [f64; 3],
    /// Of each kept constituent: share of the jet's transverse momentum, Δη and Δφ to the jet; the hardest first.
    pub constituents: Vec<[f64; 3]>,
    /// All particles of the jet, kept or not.
    pub n_particles: usize,
}

impl Jet {
    pub(super) fn of(cluster: &Cluster, all: &[Particle], axes: AxisChoice) -> Self {
        let mut particles: Vec<Particle> =
            cluster.members.iter().map(|member| all[*member as usize]).collect();
        let tau = subjettiness::tau(&particles, &cluster.axes, axes);
        let mut jet =
            Self { momentum: cluster.momentum, tau, constituents: Vec::new(), n_particles: particles.len() };
        // By direction where two are equally hard: the order in the raw file has no meaning.
        particles.sort_by(|a, b| {
            b.pt.total_cmp(&a.pt).then(a.eta.total_cmp(&b.eta)).then(a.phi.total_cmp(&b.phi))
        });
        let (pt, eta, phi) = (jet.pt(), jet.eta(), jet.phi());
        let relative = |p: &Particle| [p.pt / pt, p.eta - eta, wrap(p.phi - phi)];
        jet.constituents = particles.iter().take(KEPT).map(relative).collect();
        jet
    }

    /// Transverse momentum (GeV).
    pub fn pt(&self) -> f64 {
        self.momentum.px.hypot(self.momentum.py)
    }

    /// Pseudorapidity.
    pub fn eta(&self) -> f64 {
        (self.momentum.pz / self.pt()).asinh()
    }

    /// Azimuth from -π to π.
    pub fn phi(&self) -> f64 {
        self.momentum.py.atan2(self.momentum.px)
    }

    /// Mass (GeV).
    pub fn mass(&self) -> f64 {
        mass(&self.momentum)
    }

    /// Whether all that is stored of it, in single precision, is a number.
    pub(super) fn is_finite(&self) -> bool {
        let values = [self.pt(), self.eta(), self.phi(), self.mass()];
        let constituents = self.constituents.iter().flatten();
        values.iter().chain(&self.tau).all(|value| (*value as f32).is_finite())
            && constituents.into_iter().all(|value| f16::from_f64(*value).is_finite())
    }
}

/// The mass of a four-vector; rounding may leave that of collinear particles just below zero.
pub(super) fn mass(momentum: &Momentum) -> f64 {
    let Momentum { px, py, pz, energy } = *momentum;
    // Factors that lose fewer digits than a difference of squares.
    let square = (energy + pz) * (energy - pz) - px * px - py * py;
    if square < 0.0 { 0.0 } else { square.sqrt() }
}
