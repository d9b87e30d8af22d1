//! The scalings that go with a noise strength.

use tch::Tensor;

/// Standard deviation of the standardised events.
const SIGMA_DATA: f64 = 1.0;

/// The scalings around the network at one noise strength: `D(x; σ) = c_skip x + c_out F(c_in x; σ)`.
///
/// Source: Karras et al. 2022, Table 1, with σ(data) = 1 because all inputs are standardised (paper 3.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preconditioning {
    /// Share of the noisy event that is kept.
    pub c_skip: f64,
    /// Scale of the network's output.
    pub c_out: f64,
    /// Scale of the network's input.
    pub c_in: f64,
}

impl Preconditioning {
    /// The scalings at noise strength σ.
    pub fn at(sigma: f64) -> Self {
        let variance = sigma * sigma + SIGMA_DATA * SIGMA_DATA;
        Self {
            c_skip: SIGMA_DATA * SIGMA_DATA / variance,
            c_out: sigma * SIGMA_DATA / variance.sqrt(),
            c_in: 1.0 / variance.sqrt(),
        }
    }
}

/// The scalings of many noise strengths at once, as training needs them.
pub struct Scalings {
    /// Scale of the network's output.
    pub c_out: Tensor,
    /// Scale of the network's input.
    pub c_in: Tensor,
}

impl Scalings {
    /// As [`Preconditioning::at`], element by element.
    pub fn at(sigma: &Tensor) -> Self {
        let c_in = (sigma.square() + SIGMA_DATA * SIGMA_DATA).rsqrt();
        Self { c_out: sigma * &c_in * SIGMA_DATA, c_in }
    }
}

/// Cosine features of noise strengths, which are in the last dimension.
///
/// # Shapes
/// `[…, 1]` to `[…, count]`.
///
/// Source: cos(π eᵏ σ / `sigma_max`), k = 0, 1, …; that the noise is embedded by cosines is in the paper, section 3.1; the
/// frequencies are those of the group's public code.
pub fn cosines(sigma: &Tensor, count: usize, sigma_max: f64) -> Tensor {
    let turns: Vec<f32> = (0..count).map(|k| ((k as f64).exp() / (2.0 * sigma_max)) as f32).collect();
    let turns = Tensor::from_slice(&turns).to_device(sigma.device());
    // Only the fraction of a turn matters; taken first, it keeps the cosine on its fast path.
    (sigma * turns).frac_().g_mul_scalar_(2.0 * std::f64::consts::PI).cos()
}

/// ln σ / 4, then cosines and sines of π k ln σ / 8, k = 1, 2, …, of noise strengths, which are in the last dimension.
///
/// The slowest wave has one period between σ = 1e-5 and 90; the fastest of sixteen features turns by a quarter of a period
/// where σ changes by a factor of 1.6, at every strength alike.
///
/// # Shapes
/// `[…, 1]` to `[…, count]`.
///
/// Source: ln σ / 4 is the input of Karras et al. 2022, Table 1; the waves beside it are our own.
pub fn log_features(sigma: &Tensor, count: usize) -> Tensor {
    let log = sigma.log();
    let features = (0..count).map(|index| {
        let angle = &log * (std::f64::consts::PI * index.div_ceil(2) as f64 / 8.0);
        match index {
            0 => &log / 4.0,
            _ if index % 2 == 1 => angle.cos(),
            _ => angle.sin(),
        }
    });
    Tensor::cat(&features.collect::<Vec<_>>(), -1)
}

#[cfg(test)]
mod tests {
    use drapes_analysis::job::{SamplerSettings, Solver};
    use drapes_analysis::noise_grid::NoiseGrid;

    use super::*;

    #[test]
    fn logarithmic_features_turn_alike_at_every_strength() {
        let at = |sigma: f64| {
            let found = log_features(&Tensor::from_slice(&[sigma]).view([1, 1]), 16);
            Vec::<f64>::try_from(found.view([-1])).expect("numbers")
        };
        assert_eq!((at(1.0)[0], at(1.0)[1], at(1.0)[2]), (0.0, 1.0, 0.0));
        let distance = |a: &[f64], b: &[f64]| {
            let waves = a[1..15].iter().zip(&b[1..15]);
            waves.map(|(a, b)| (a - b).powi(2)).sum::<f64>()
        };
        // Pairs of cosine and sine: how far two strengths are apart depends on their ratio alone.
        let far = distance(&at(1e-3), &at(2e-3));
        for sigma in [1e-5, 0.1, 40.0] {
            assert!((distance(&at(sigma), &at(2.0 * sigma)) - far).abs() < 1e-9 * far);
        }
    }

    #[test]
    fn cosines_alias_on_the_grid_and_logarithmic_features_do_not() {
        let paper =
            SamplerSettings { solver: Solver::Heun, steps: 200, sigma_min: 1e-5, sigma_max: 80.0, rho: 7.0 };
        let sigmas = NoiseGrid::full(&paper).sigmas;
        // Of 199 steps, those in which a feature turns by more than half a period.
        let aliased = |turn: &dyn Fn(f64) -> f64| {
            sigmas.windows(2).filter(|pair| (turn(pair[1]) - turn(pair[0])).abs() > 0.5).count()
        };
        let cosines: Vec<usize> =
            (0..16).map(|k| aliased(&|sigma| f64::from(k).exp() * sigma / 160.0)).collect();
        assert_eq!(cosines.iter().filter(|steps| **steps > 0).count(), 12, "{cosines:?}");
        assert_eq!(cosines.iter().filter(|steps| 2 * **steps > 199).count(), 8, "{cosines:?}");
        assert_eq!((1..=8).map(|k| aliased(&|sigma| f64::from(k) * sigma.ln() / 16.0)).sum::<usize>(), 0);
    }

    #[test]
    fn inputs_and_targets_have_unit_variance() {
        // Var(c_in x) = 1 and Var((x0 − c_skip x)/c_out) = 1 for unit data: the reasons for these scalings.
        for sigma in [1e-5_f64, 0.1, 1.0, 80.0] {
            let Preconditioning { c_skip, c_out, c_in } = Preconditioning::at(sigma);
            assert!((c_in * c_in * (1.0 + sigma * sigma) - 1.0).abs() < 1e-12);
            let target = ((1.0 - c_skip).powi(2) + (c_skip * sigma).powi(2)) / (c_out * c_out);
            assert!((target - 1.0).abs() < 1e-9, "{target} at {sigma}");
        }
    }

    #[test]
    fn scalings_of_many_agree_with_scalings_of_one() {
        let sigmas = [1e-3, 0.5, 7.0, 80.0];
        let many = Scalings::at(&Tensor::from_slice(&sigmas));
        for (index, sigma) in sigmas.into_iter().enumerate() {
            let one = Preconditioning::at(sigma);
            for (many, one) in [(&many.c_out, one.c_out), (&many.c_in, one.c_in)] {
                assert!((many.double_value(&[index as i64]) - one).abs() < 1e-12);
            }
        }
    }
}
