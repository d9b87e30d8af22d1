//! Waves of the mass, which a denoiser may see beside the mass itself.

use std::f64::consts::{FRAC_PI_2, PI};

use tch::Tensor;

/// Half the longest wave, in standard deviations of the mass: side-bands and signal region of the paper take less.
const HALF_LONGEST: f64 = 8.0;

/// Frequency and phase of a wave: cosine and sine in turns, of half a turn, a whole turn and so on in the longest wave.
fn wave(index: usize) -> (f64, f64) {
    let (turns, is_sine) = ((index / 2 + 1) as f64, index % 2 == 1);
    (PI / HALF_LONGEST * turns, if is_sine { -FRAC_PI_2 } else { 0.0 })
}

/// So many waves of masses, `[…, 1]` to `[…, count]`.
///
/// # Units
/// Masses of unit variance.
pub fn mass_waves(mass: &Tensor, count: usize) -> Tensor {
    // Made where they are needed: a step that a GPU has recorded moves nothing there.
    let index = Tensor::arange(count as i64, (mass.kind(), mass.device()));
    let turns = ((&index / 2.0).floor() + 1.0) * (PI / HALF_LONGEST);
    let phases = index.remainder(2.0) * FRAC_PI_2;
    (mass * turns - phases).cos()
}

/// The same of one mass.
pub fn mass_waves_of(mass: f32, count: usize) -> impl Iterator<Item = f32> {
    (0..count).map(wave).map(move |(turns, phase)| (f64::from(mass) * turns + phase).cos() as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waves_of_one_mass_are_those_of_many_and_differ() {
        let masses = [-1.3_f32, 0.0, 0.7, 3.9];
        let found = mass_waves(&Tensor::from_slice(&masses).reshape([4, 1]), 5);
        assert_eq!(found.size(), [4, 5]);
        for (row, mass) in masses.iter().enumerate() {
            for (column, expected) in mass_waves_of(*mass, 5).enumerate() {
                let found = found.double_value(&[row as i64, column as i64]);
                assert!((found - f64::from(expected)).abs() < 1e-5, "{found} and {expected}");
            }
        }
        // Cosine and sine of the longest wave, and a wave of half its length.
        let [cosine, sine, faster] = [0, 1, 2].map(|index| mass_waves_of(4.0, 5).nth(index).expect("a wave"));
        assert!(cosine.abs() < 1e-6 && (sine - 1.0).abs() < 1e-6 && (faster + 1.0).abs() < 1e-6);
    }
}
