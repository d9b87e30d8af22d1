//! N-subjettiness of a jet's constituents.

use std::f64::consts::{PI, TAU};

use crate::data::Constituent;

/// τ₂/τ₁ with β = 1 about the axes of exclusive `k_T` subjets; none for fewer than two constituents or none apart.
///
/// Constituents count by their share of the jet's transverse momentum, which drops out of the ratio, and are massless.
///
/// Source: `k_T` distances min(`p_T`²) ΔR², subjets added as four-vectors; ΔR in rapidity and azimuth, as `drapes-prepare`.
pub fn tau21(constituents: &[Constituent]) -> Option<f64> {
    let particles: Vec<Subjet> = constituents.iter().copied().map(Subjet::of).collect();
    if particles.len() < 2 {
        return None;
    }
    let mut clustering = Clustering::new(particles.clone());
    clustering.reduce_to(2);
    let two = subjettiness(&particles, &clustering.subjets);
    clustering.reduce_to(1);
    let one = subjettiness(&particles, &clustering.subjets);
    (one > 0.0).then(|| two / one)
}

/// Σ `p_T` min ΔR over axes.
fn subjettiness(particles: &[Subjet], axes: &[Subjet]) -> f64 {
    let nearest =
        |particle: &Subjet| axes.iter().map(|axis| particle.distance(axis)).fold(f64::INFINITY, f64::min);
    particles.iter().map(|particle| particle.pt * nearest(particle).sqrt()).sum()
}

/// Constituents that belong together, relative to the jet.
#[derive(Clone, Copy, Debug)]
struct Subjet {
    /// Momentum and energy.
    momentum: [f64; 4],
    pt: f64,
    rapidity: f64,
    /// From −π to π, so that no difference of two is more than a turn.
    phi: f64,
}

impl Subjet {
    fn of(constituent: Constituent) -> Self {
        let [pt, eta, phi] = constituent.map(f64::from);
        Self {
            momentum: [pt * phi.cos(), pt * phi.sin(), pt * eta.sinh(), pt * eta.cosh()],
            pt,
            rapidity: eta,
            phi: if phi.abs() <= PI { phi } else { phi - TAU * (phi / TAU).round() },
        }
    }

    fn with(&self, other: &Self) -> Self {
        let mut momentum = self.momentum;
        for (sum, part) in momentum.iter_mut().zip(other.momentum) {
            *sum += part;
        }
        let [x, y, z, energy] = momentum;
        let pt = x.hypot(y);
        Self { momentum, pt, rapidity: (z / energy).atanh(), phi: y.atan2(x) }
    }

    /// ΔR².
    fn distance(&self, other: &Self) -> f64 {
        apart(self.rapidity - other.rapidity, self.phi - other.phi)
    }
}

/// ΔR² of differences in rapidity and azimuth, the latter within a turn: without a division, since it is asked for thousands of times
/// a jet.
fn apart(rapidity: f64, phi: f64) -> f64 {
    let phi = phi.abs();
    let phi = phi.min(TAU - phi);
    rapidity * rapidity + phi * phi
}

/// Subjets that are merged, the nearest pair first.
struct Clustering {
    subjets: Vec<Subjet>,
    /// Their squared transverse momenta, rapidities and azimuths once more, each beside the next, as distances to all of them are
    /// computed.
    places: [Vec<f64>; 3],
    /// The nearest other subjet of each, and how far it is.
    nearest: Vec<(f64, usize)>,
    /// Room for the distances of one.
    distances: Vec<f64>,
    /// The same of the one that has swallowed another.
    from_merged: Vec<f64>,
}

impl Clustering {
    fn new(subjets: Vec<Subjet>) -> Self {
        let place = |of: fn(&Subjet) -> f64| subjets.iter().map(of).collect();
        let places = [place(|one| one.pt.powi(2)), place(|one| one.rapidity), place(|one| one.phi)];
        let count = subjets.len();
        let (nearest, distances) = (vec![(f64::INFINITY, 0); count], vec![0.0; count]);
        let from_merged = distances.clone();
        let mut clustering = Self { subjets, places, nearest, distances, from_merged };
        for index in 0..count {
            clustering.look(index);
        }
        clustering
    }

    /// The `k_T` distances of a subjet to all.
    fn measure(&mut self, index: usize) {
        let [squares, rapidities, phis] = &self.places;
        let (square, rapidity, phi) = (squares[index], rapidities[index], phis[index]);
        let others = squares.iter().zip(rapidities).zip(phis);
        self.distances.clear();
        self.distances.extend(others.map(|((other, other_rapidity), other_phi)| {
            square.min(*other) * apart(rapidity - other_rapidity, phi - other_phi)
        }));
    }

