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
}

impl Solver {
    /// The word for this rule in ids and job files.
    pub fn word(self) -> &'static str {
        self.into()
    }
}
