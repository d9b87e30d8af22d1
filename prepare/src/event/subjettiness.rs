//! N-subjettiness: how far a jet is from N narrow subjets.
//!
//! `src/sample/jets/subjettiness.rs` of `drapes` is no copy of this: it looks at generated constituents without FastJet, clusters
//! them itself, and needs τ₂/τ₁ about axes of `k_T` subjets alone; here FastJet gives the axes, which then move to a minimum.

use super::Particle;
use super::azimuth::wrap;
use crate::fastjet::{Axis, MOST_SUBJETS};

/// Where the axes of the subjets come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum AxisChoice {
    /// Exclusive kT subjets, moved from there to the nearest minimum of τ.
    #[default]
    OnePass,
    /// Exclusive kT subjets.
    Kt,
}

impl AxisChoice {
    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::OnePass => "one-pass",
            Self::Kt => "kt",
        }
    }
}

/// Axes have settled when none moves farther than this.
const SETTLED: f64 = 1e-4;

/// Moves after which axes are taken as they are; tens are usual.
const MOST_MOVES: usize = 1000;

/// A particle nearer to an axis than this pulls no harder: the pull of one on the axis would be infinite.
const CORE: f64 = 1e-5;

/// τ1, τ2, τ3 for β = 1: τN = Σ `p_T` min ΔR, over the particles and the nearest of N axes.
///
/// ΔR is measured in rapidity and azimuth. There is no denominator: dividing by Σ `p_T` R would give a number from 0
/// to 1, and leaves ratios as they are. A jet of N or fewer particles has τN = 0.
///
/// # Shapes
/// `axes`: one for one subjet, then two for two, then three for three.
///
/// # Units
/// GeV.
///
/// # Source
/// J. Thaler and K. Van Tilburg, arXiv:1011.2268; axes at the minimum of τ: arXiv:1108.2701.
pub(super) fn tau(particles: &[Particle], axes: &[Axis], choice: AxisChoice) -> [f64; MOST_SUBJETS] {
    let mut tau = [0.0; MOST_SUBJETS];
    let mut rest = axes;
    for (index, tau) in tau.iter_mut().enumerate() {
        let subjets = index + 1;
        if particles.len() <= subjets || rest.len() < subjets {
            break;
        }
        let (axes, others) = rest.split_at(subjets);
        rest = others;
        *tau = match choice {
            AxisChoice::Kt => sum(particles, axes),
            // A move never leads up, but for the core of an axis.
            AxisChoice::OnePass => sum(particles, &settled(particles, axes)).min(sum(particles, axes)),
        };
    }
    tau
}

fn sum(particles: &[Particle], axes: &[Axis]) -> f64 {
    particles.iter().map(|particle| particle.pt * nearest(particle, axes).1).sum()
}

/// The nearest axis, and how near it is.
fn nearest(particle: &Particle, axes: &[Axis]) -> (usize, f64) {
    let mut found = (0, f64::INFINITY);
    for (index, axis) in axes.iter().enumerate() {
        let (d_eta, d_phi) = distance(particle, axis);
        let square = d_eta * d_eta + d_phi * d_phi;
        if square < found.1 {
            found = (index, square);
        }
    }
    (found.0, found.1.sqrt())
}

fn distance(particle: &Particle, axis: &Axis) -> (f64, f64) {
    (particle.eta - axis.rapidity, wrap(particle.phi - axis.azimuth))
}

/// What the particles that are nearest to an axis do to it.
#[derive(Clone, Copy, Default)]
struct Pull {
    weight: f64,
    rapidity: f64,
    azimuth: f64,
}

