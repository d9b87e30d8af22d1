//! The numbers of a cut in one pseudo-experiment: data, what their template says of them, and the p-value.

use super::window::NO_EXCESS;
use crate::plan::work::{PseudoCount, PseudoExperiment};
use crate::statistics::search::background::{Normalisation, TemplateCut, expected_background};
use crate::statistics::search::p_value::PValue;
use crate::statistics::search::quoted::quoted_p;
use crate::statistics::search::scatter::Scatter;

/// The numbers of a cut in one pseudo-experiment.
#[derive(Clone, Copy, Debug)]
pub struct PseudoNumbers {
    /// N, of pseudo-data.
    pub data: f64,
    /// b, without an error: of δ there is none, for data and template are of one model.
    pub expected: f64,
    /// `N_t,c`, all of which are independent.
    pub behind: f64,
    cut: TemplateCut,
    n_data: f64,
}

/// Those of the cut at a place; none where it has none.
pub fn counted(experiment: &PseudoExperiment, n_template: usize, place: usize) -> Option<PseudoNumbers> {
    let PseudoCount { template, data } = experiment.cuts.get(place).copied().flatten()?;
    let (n_data, behind) = (experiment.n_data as f64, template as f64);
    let cut = TemplateCut::of_independent(n_template as f64, behind);
    let background = expected_background(&cut, Normalisation::Counted(n_data), NO_EXCESS).ok()?;
    Some(PseudoNumbers { data: data as f64, expected: background.expected, behind, cut, n_data })
}

impl PseudoNumbers {
    /// The p-value, as of data.
    pub fn p(&self, scatter: Scatter) -> Option<PValue> {
        let cut = TemplateCut { scatter, ..self.cut };
        let background = expected_background(&cut, Normalisation::Counted(self.n_data), NO_EXCESS).ok()?;
        Some(quoted_p(self.data as usize, background))
    }
}
