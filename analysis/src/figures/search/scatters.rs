//! By how much counts behind each cut scatter in pseudo-experiments without signal, beside what their numbers say.

use super::pseudo_numbers::counted;
use super::window::is_same;
use crate::plan::work::PseudoExperiments;
use crate::statistics::closure::Measured;
use crate::statistics::search::scatter::{Scatter, mean_square, pull};
use crate::store::Results;

/// The scatter of each cut, by the pseudo-experiments of all windows together: it comes from classifiers and folds, is taken to be the
/// same in all windows, and by those of one window alone it would be known less well.
#[derive(Default)]
pub struct Scatters(Vec<MeasuredScatter>);

/// What is known of the scatter of a cut.
#[derive(Clone, Copy, Debug)]
pub struct MeasuredScatter {
    /// The share of the template that was to pass.
    pub efficiency: f64,
    /// As it was measured; none of fewer than two pseudo-experiments.
    pub measured: Option<Measured>,
    /// As it is used; none where too few have measured it.
    pub used: Option<Scatter>,
}

impl Scatters {
    /// Of the pseudo-experiments that are finished.
    pub fn of(results: &Results) -> Self {
        let efficiencies = results.job.search.as_ref().map_or(&[][..], |search| &search.efficiencies);
        let of_cut = |(place, efficiency): (usize, &f64)| {
            let mut pulls = vec![];
            for part in results.each::<PseudoExperiments>() {
                let found = part.experiments.iter().filter_map(|own| counted(own, part.n_template, place));
                pulls.extend(found.map(|found| pull(found.data, found.expected, found.behind)));
            }
            let (measured, used) = (mean_square(&pulls), Scatter::of_pulls(&pulls));
            MeasuredScatter { efficiency: *efficiency, measured, used }
        };
        Self(efficiencies.iter().enumerate().map(of_cut).collect())
    }

    /// All cuts of the job.
    pub fn cuts(&self) -> &[MeasuredScatter] {
        &self.0
    }

    /// That of a cut, where enough pseudo-experiments have measured it.
    pub fn known(&self, efficiency: f64) -> Option<Scatter> {
        self.0.iter().find(|cut| is_same(cut.efficiency, efficiency)).and_then(|cut| cut.used)
    }

    /// That of a cut; of one that too few have measured, that of counts.
    pub fn at(&self, efficiency: f64) -> Scatter {
        self.known(efficiency).unwrap_or(Scatter::OF_COUNTS)
    }
}