    /// Looks for the nearest other subjet of one.
    fn look(&mut self, index: usize) {
        self.measure(index);
        self.distances[index] = f64::INFINITY;
        // Where all are infinitely far it is the first other one, and never itself.
        let mut nearest = (f64::INFINITY, usize::from(index == 0));
        for (other, distance) in self.distances.iter().enumerate() {
            if *distance < nearest.0 {
                nearest = (*distance, other);
            }
        }
        self.nearest[index] = nearest;
    }

    fn reduce_to(&mut self, count: usize) {
        while self.subjets.len() > count {
            let pair =
                self.nearest.iter().enumerate().min_by(|(_, one), (_, other)| one.0.total_cmp(&other.0));
            let Some((one, (_, other))) = pair.map(|(one, nearest)| (one, *nearest)) else { return };
            let (first, second) = (one.min(other), one.max(other));
            let merged = self.subjets[first].with(&self.subjets[second]);
            self.subjets[first] = merged;
            let places = [merged.pt.powi(2), merged.rapidity, merged.phi];
            for (all, place) in self.places.iter_mut().zip(places) {
                all[first] = place;
                all.swap_remove(second);
            }
            self.subjets.swap_remove(second);
            self.nearest.swap_remove(second);
            self.mend(first, second);
        }
    }

