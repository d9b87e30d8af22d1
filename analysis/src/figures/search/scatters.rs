//! By how much counts behind each cut scatter in pseudo-experiments without signal, beside what their numbers say.

use super::control::is_same;
use crate::plan::work::{PseudoCount, PseudoExperiment, PseudoExperiments};
use crate::statistics::search::scatter::{Scatter, pull};
use crate::store::Results;

/// The scatter of each cut, by the pseudo-experiments of all windows together: it comes from classifiers and folds, of which all
/// windows have the same, and of one window alone it would be known less well.
#[derive(Default)]
pub struct Scatters(Vec<(f64, Scatter)>);

impl Scatters {
    /// Of the pseudo-experiments that are finished.
    pub fn of(results: &Results) -> Self {
        let efficiencies = results.job.search.as_ref().map_or(&[][..], |search| &search.efficiencies);
        let of_cut = |(place, efficiency): (usize, &f64)| {
            let pulls: Vec<f64> = results
                .each::<PseudoExperiments>()
                .flat_map(|part| {
                    let pull = move |experiment| pull_of(experiment, part.n_template, place);
                    part.experiments.iter().filter_map(pull)
                })
                .collect();
            (*efficiency, Scatter::of_pulls(&pulls))
        };
        Self(efficiencies.iter().enumerate().map(of_cut).collect())
    }

    /// That of a cut; of one that no pseudo-experiment has, that of counts.
    pub fn at(&self, efficiency: f64) -> Scatter {
        let found = self.0.iter().find(|(known, _)| is_same(*known, efficiency));
        found.map_or(Scatter::OF_COUNTS, |(_, scatter)| *scatter)
    }
}

/// The pull of one cut of a pseudo-experiment; none where it has no numbers.
fn pull_of(experiment: &PseudoExperiment, n_template: usize, place: usize) -> Option<f64> {
    let PseudoCount { template, data } = experiment.cuts.get(place).copied().flatten()?;
    let behind = template as f64;
    let expected = behind / n_template as f64 * experiment.n_data as f64;
    (expected > 0.0).then(|| pull(data as f64, expected, behind))
}
