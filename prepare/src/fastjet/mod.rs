//! Jets by FastJet. Only here is FastJet named, and only here is C++ called.

use std::sync::Once;

pub use ffi::{Axis, Cluster, Momentum};

#[allow(unsafe_code, reason = "cxx calls C++ through it, and checks the types on both sides")]
#[cxx::bridge(namespace = "drapes")]
mod ffi {
    /// A four-vector (GeV).
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Momentum {
        px: f64,
        py: f64,
        pz: f64,
        energy: f64,
    }

    /// A direction.
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Axis {
        rapidity: f64,
        azimuth: f64,
    }

    /// A jet as FastJet finds it.
    #[derive(Clone, Debug, PartialEq)]
    struct Cluster {
        /// The sum of its particles.
        momentum: Momentum,
        /// Where its particles stand among those of the event.
        members: Vec<u32>,
        /// The directions of its exclusive kT subjets: of one, then of two, then of three.
        axes: Vec<Axis>,
    }

    unsafe extern "C++" {
        include!("drapes-prepare/src/fastjet/bridge.hpp");

        fn settle();
        fn leading_jets(
            particles: &[Momentum],
            radius: f64,
            count: usize,
            most_axes: usize,
        ) -> Result<Vec<Cluster>>;
    }
}

/// Radius of the jets.
pub const RADIUS: f64 = 1.0;

/// The most subjets whose axes are found.
pub const MOST_SUBJETS: usize = 3;

/// The two jets of largest transverse momentum, the harder one first; fewer where there are fewer.
///
/// Anti-kT with [`RADIUS`], momenta are summed. A jet of fewer than [`MOST_SUBJETS`] particles has axes for as many
/// subjets as it has particles.
///
/// # Errors
/// What FastJet says where it gives up; no input is known for which it does.
pub fn leading_jets(particles: &[Momentum]) -> Result<Vec<Cluster>, String> {
    static SETTLED: Once = Once::new();
    SETTLED.call_once(ffi::settle);
    ffi::leading_jets(particles, RADIUS, 2, MOST_SUBJETS).map_err(|error| error.what().to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn massless(pt: f64, eta: f64, phi: f64) -> Momentum {
        Momentum { px: pt * phi.cos(), py: pt * phi.sin(), pz: pt * eta.sinh(), energy: pt * eta.cosh() }
    }

    #[test]
    fn two_sprays_are_two_jets() {
        let particles = [
            massless(40.0, 0.1, 3.0),
            massless(100.0, 1.0, 0.0),
            massless(60.0, 1.4, -0.1),
            massless(0.5, -2.0, 1.5),
            massless(50.0, 0.0, -3.1),
        ];
        let jets = leading_jets(&particles).expect("jets");
        let members = |jet: &Cluster| jet.members.iter().copied().collect::<BTreeSet<u32>>();
        assert_eq!(members(&jets[0]), [1, 2].into());
        assert_eq!(members(&jets[1]), [0, 4].into());
        let sum = particles[1].energy + particles[2].energy;
        assert!((jets[0].momentum.energy - sum).abs() < 1e-9);
        // One axis for one subjet and two for two: there is no third particle.
        assert_eq!(jets[0].axes.len(), 3);
        let mut rapidities = [jets[0].axes[1].rapidity, jets[0].axes[2].rapidity];
        rapidities.sort_by(f64::total_cmp);
        assert!((rapidities[0] - 1.0).abs() < 1e-9 && (rapidities[1] - 1.4).abs() < 1e-9);
        assert!(jets[1].axes.iter().all(|axis| axis.azimuth.abs() <= std::f64::consts::PI));
    }

    #[test]
    fn events_without_two_jets_have_fewer() {
        assert_eq!(leading_jets(&[]).expect("no jets"), []);
        assert_eq!(leading_jets(&[massless(1.0, 0.0, 0.0)]).expect("a jet").len(), 1);
    }

    #[test]
    fn particles_of_one_place_are_no_trouble() {
        let particles = vec![massless(10.0, 0.3, 0.2); 5];
        let jets = leading_jets(&particles).expect("jets");
        assert_eq!((jets.len(), jets[0].members.len(), jets[0].axes.len()), (1, 5, 6));
    }
}
