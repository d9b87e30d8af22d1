//! A task of kind *sensitivity*: searches of pseudo-data with simulated signal among them.

use drapes_analysis::job::{MassWindow, Search, Sensitivity};
use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::work::{SensedCount, SensedExperiment, SensedWindow, SensitivityExperiments};
use drapes_analysis::store::record::TaskResult;
use ndarray::{Array2, Axis};
use rand::seq::index;
use rand_distr::{Distribution, Poisson};

use super::pseudo_search::{Drawn, PseudoEvents, passing};
use super::template::Part;
use super::{Perform, Trial, Workplace};
use crate::error::Error;
use crate::sample::split::WindowSignal;
use crate::training::Checkpointer;

impl Perform for SensitivityExperiments {
    fn perform(
        &self,
        place: &Workplace,
        _id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let Some((search, sensitivity)) = settings(place) else {
            unreachable!("pseudo-experiments with signal are those of a search")
        };
        let (these, point) = (&self.experiments, self.experiments.point);
        let events = PseudoEvents::of(place, these)?;
        let window: MassWindow = place.job.signal_region_of(&point);
        let signal = place.sample()?.signal_in(sensitivity, search.injected.added().into(), window);
        let mean_signal = self.strength * events.mean_data.sqrt();
        // Strengths share no random number: what one finds says nothing of another.
        let stream = place.stream().branch("sensitivity").branch(point).branch(self.strength);
        let experiments = these.numbers().zip(Part::of_equal(checkpointer, these.numbers().len()));
        let experiment = |(number, part): (usize, Part<'_>)| {
            let stream = stream.branch(number);
            let chosen = chosen(&signal, mean_signal, &stream);
            let background = Drawn::from(&events, &stream);
            let (n_background, n_signal) = (background.n_data(), chosen.nrows());
            let drawn = background.with_signal(chosen.view());
            let n_data = drawn.n_data();
            let Some(scores) = drawn.searched((place, search, &point), &stream, &part)? else {
                return Ok(SensedExperiment {
                    n_data,
                    n_signal,
                    cuts: vec![None; search.efficiencies.len()],
                });
            };
            let count = |(template, data): (usize, Vec<usize>)| SensedCount {
                template,
                signal: data.iter().filter(|event| **event >= n_background).count(),
                data: data.len(),
            };
            let cuts = passing(search, &scores).into_iter().map(|cut| cut.map(count)).collect();
            Ok(SensedExperiment { n_data, n_signal, cuts })
        };
        let experiments = experiments.map(experiment).collect::<Result<_, Error>>()?;
        Ok(TaskResult::Sensitivity(SensedWindow {
            point,
            strength: self.strength,
            mean_signal,
            share_in_window: signal.share,
            n_template: events.template,
            experiments,
        }))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(&self.experiments)
    }
}

fn settings(place: &Workplace) -> Option<(&Search, &Sensitivity)> {
    let search = place.job.search.as_ref()?;
    Some((search, search.sensitivity.as_ref()?))
}

/// A Poisson number of signal events, each once.
fn chosen(signal: &WindowSignal, mean: f64, stream: &Stream) -> Array2<f32> {
    let mut generator = stream.branch("signal").generator();
    let count: f64 = Poisson::new(mean).map_or(0.0, |poisson| poisson.sample(&mut generator));
    // There are enough for five standard deviations; the sample was checked for it.
    let count = (count as usize).min(signal.features.nrows());
    let rows = index::sample(&mut generator, signal.features.nrows(), count).into_vec();
    signal.features.select(Axis(0), &rows)
}
