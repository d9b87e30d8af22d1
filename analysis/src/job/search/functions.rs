//! The functions by which a search describes mass spectra.

use serde::{Deserialize, Serialize};

use super::SearchKeys;
use crate::job::checks::repeated;
use crate::job::document::Section;

/// A family of functions of the background's spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitFunctions {
    /// The dijet function, of two to four parameters.
    Dijet,
    /// Exponentials of polynomials.
    Exponential,
    /// Bernstein polynomials, which may rise and bend.
    Bernstein,
}

impl FitFunctions {
    /// Those of a job that names none. A Bernstein polynomial would follow the flank of a signal in the side-bands, where a function that
    /// falls says that it does not describe them.
    pub const USUAL: [Self; 2] = [Self::Dijet, Self::Exponential];

    /// Those of a job that names none.
    pub fn usual() -> Vec<Self> {
        Self::USUAL.to_vec()
    }

    /// Whether these are those of a job that names none.
    #[expect(clippy::ptr_arg, reason = "serde asks by reference to the field")]
    pub(super) fn are_usual(families: &Vec<Self>) -> bool {
        families[..] == Self::USUAL
    }

    /// The word in the job.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dijet => "dijet",
            Self::Exponential => "exponential",
            Self::Bernstein => "bernstein",
        }
    }
}

impl SearchKeys {
    /// Notes families that are named twice.
    pub(super) fn check_functions(&self, section: &Section<'_>) {
        for (place, family) in self.fit_functions.iter().enumerate() {
            if self.fit_functions[..place].contains(family) {
                repeated(section, "fit_functions", family.word());
            }
        }
    }
}
