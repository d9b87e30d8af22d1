//! Noise strengths and the scalings that go with them.

use drapes_analysis::job::SamplerSettings;
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
    pub c_out: Tensor,
    pub c_in: Tensor,
}

impl Scalings {
    /// As [`Preconditioning::at`], element by element.
    pub fn at(sigma: &Tensor) -> Self {
        let c_in = (sigma.square() + SIGMA_DATA * SIGMA_DATA).rsqrt();
        Self { c_out: sigma * &c_in * SIGMA_DATA, c_in }
    }
}

/// The noise strengths that the reverse diffusion visits, from the largest to the smallest.
///
/// Source: Karras et al. 2022, Eq. 5; the least and largest σ, ρ and the 200 steps from the paper, section 3.2.
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseGrid {
    /// Falling noise strengths; there is no step to zero after the last.
    pub sigmas: Vec<f64>,
}

impl NoiseGrid {
    /// The whole grid of a job, from `sigma_max`.
    pub fn full(settings: &SamplerSettings) -> Self {
        let root = |sigma: f64| sigma.powf(1.0 / settings.rho);
        let (from, to) = (root(settings.sigma_max), root(settings.sigma_min));
        let last = (settings.steps - 1) as f64;
        let sigma = |step: usize| (from + step as f64 / last * (to - from)).powf(settings.rho);
        Self { sigmas: (0..settings.steps).map(sigma).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drapes_analysis::job::Solver;

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

    #[test]
    fn the_grid_falls_from_end_to_end_as_the_paper_counts() {
        let settings =
            SamplerSettings { solver: Solver::Heun, steps: 200, sigma_min: 1e-5, sigma_max: 80.0, rho: 7.0 };
        let grid = NoiseGrid::full(&settings).sigmas;
        assert_eq!(grid.len(), 200);
        assert!((grid[0] - 80.0).abs() < 1e-9 && (grid[199] - 1e-5).abs() < 1e-12);
        assert!(grid.windows(2).all(|pair| pair[0] > pair[1]));
        // Eq. 3.1: σ′ = 0.62 is 88.4 of 200 steps above the bottom.
        let below = grid.iter().filter(|sigma| **sigma < 0.62).count();
        assert!((88..=89).contains(&below), "{below}");
    }
}