/// Axes at the minimum of τ that the given ones lead down to.
///
/// Each axis moves to the mean of its particles, weighted by `p_T` over distance: where that changes nothing, Σ `p_T` ΔR is
/// smallest (Weiszfeld's geometric median).
fn settled(particles: &[Particle], axes: &[Axis]) -> Vec<Axis> {
    let mut axes = axes.to_vec();
    let mut pulls = vec![Pull::default(); axes.len()];
    for _ in 0..MOST_MOVES {
        pulls.fill(Pull::default());
        for particle in particles {
            let (index, far) = nearest(particle, &axes);
            let (d_eta, d_phi) = distance(particle, &axes[index]);
            let (weight, pull) = (particle.pt / far.max(CORE), &mut pulls[index]);
            pull.weight += weight;
            pull.rapidity += weight * d_eta;
            pull.azimuth += weight * d_phi;
        }
        let mut farthest = 0.0_f64;
        for (axis, pull) in axes.iter_mut().zip(&pulls) {
            // An axis that is nobody's nearest stays.
            if pull.weight > 0.0 {
                let (d_eta, d_phi) = (pull.rapidity / pull.weight, pull.azimuth / pull.weight);
                axis.rapidity += d_eta;
                axis.azimuth += d_phi;
                farthest = farthest.max(d_eta.abs()).max(d_phi.abs());
            }
        }
        if farthest < SETTLED {
            break;
        }
    }
    axes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn particle(pt: f64, eta: f64, phi: f64) -> Particle {
        Particle { pt, eta, phi }
    }

    fn axis(rapidity: f64, azimuth: f64) -> Axis {
        Axis { rapidity, azimuth }
    }

    #[test]
    fn sums_done_by_hand() {
        let particles = [particle(10.0, 0.0, 3.1), particle(5.0, 0.3, 3.1), particle(1.0, 0.0, -3.1)];
        let axes =
            [axis(0.0, 3.1), axis(0.0, 3.1), axis(0.3, 3.1), axis(0.0, 3.1), axis(0.3, 3.1), axis(0.0, -3.1)];
        let around = std::f64::consts::TAU - 6.2;
        let found = tau(&particles, &axes, AxisChoice::Kt);
        assert!((found[0] - (5.0 * 0.3 + around)).abs() < 1e-12, "{found:?}");
        assert!((found[1] - around).abs() < 1e-12, "{found:?}");
        // As many particles as axes.
        assert_eq!(found[2].to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn an_axis_settles_where_the_sum_is_smallest() {
        // Of a square's corners that pull alike, the median is the centre.
        let corners = [(0.2, 0.2), (0.2, -0.2), (-0.2, 0.2), (-0.2, -0.2)];
        let particles = corners.map(|(eta, phi)| particle(7.0, eta, phi));
        let found = settled(&particles, &[axis(0.15, -0.1)]);
        assert!(found[0].rapidity.abs() < 1e-3 && found[0].azimuth.abs() < 1e-3, "{found:?}");
        // A particle that outweighs all others is the median itself.
        let mut heavy = particles.to_vec();
        heavy.push(particle(100.0, 0.1, 0.3));
        let found = settled(&heavy, &[axis(0.0, 0.0)]);
        assert!((found[0].rapidity - 0.1).abs() < 1e-3 && (found[0].azimuth - 0.3).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn minima_are_not_above_their_start_and_below_each_other() {
        let particles: Vec<Particle> = (0..40_u32)
            .map(|i| {
                let x = f64::from(i);
                particle(1.0 + (7.0 * x).sin().abs() * 50.0, (3.0 * x).sin() * 0.7, (5.0 * x).cos() * 0.7)
            })
            .collect();
        let axes: Vec<Axis> = [0, 3, 9, 3, 9, 20].map(|i| axis(particles[i].eta, particles[i].phi)).to_vec();
        let start = tau(&particles, &axes, AxisChoice::Kt);
        let found = tau(&particles, &axes, AxisChoice::OnePass);
        assert!(found.iter().zip(start).all(|(found, start)| *found <= start), "{found:?} {start:?}");
        assert!(found[0] > found[1] && found[1] > found[2], "{found:?}");
    }
}
