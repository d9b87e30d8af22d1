//! How the reverse diffusion is integrated: the rule, and the noise strengths between which it steps.

use serde::{Deserialize, Serialize};

/// How the reverse diffusion is solved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamplerSettings {
    /// The integration rule.
    pub solver: Solver,
    /// Points of the noise grid from `sigma_max` to `sigma_min`.
    pub steps: usize,
    /// Smallest noise strength.
    pub sigma_min: f64,
    /// Largest noise strength.
    pub sigma_max: f64,
    /// How the grid crowds towards small noise.
    pub rho: f64,
}

/// An integration rule for the probability-flow equation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Solver {
    /// Second order: two network evaluations a step.
    Heun,
    /// First order: one network evaluation a step.
    Euler,
}

impl Solver {
    /// The word for this rule in ids and job files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Heun => "heun",
            Self::Euler => "euler",
        }
    }

    /// The rule of a word.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Heun, Self::Euler].into_iter().find(|solver| solver.word() == word)
    }
}