    /// After `first` has swallowed `second`, whose place the last subjet took.
    fn mend(&mut self, first: usize, second: usize) {
        let last = self.subjets.len();
        self.measure(first);
        std::mem::swap(&mut self.distances, &mut self.from_merged);
        for index in 0..last {
            let (distance, nearest) = self.nearest[index];
            let nearest = if nearest == last { second } else { nearest };
            self.nearest[index] = (distance, nearest);
            let lost =
                index == first || self.nearest[index].1 == first || nearest == second && index != second;
            if lost || index == second {
                self.look(index);
            } else if self.from_merged[index] < distance {
                self.nearest[index] = (self.from_merged[index], first);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    fn jet(particles: &[[f32; 3]]) -> Vec<Constituent> {
        particles.iter().map(|particle| particle.map(f16::from_f32)).collect()
    }

    fn kt(one: &Subjet, other: &Subjet) -> f64 {
        one.pt.min(other.pt).powi(2) * one.distance(other)
    }

    /// Merges the nearest of all pairs, looked for anew each time.
    fn slowly(mut subjets: Vec<Subjet>, count: usize) -> Vec<Subjet> {
        while subjets.len() > count {
            let pairs = (0..subjets.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
            let (one, other) = pairs
                .min_by(|a, b| kt(&subjets[a.0], &subjets[a.1]).total_cmp(&kt(&subjets[b.0], &subjets[b.1])))
                .expect("two subjets");
            let merged = subjets[one].with(&subjets[other]);
            subjets.remove(one);
            subjets[other] = merged;
        }
        subjets
    }

    #[test]
    fn two_prongs_have_a_small_ratio_and_one_has_not() {
        let two = jet(&[[0.5, 0.3, 0.0], [0.4, -0.3, 0.01], [0.05, 0.31, 0.02], [0.05, -0.28, 0.0]]);
        assert!(tau21(&two).is_some_and(|ratio| ratio < 0.1));
        let one =
            jet(&[[0.9, 0.0, 0.0], [0.02, 0.3, 0.0], [0.02, -0.3, 0.0], [0.02, 0.0, 0.3], [0.02, 0.0, -0.3]]);
        assert!(tau21(&one).is_some_and(|ratio| ratio > 0.7));
        assert_eq!(tau21(&two[..1]), None);
        assert!(tau21(&two[..2]).is_some_and(|ratio| ratio < 1e-3));
    }

    #[test]
    fn quick_clustering_finds_what_slow_clustering_finds() {
        for seed in 0..20_u16 {
            let wave = |index: u16, step: f32| (f32::from(index * 37 + seed * 11) * step).sin();
            let particles: Vec<[f32; 3]> = (0..60)
                .map(|index| [0.02 + 0.01 * wave(index, 0.7), 0.5 * wave(index, 1.3), 0.5 * wave(index, 2.1)])
                .collect();
            let all: Vec<Subjet> = jet(&particles).iter().copied().map(Subjet::of).collect();
            for count in [1, 2, 3] {
                let mut quick = Clustering::new(all.clone());
                quick.reduce_to(count);
                let (found, expected) =
                    (subjettiness(&all, &quick.subjets), subjettiness(&all, &slowly(all.clone(), count)));
                assert!((found - expected).abs() < 1e-9, "{seed} {count}: {found} {expected}");
            }
        }
    }

    #[test]
    fn azimuths_beyond_a_turn_and_across_its_end_are_those_within() {
        let turned = |by: f64| -> Vec<Constituent> {
            let turn = |phi: f64| f16::from_f64(phi + by);
            let of = |share: f32, eta: f32, phi: f64| [f16::from_f32(share), f16::from_f32(eta), turn(phi)];
            vec![of(0.5, 0.3, 0.25), of(0.3, -0.3, -0.25), of(0.1, 0.25, 0.5), of(0.1, -0.2, -0.5)]
        };
        let plain = tau21(&turned(0.0)).expect("four constituents");
        // Half precision has no exact π: azimuths are off by some thousandths.
        for by in [PI, -PI, 2.0 * TAU, -2.0 * TAU] {
            let found = tau21(&turned(by)).expect("four constituents");
            assert!((found - plain).abs() < 5e-2, "{by}: {found} {plain}");
        }
    }

    #[test]
    fn constituents_that_a_model_has_thrown_far_away_are_no_subjets_of_themselves() {
        // The rapidity of their sum is beyond double precision.
        let far = jet(&[[0.5, 19.5, 0.0], [0.3, 19.5, 0.01], [0.2, 0.1, 0.0]]);
        let found = tau21(&far);
        assert!(found.is_none_or(|ratio| ratio.is_finite() || ratio.is_nan()), "{found:?}");
        let all: Vec<Subjet> = far.iter().copied().map(Subjet::of).collect();
        for count in [1, 2] {
            let mut clustering = Clustering::new(all.clone());
            clustering.reduce_to(count);
            let share: f64 = clustering.subjets.iter().map(|subjet| subjet.momentum[0]).sum();
            assert!(clustering.subjets.len() == count && (share - 1.0).abs() < 1e-2, "{count}: {share}");
        }
    }

    /// The ratio with axes at the subjets' pseudorapidities in the laboratory instead of their rapidities.
    fn tau21_by_pseudorapidity(constituents: &[Constituent], eta: f64) -> f64 {
        let particles: Vec<Subjet> = constituents.iter().copied().map(Subjet::of).collect();
        let mut clustering = Clustering::new(particles.clone());
        let [two, one] = [2, 1].map(|count| {
            clustering.reduce_to(count);
            let axes = clustering.subjets.iter().map(|subjet| {
                let [_, _, z, energy] = subjet.momentum;
                let along_beam = z * eta.cosh() + energy * eta.sinh();
                Subjet { rapidity: (along_beam / subjet.pt).asinh() - eta, ..*subjet }
            });
            subjettiness(&particles, &axes.collect::<Vec<_>>())
        });
        two / one
    }

    #[test]
    fn subjets_are_those_of_fastjet() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo_constituents.h5");
        let found = crate::data::read_jets(&path, "events", None).expect("the shipped sample");
        let file = hdf5::File::open(&path).expect("the shipped sample");
        // Of FastJet's exclusive subjets in the simulation, whose axes are at their pseudorapidities.
        let stored = ["tau21_j1", "tau21_j2"].map(|name| {
            file.dataset(&format!("events/{name}"))
                .and_then(|column| column.read_1d::<f32>())
                .expect("a column")
        });
        let (mut whole, mut far) = (0, 0);
        for event in 0..1000 {
            let [one, other] = [2 * event, 2 * event + 1];
            let jet = |jet| found.jets.kinematics(jet);
            // Features name the heavier jet first.
            let by_mass = if jet(one).mass >= jet(other).mass { [one, other] } else { [other, one] };
            for (place, stored) in by_mass.into_iter().zip(&stored) {
                // Jets with more constituents than are kept have another ratio.
                if found.jets.count(place) < crate::sample::jets::MOST_CONSTITUENTS {
                    let eta = f64::from(jet(place).eta);
                    let ratio = tau21_by_pseudorapidity(found.jets.constituents(place), eta);
                    whole += 1;
                    far += usize::from((ratio - f64::from(stored[event])).abs() > 5e-3);
                }
            }
        }
        // Half precision may merge another pair first.
        assert!(whole > 1800 && far * 100 < whole, "{far} of {whole}");
    }
}
