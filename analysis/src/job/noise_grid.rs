//! The noise strengths that the reverse diffusion visits.

use super::diffusion::SamplerSettings;
use crate::job::solver::Solver;
use crate::job::{Integration, NoisePath, SigmaPrime, TemplateSpec};

/// Falling noise strengths; there is no step to zero after the last.
///
/// Those of Heun and Euler crowd towards small noise. Those of DPM-Solver++(2M) are even in ln σ.
///
/// Source: Karras et al. 2022, Eq. 5; the least and largest σ, ρ and the 200 steps from the paper, section 3.2. Even steps in
/// ln σ: Lu et al. 2022 (arXiv:2211.01095), section 5.
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
    /// and the σ′ that belongs to this whole number. With DPM-Solver++(2M), whose few steps are long, it begins at σ′ itself.
    ///
    /// Source: the paper, Eq. 3.1 and its footnote.
    pub fn partial(settings: &SamplerSettings, asked: SigmaPrime) -> Self {
        let steps = Self::points(settings, Some(asked));
        if settings.solver == Solver::Dpmpp2m {
            return Self::between(settings, asked.0, steps);
        }
        let root = |sigma: f64| sigma.powf(1.0 / settings.rho);
        let (least, largest) = (root(settings.sigma_min), root(settings.sigma_max));
        let start = (least + steps as f64 / settings.steps as f64 * (largest - least)).powf(settings.rho);
        Self::between(settings, start, steps)
    }

    /// How many noise strengths the grid from `asked`, or from the largest one, has; without making it.
    pub fn points(settings: &SamplerSettings, asked: Option<SigmaPrime>) -> usize {
        let Some(asked) = asked else { return settings.steps };
        let place = |sigma: f64| match settings.solver {
            Solver::Heun | Solver::Euler => sigma.powf(1.0 / settings.rho),
            Solver::Dpmpp2m => sigma.ln(),
        };
        let (least, largest) = (place(settings.end()), place(settings.sigma_max));
        let share = (place(asked.0) - least) / (largest - least);
        // A grid of no points is refused elsewhere; it must not be a reason to panic here.
        let most = settings.steps.max(1) as f64;
        (settings.steps as f64 * share).round().max(1.0).min(most) as usize
    }

    /// The grid of a template.
    pub fn of(settings: &SamplerSettings, template: &TemplateSpec) -> Self {
        let settings = settings.with(template.integration);
        match (template.method.path(), template.sigma_prime) {
            (NoisePath::Straight, _) => Self::straight(&settings),
            (NoisePath::Diffusion, Some(asked)) => Self::partial(&settings, asked),
            (NoisePath::Diffusion, None) => Self::full(&settings),
        }
    }

    /// The grid of straight paths, even in t = σ/(1 + σ); with DPM-Solver++(2M), that of the diffusion.
    ///
    /// A step of Euler's rule is the same in t and in σ, for both lead along the straight line through event and noise.
    pub fn straight(settings: &SamplerSettings) -> Self {
        if settings.solver == Solver::Dpmpp2m {
            return Self::full(settings);
        }
        let time = |sigma: f64| sigma / (1.0 + sigma);
        let (from, to) = (time(settings.sigma_max), time(settings.sigma_min));
        let last = settings.steps.saturating_sub(1).max(1) as f64;
        let sigma = |step: usize| {
            let time = from + step as f64 / last * (to - from);
            time / (1.0 - time)
        };
        Self { sigmas: (0..settings.steps).map(sigma).collect() }
    }

    /// The noise strength that events start from.
    pub fn start(&self) -> f64 {
        self.sigmas[0]
    }

    /// Network evaluations an event.
    pub fn evaluations(&self, solver: Solver) -> usize {
        solver.evaluations(self.sigmas.len())
    }

    fn between(settings: &SamplerSettings, start: f64, steps: usize) -> Self {
        let last = steps.saturating_sub(1).max(1) as f64;
        if settings.solver == Solver::Dpmpp2m {
            let fall = settings.end() / start;
            return Self { sigmas: (0..steps).map(|step| start * fall.powf(step as f64 / last)).collect() };
        }
        let root = |sigma: f64| sigma.powf(1.0 / settings.rho);
        let (from, to) = (root(start), root(settings.sigma_min));
        let sigma = |step: usize| (from + step as f64 / last * (to - from)).powf(settings.rho);
        Self { sigmas: (0..steps).map(sigma).collect() }
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

    const PAPER: SamplerSettings = SamplerSettings {
        solver: Solver::Heun,
        steps: 200,
        sigma_min: 1e-5,
        sigma_max: 80.0,
        rho: 7.0,
        sigma_last: 0.01,
        edge_margin: 0.0,
    };
    const MULTISTEP: SamplerSettings = SamplerSettings { solver: Solver::Dpmpp2m, steps: 30, ..PAPER };

    #[test]
    fn the_grid_of_the_multistep_rule_is_even_in_the_logarithm() {
        let grid = NoiseGrid::full(&MULTISTEP);
        assert_eq!((grid.sigmas.len(), grid.evaluations(Solver::Dpmpp2m)), (30, 30));
        assert!((grid.start() - 80.0).abs() < 1e-12 && (grid.sigmas[29] - 0.01).abs() < 1e-12);
        let factor = grid.sigmas[1] / grid.sigmas[0];
        assert!(grid.sigmas.windows(2).all(|pair| (pair[1] / pair[0] / factor - 1.0).abs() < 1e-12));
    }

    #[test]
    fn partial_grids_of_the_multistep_rule_begin_where_they_are_told_to() {
        for (asked, points) in [(0.1, 8), (0.62, 14), (2.24, 18), (8.9, 23)] {
            let grid = NoiseGrid::partial(&MULTISTEP, SigmaPrime(asked));
            assert_eq!(grid.sigmas.len(), points, "{asked}");
            assert!((grid.start() - asked).abs() < 1e-12 && (grid.sigmas[points - 1] - 0.01).abs() < 1e-12);
        }
        assert_eq!(NoiseGrid::partial(&MULTISTEP, SigmaPrime(80.0)), NoiseGrid::full(&MULTISTEP));
    }

    #[test]
    fn the_grid_of_straight_paths_is_even_in_time() {
        let grid = NoiseGrid::straight(&PAPER).sigmas;
        assert!((grid[0] / 80.0 - 1.0).abs() < 1e-9 && (grid[199] / 1e-5 - 1.0).abs() < 1e-6);
        let times: Vec<f64> = grid.iter().map(|sigma| sigma / (1.0 + sigma)).collect();
        let step = times[0] - times[1];
        assert!(times.windows(2).all(|pair| (pair[0] - pair[1] - step).abs() < 1e-12));
        assert_eq!(NoiseGrid::straight(&MULTISTEP), NoiseGrid::full(&MULTISTEP));
    }

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
