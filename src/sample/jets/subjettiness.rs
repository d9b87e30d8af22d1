//! N-subjettiness of a jet's constituents.

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
    phi: f64,
}

impl Subjet {
    fn of(constituent: Constituent) -> Self {
        let [pt, eta, phi] = constituent.map(f64::from);
        Self {
            momentum: [pt * phi.cos(), pt * phi.sin(), pt * eta.sinh(), pt * eta.cosh()],
            pt,
            rapidity: eta,
            phi,
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
        let turn = std::f64::consts::TAU;
        let phi = (self.phi - other.phi).rem_euclid(turn);
        let phi = phi.min(turn - phi);
        (self.rapidity - other.rapidity).powi(2) + phi * phi
    }

    /// The `k_T` distance.
    fn kt(&self, other: &Self) -> f64 {
        self.pt.min(other.pt).powi(2) * self.distance(other)
    }
}

/// Subjets that are merged, the nearest pair first.
struct Clustering {
    subjets: Vec<Subjet>,
    /// The nearest other subjet of each, and how far it is.
    nearest: Vec<(f64, usize)>,
}

impl Clustering {
    fn new(subjets: Vec<Subjet>) -> Self {
        let mut clustering = Self { nearest: vec![(f64::INFINITY, 0); subjets.len()], subjets };
        for index in 0..clustering.subjets.len() {
            clustering.nearest[index] = clustering.look(index);
        }
        clustering
    }

    fn look(&self, index: usize) -> (f64, usize) {
        let others = (0..self.subjets.len()).filter(|other| *other != index);
        let far = |other: usize| (self.subjets[index].kt(&self.subjets[other]), other);
        others.map(far).min_by(|one, other| one.0.total_cmp(&other.0)).unwrap_or((f64::INFINITY, 0))
    }

    fn reduce_to(&mut self, count: usize) {
        while self.subjets.len() > count {
            let pair =
                self.nearest.iter().enumerate().min_by(|(_, one), (_, other)| one.0.total_cmp(&other.0));
            let Some((one, (_, other))) = pair.map(|(one, nearest)| (one, *nearest)) else { return };
            let (first, second) = (one.min(other), one.max(other));
            self.subjets[first] = self.subjets[first].with(&self.subjets[second]);
            self.subjets.swap_remove(second);
            self.nearest.swap_remove(second);
            self.mend(first, second);
        }
    }

    /// After `first` has swallowed `second`, whose place the last subjet took.
    fn mend(&mut self, first: usize, second: usize) {
        let last = self.subjets.len();
        for index in 0..last {
            let (distance, nearest) = self.nearest[index];
            let nearest = if nearest == last { second } else { nearest };
            self.nearest[index] = (distance, nearest);
            let lost =
                index == first || self.nearest[index].1 == first || nearest == second && index != second;
            if lost || index == second {
                self.nearest[index] = self.look(index);
            } else {
                let distance = self.subjets[index].kt(&self.subjets[first]);
                if distance < self.nearest[index].0 {
                    self.nearest[index] = (distance, first);
                }
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

    /// Merges the nearest of all pairs, looked for anew each time.
    fn slowly(mut subjets: Vec<Subjet>, count: usize) -> Vec<Subjet> {
        while subjets.len() > count {
            let pairs = (0..subjets.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
            let (one, other) = pairs
                .min_by(|a, b| subjets[a.0].kt(&subjets[a.1]).total_cmp(&subjets[b.0].kt(&subjets[b.1])))
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
