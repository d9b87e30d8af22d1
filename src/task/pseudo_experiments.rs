//! A task of kind *pseudo*: searches of a window in which data and template are drawn from the window's own model.

use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::work::{
    PseudoCount, PseudoExperiment, PseudoExperiments, PseudoWindow, SearchWindow,
};
use drapes_analysis::statistics::search::cut::FoldCut;
use drapes_analysis::store::record::TaskResult;
use ndarray::{Array2, ArrayView2, Axis};
use rand::seq::index;
use rand_distr::{Distribution, Poisson};

use super::template::{self, Part};
use super::window_scores::Scores;
use super::{Perform, Trial, Workplace};
use crate::error::Error;
use crate::models::classifier::{DealtClass, out_of_fold};
use crate::progress_sink::ProgressSink;
use crate::training::Checkpointer;

impl Perform for PseudoExperiments {
    fn perform(
        &self,
        place: &Workplace,
        _id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let (Some(template), Some(oversampling)) = (self.point.template(), self.point.oversampling()) else {
            unreachable!("a window has a template")
        };
        // The data of the window: those that templates without an event to begin at are counted in.
        let n_data = template::starts(place, &template)?.len();
        let pool = template::read(place, &self.pool, n_data * self.factor as usize)?;
        let sizes = Sizes { mean_data: n_data as f64, template: n_data * oversampling.0 as usize };
        let stream = place.stream().branch("pseudo-experiments").branch(self.point);
        let numbers = self.numbers();
        let len = 1.0 / numbers.len() as f64;
        let experiments = numbers.clone().map(|number| {
            let stream = stream.branch(number);
            let part = Part { whole: checkpointer, begin: len * (number - numbers.start) as f64, len };
            experiment(place, Drawn::from(&pool, &sizes, &stream), &stream, &part)
        });
        let experiments = experiments.collect::<Result<_, Error>>()?;
        let n_template = sizes.template;
        Ok(TaskResult::Pseudo(PseudoWindow { point: self.point, first: self.first, n_template, experiments }))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}

/// Events of a pseudo-experiment.
struct Sizes {
    /// The mean of its Poisson number of pseudo-data: the data of the window.
    mean_data: f64,
    /// Its template events, as many as the real template has.
    template: usize,
}

/// The events of a pseudo-experiment.
struct Drawn {
    data: Array2<f32>,
    template: Array2<f32>,
}

impl Drawn {
    /// Draws them from a pool without replacement. The pool's events are independent, and so are those of any subset: a
    /// pseudo-experiment by itself is one of events that were made for it alone.
    fn from(pool: &Array2<f32>, sizes: &Sizes, stream: &Stream) -> Self {
        let mut generator = stream.branch("drawn").generator();
        let count: f64 = Poisson::new(sizes.mean_data).map_or(0.0, |poisson| poisson.sample(&mut generator));
        // Pools hold two pseudo-experiments at least, so that even the largest count finds its events.
        let n_data = (count as usize).min(pool.nrows() - sizes.template);
        let rows = index::sample(&mut generator, pool.nrows(), n_data + sizes.template).into_vec();
        let (data, template) = rows.split_at(n_data);
        Self { data: pool.select(Axis(0), data), template: pool.select(Axis(0), template) }
    }
}

/// Searches one pseudo-experiment as data are searched.
fn experiment(
    place: &Workplace,
    drawn: Drawn,
    stream: &Stream,
    sink: &dyn ProgressSink,
) -> Result<PseudoExperiment, Error> {
    let Some((search, calibration)) =
        place.job.search.as_ref().and_then(|search| Some((search, search.calibration?)))
    else {
        unreachable!("pseudo-experiments are those of a search")
    };
    let (n_data, features) = drawn.data.dim();
    let (template, data) = (DealtClass::of_single(drawn.template), DealtClass::of_single(drawn.data));
    if !(template.is_enough() && data.is_enough()) {
        return Ok(PseudoExperiment { n_data, cuts: vec![None; search.efficiencies.len()] });
    }
    let none = ArrayView2::from_shape((0, features), &[]).expect("no events");
    let settings = (&place.job.trees, calibration.trainings);
    let found = out_of_fold(&template, &data, none, settings, stream, sink)?;
    let scores = Scores::averaged(found, calibration.trainings, None, stream);
    let count = |efficiency: &f64| {
        let cut = FoldCut::of_share(&scores.template, SearchWindow::FOLDS, *efficiency)?;
        Some(PseudoCount {
            template: cut.passing(&scores.template).len(),
            data: cut.passing(&scores.data).len(),
        })
    };
    Ok(PseudoExperiment { n_data, cuts: search.efficiencies.iter().map(count).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudo_data_and_template_share_no_event_and_their_number_is_poisson() {
        let pool = Array2::from_shape_fn((4000, 1), |(row, _)| row as f32);
        let sizes = Sizes { mean_data: 400.0, template: 1600 };
        let all = Stream::of_job(1);
        let counts: Vec<f64> = (0..400)
            .map(|number| {
                let drawn = Drawn::from(&pool, &sizes, &all.branch(number));
                let mut rows: Vec<u32> =
                    drawn.data.iter().chain(&drawn.template).map(|row| *row as u32).collect();
                assert_eq!(drawn.template.nrows(), 1600);
                rows.sort_unstable();
                assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "an event twice");
                drawn.data.nrows() as f64
            })
            .collect();
        let mean = counts.iter().sum::<f64>() / 400.0;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 399.0;
        assert!((mean - 400.0).abs() < 4.0 && (variance / 400.0 - 1.0).abs() < 0.3, "{mean} and {variance}");
        let again = |number: usize| Drawn::from(&pool, &sizes, &all.branch(number)).data;
        assert_eq!(again(7), again(7));
        assert_ne!(again(7), again(8));
    }
}
