//! The integration rules of the reverse diffusion.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// An integration rule for the probability-flow equation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Solver {
    /// Second order: two network evaluations a step.
    Heun,
    /// First order: one network evaluation a step.
    Euler,
    /// DPM-Solver++(2M): second order from one network evaluation a step, for it remembers that of the step before. It steps evenly
    /// in ln σ and ends with what the network takes the event for.
    ///
    /// Source: Lu et al. 2022 (arXiv:2211.01095), Algorithm 2, in data prediction.
    #[strum(serialize = "dpmpp_2m")]
    #[serde(rename = "dpmpp_2m")]
    Dpmpp2m,
}

/// Network evaluations that an event made from pure noise gets at least: with fewer no rule comes near its solution.
pub const LEAST_EVALUATIONS: usize = 4;

impl Solver {
    /// The word for this rule in ids and job files.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Network evaluations on a grid of so many points.
    pub fn evaluations(self, points: usize) -> usize {
        let steps = points.saturating_sub(1);
        match self {
            Self::Heun => 2 * steps,
            Self::Euler => steps,
            // The last point is not stepped from, but denoised at.
            Self::Dpmpp2m => points,
        }
    }

    /// The fewest points of a grid that is worth its start.
    pub fn least_points(self) -> usize {
        match self {
            Self::Heun => LEAST_EVALUATIONS / 2 + 1,
            Self::Euler => LEAST_EVALUATIONS + 1,
            Self::Dpmpp2m => LEAST_EVALUATIONS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_points_give_the_fewest_evaluations() {
        for solver in [Solver::Heun, Solver::Euler, Solver::Dpmpp2m] {
            let least = solver.least_points();
            assert!(solver.evaluations(least) == LEAST_EVALUATIONS, "{solver:?}");
            assert!(solver.evaluations(least - 1) < LEAST_EVALUATIONS, "{solver:?}");
        }
    }
}
