//! From the particles of an event to its two jets.

mod azimuth;
mod dijet;
mod jet;
mod subjettiness;

pub use dijet::{Dijet, VARIABLES};
pub use jet::{Jet, KEPT};
pub use subjettiness::AxisChoice;

use crate::error::PrepareError;
use crate::fastjet::{self, Momentum};
pub use crate::rejection::{Dropped, Rejection};

/// A particle of a raw event: massless.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Particle {
    /// Transverse momentum (GeV).
    pub pt: f64,
    /// Pseudorapidity, which is rapidity without a mass.
    pub eta: f64,
    /// Azimuth.
    pub phi: f64,
}

impl Particle {
    fn momentum(&self) -> Momentum {
        Momentum {
            px: self.pt * self.phi.cos(),
            py: self.pt * self.phi.sin(),
            pz: self.pt * self.eta.sinh(),
            energy: self.pt * self.eta.cosh(),
        }
    }
}

/// What is kept of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The two jets of largest transverse momentum, the harder one first.
    pub jets: [Jet; 2],
    /// 1 for simulated signal, where the file tells.
    pub label: Option<f32>,
}

/// Below this mean distance to the axis, a jet's width is rounding alone.
const NARROWEST: f64 = 1e-9;

/// Finds the jets of one raw event.
///
/// # Shapes
/// `values`: transverse momentum, pseudorapidity and azimuth of one particle after another; those without momentum are
/// padding.
///
/// # Errors
/// FastJet gives up. That an event is of no use is no error: it is the answer.
pub fn event(
    row: u64,
    values: &[f64],
    label: Option<f64>,
    axes: AxisChoice,
) -> Result<Result<Event, Rejection>, PrepareError> {
    let (particles, momenta) = match particles(values, label) {
        Ok(found) => found,
        Err(rejection) => return Ok(Err(rejection)),
    };
    let clusters =
        fastjet::leading_jets(&momenta).map_err(|reason| PrepareError::NoJets { event: row, reason })?;
    let [first, second] = &clusters[..] else { return Ok(Err(Rejection::FewerThanTwoJets)) };
    if first.members.len().min(second.members.len()) < 2 {
        return Ok(Err(Rejection::LoneParticle));
    }
    let jets = [first, second].map(|cluster| Jet::of(cluster, &particles, axes));
    if jets.iter().any(|jet| jet.tau[0] <= NARROWEST * jet.pt()) {
        return Ok(Err(Rejection::ZeroTau));
    }
    if !jets.iter().all(Jet::is_finite) || !Dijet::new(&jets).is_finite() {
        return Ok(Err(Rejection::NotFinite));
    }
    Ok(Ok(Event { jets, label: label.map(|label| label as f32) }))
}

fn particles(values: &[f64], label: Option<f64>) -> Result<(Vec<Particle>, Vec<Momentum>), Rejection> {
    if values.iter().chain(&label).any(|value| !value.is_finite()) {
        return Err(Rejection::NotFinite);
    }
    let all = values.chunks_exact(3).map(|row| Particle { pt: row[0], eta: row[1], phi: row[2] });
    let particles: Vec<Particle> = all.filter(|particle| particle.pt != 0.0).collect();
    if particles.is_empty() {
        return Err(Rejection::NoParticles);
    }
    if particles.iter().any(|particle| particle.pt < 0.0) {
        return Err(Rejection::NegativeMomentum);
    }
    let momenta: Vec<Momentum> = particles.iter().map(Particle::momentum).collect();
    // Far outside of any detector the energy is beyond the largest number.
    if momenta.iter().any(|momentum| !momentum.energy.is_finite()) {
        return Err(Rejection::NotFinite);
    }
    Ok((particles, momenta))
}

#[cfg(test)]
mod tests;
