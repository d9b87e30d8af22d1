//! The noise strengths that the reverse diffusion visits.

use super::diffusion::SamplerSettings;
use crate::job::solver::Solver;
use crate::job::{Integration, SigmaPrime, TemplateSpec};

/// Falling noise strengths; there is no step to zero after the last.
///
/// Source: Karras et al. 2022, Eq. 5; the least and largest σ, ρ and the 200 steps from the paper, section 3.2.
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseGrid {
    /// From where the events start to the smallest noise.
    pub sigmas: Vec<f64>,
}

impl NoiseGrid {
    /// The whole grid, from `sigma_max`.
    pub fn full(settings: &SamplerSettings) -> Self {
        Self::between(settings, settings.sigma_max, settings.steps)
    }

    /// The part of the grid for events that carry noise of strength σ′: as many steps as Eq. 3.1 gives, rounded,
    /// and the σ′ that belongs to this whole number.
    ///
    /// Source: the paper, Eq. 3.1 and its footnote.
    pub fn partial(settings: &SamplerSettings, asked: SigmaPrime) -> Self {
        let root = |sigma: f64| sigma.powf(1.0 / settings.rho);
        let (least, largest) = (root(settings.sigma_min), root(settings.sigma_max));
        let steps = Self::points(settings, Some(asked));
        let start = (least + steps as f64 / settings.steps as f64 * (largest - least)).powf(settings.rho);
        Self::between(settings, start, steps)
    }

    /// How many noise strengths the grid from `asked`, or from the largest one, has; without making it.
    pub fn points(settings: &SamplerSettings, asked: Option<SigmaPrime>) -> usize {
        let Some(asked) = asked else { return settings.steps };
        let root = |sigma: f64| sigma.powf(1.0 / settings.rho);
        let (least, largest) = (root(settings.sigma_min), root(settings.sigma_max));
        let share = (root(asked.0) - least) / (largest - least);
        // A grid of no points is refused elsewhere; it must not be a reason to panic here.
        let most = settings.steps.max(1) as f64;
        (settings.steps as f64 * share).round().max(1.0).min(most) as usize
    }

    /// The grid of a template.
    pub fn of(settings: &SamplerSettings, template: &TemplateSpec) -> Self {
        let settings = settings.with(template.integration);
        match template.sigma_prime {
            Some(asked) => Self::partial(&settings, asked),
            None => Self::full(&settings),
        }
    }

    /// The noise strength that events start from.
    pub fn start(&self) -> f64 {
        self.sigmas[0]
    }

    /// Network evaluations an event.
    pub fn evaluations(&self, solver: Solver) -> usize {
        evaluations(self.sigmas.len(), solver)
    }

    fn between(settings: &SamplerSettings, start: f64, steps: usize) -> Self {
        let root = |sigma: f64| sigma.powf(1.0 / settings.rho);
        let (from, to) = (root(start), root(settings.sigma_min));
        let last = steps.saturating_sub(1).max(1) as f64;
        let sigma = |step: usize| (from + step as f64 / last * (to - from)).powf(settings.rho);
        Self { sigmas: (0..steps).map(sigma).collect() }
    }
}

/// Network evaluations of a solver on a grid of so many points.
pub fn evaluations(points: usize, solver: Solver) -> usize {
    let steps = points.saturating_sub(1);
    match solver {
        Solver::Heun => 2 * steps,
        Solver::Euler => steps,
    }
}

impl SamplerSettings {
    /// These settings with another rule and number of steps, where a scan names them.
    pub fn with(&self, integration: Option<Integration>) -> Self {
        match integration {
            Some(Integration { solver, steps }) => Self { solver, steps, ..self.clone() },
            None => self.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: SamplerSettings =
        SamplerSettings { solver: Solver::Heun, steps: 200, sigma_min: 1e-5, sigma_max: 80.0, rho: 7.0 };

    #[test]
    fn the_grid_falls_from_end_to_end() {
        let grid = NoiseGrid::full(&PAPER).sigmas;
        assert_eq!(grid.len(), 200);
        assert!((grid[0] - 80.0).abs() < 1e-9 && (grid[199] - 1e-5).abs() < 1e-12);
        assert!(grid.windows(2).all(|pair| pair[0] > pair[1]));
    }

    #[test]
    fn partial_grids_count_as_the_paper_does() {
        // Eq. 3.1 gives 88.4, 110.8 and 139.9 steps.
        for (asked, steps) in [(0.62, 88), (2.24, 111), (8.9, 140), (80.0, 200)] {
            let grid = NoiseGrid::partial(&PAPER, SigmaPrime(asked));
            assert_eq!(grid.sigmas.len(), steps, "{asked}");
            assert!((grid.start() / asked - 1.0).abs() < 0.04, "{asked} became {}", grid.start());
            assert!((grid.sigmas[steps - 1] - 1e-5).abs() < 1e-12);
        }
        assert_eq!(NoiseGrid::partial(&PAPER, SigmaPrime(80.0)), NoiseGrid::full(&PAPER));
        // The σ′ of a whole number of steps is kept as it is.
        let used = NoiseGrid::partial(&PAPER, SigmaPrime(0.62)).start();
        assert!((NoiseGrid::partial(&PAPER, SigmaPrime(used)).start() / used - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_smallest_noise_takes_no_step() {
        let grid = NoiseGrid::partial(&PAPER, SigmaPrime(1e-5));
        assert_eq!(grid.sigmas.len(), 1);
        assert_eq!(grid.evaluations(Solver::Heun), 0);
        assert_eq!(NoiseGrid::full(&PAPER).evaluations(Solver::Heun), 398);
        assert_eq!(NoiseGrid::full(&PAPER).evaluations(Solver::Euler), 199);
    }
}
