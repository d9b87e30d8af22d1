//! Jets of a simple kind, for tests: constituents that the jet's mass spreads and that share its momentum.

use drapes_analysis::plan::random_stream::Stream;
use half::f16;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;

use crate::sample::jets::{Constituent, Jets, Kinematics, Outline};

/// A jet in the middle of everything.
pub fn outline(pt: f32, mass: f32, count: usize) -> Outline {
    Outline { kinematics: Kinematics { pt, eta: 0.1, phi: -0.2, mass }, count }
}

/// ln of the shares is normal around −ln N; Δη and Δφ are normal, wider for heavier jets, and Δη has a side.
pub fn constituents(outline: Outline, generator: &mut Pcg64) -> Vec<Constituent> {
    let width = outline.kinematics.mass / 500.0;
    let mut made: Vec<Constituent> = (0..outline.count)
        .map(|_| {
            let mut normal = || -> f32 { StandardNormal.sample(generator) };
            let share = (0.6 * normal() - (outline.count as f32).ln()).exp();
            [share, 0.1 + width * normal(), 0.5 * width * normal()].map(f16::from_f32)
        })
        .collect();
    made.sort_by(|one, next| next[0].total_cmp(&one[0]));
    made
}

/// Jets of various masses and numbers of constituents.
pub fn jets(events: usize, seed: u64) -> Jets {
    let mut generator = Stream::of_job(seed).branch("toy jets").generator();
    let mut jets = Jets::default();
    for _ in 0..2 * events {
        let mut normal = || -> f32 { StandardNormal.sample(&mut generator) };
        let [pt, mass, count] = [0, 1, 2].map(|_| normal());
        let count = (10.0 + 4.0 * count).round().clamp(2.0, 24.0) as usize;
        let outline = outline(1200.0 + 100.0 * pt, 100.0 * (0.4 * mass).exp(), count);
        jets.push(outline.kinematics, constituents(outline, &mut generator));
    }
    jets
}

/// Mean and standard deviation of ln(share), Δη and Δφ over all constituents.
pub fn moments(jets: &Jets) -> [[f64; 2]; 3] {
    let all = jets.all_constituents();
    let count = all.len() as f64;
    [0, 1, 2].map(|axis| {
        let values = || {
            all.iter().map(move |values| {
                let value = f64::from(values[axis]);
                if axis == 0 { value.ln() } else { value }
            })
        };
        let mean = values().sum::<f64>() / count;
        let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        [mean, variance.sqrt()]
    })
}
