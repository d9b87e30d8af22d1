//! A search of pseudo-data: data and template are drawn from the pool of a window, and told apart as the real ones are.

use drapes_analysis::job::{ScanPoint, Search, TemplateSpec};
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::work::{PseudoExperiments, SearchWindow};
use drapes_analysis::statistics::search::cut::FoldCut;
use ndarray::{Array2, ArrayView2, Axis, concatenate};
use rand::seq::index;
use rand_distr::{Distribution, Poisson};

use super::window_scores::Scores;
use super::{Workplace, template, window_classifiers};
use crate::error::Error;
use crate::models::classifier::DealtClass;
use crate::progress_sink::ProgressSink;
use crate::training::Checkpointer;

/// What the pseudo-experiments of a window draw from.
pub struct PseudoEvents {
    /// Events of the window's model.
    pool: Array2<f32>,
    /// The mean of the Poisson number of pseudo-data: the data of the window.
    pub mean_data: f64,
    /// Template events of each, as many as the real template has.
    pub template: usize,
}

impl PseudoEvents {
    /// Those of the window of a task.
    pub fn of(place: &Workplace, task: &PseudoExperiments) -> Result<Self, Error> {
        let (template, oversampling) = window(task);
        // The data of the window: those that templates without an event to begin at are counted in.
        let n_data = template::starts(place, &template)?.len();
        let pool = template::read(place, &task.pool, n_data * task.factor as usize)?;
        Ok(Self { pool, mean_data: n_data as f64, template: n_data * oversampling })
    }
}

/// The template of the window of a task, and its over-sampling.
fn window(task: &PseudoExperiments) -> (TemplateSpec, usize) {
    let (Some(template), Some(oversampling)) = (task.point.template(), task.point.oversampling()) else {
        unreachable!("a window has a template")
    };
    (template, oversampling.0 as usize)
}

/// The events of a pseudo-experiment.
pub struct Drawn {
    data: Array2<f32>,
    template: Array2<f32>,
}

impl Drawn {
    /// Draws them from a pool without replacement. The pool's events are independent, and so are those of any subset: a
    /// pseudo-experiment by itself is one of events that were made for it alone.
    pub fn from(events: &PseudoEvents, stream: &Stream) -> Self {
        let PseudoEvents { pool, mean_data, template } = events;
        let mut generator = stream.branch("drawn").generator();
        let count: f64 = Poisson::new(*mean_data).map_or(0.0, |poisson| poisson.sample(&mut generator));
        // Pools hold two pseudo-experiments at least, so that even the largest count finds its events.
        let n_data = (count as usize).min(pool.nrows() - template);
        let rows = index::sample(&mut generator, pool.nrows(), n_data + template).into_vec();
        let (data, template) = rows.split_at(n_data);
        Self { data: pool.select(Axis(0), data), template: pool.select(Axis(0), template) }
    }

    /// The same with signal events behind its data.
    pub fn with_signal(self, signal: ArrayView2<'_, f32>) -> Self {
        let data = concatenate(Axis(0), &[self.data.view(), signal]).expect("as many features");
        Self { data, ..self }
    }

    /// Pseudo-data.
    pub fn n_data(&self) -> usize {
        self.data.nrows()
    }

    /// Searches them as data are searched; none where they are too few to learn from.
    pub fn searched(
        self,
        (place, search, point): (&Workplace, &Search, &ScanPoint),
        stream: &Stream,
        sink: &dyn ProgressSink,
    ) -> Result<Option<Scores>, Error> {
        let features = self.data.ncols();
        let (template, data) = (DealtClass::of_single(self.template), DealtClass::of_single(self.data));
        let none = ArrayView2::from_shape((0, features), &[]).expect("no events");
        let trainings = search.pseudo_trainings();
        let (whose, checkpointer) = ((place, point), Checkpointer::without_file(sink));
        let further = (none, trainings);
        match window_classifiers::scores(whose, (&template, &data), further, stream, &checkpointer) {
            Ok(found) => Ok(found.map(|found| Scores::averaged(found, trainings, None, stream))),
            // One of many that comes to nothing has no numbers; it must not take the others with it.
            Err(Error::Diverged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The template events and the data behind each cut of a search; none where a cut has no numbers.
pub fn passing(search: &Search, scores: &Scores) -> Vec<Option<(usize, Vec<usize>)>> {
    let behind = |efficiency: &f64| {
        let cut = FoldCut::of_share(&scores.template, SearchWindow::FOLDS, *efficiency)?;
        Some((cut.passing(&scores.template).len(), cut.passing(&scores.data)))
    };
    search.efficiencies.iter().map(behind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> PseudoEvents {
        let pool = Array2::from_shape_fn((4000, 1), |(row, _)| row as f32);
        PseudoEvents { pool, mean_data: 400.0, template: 1600 }
    }

    #[test]
    fn pseudo_data_and_template_share_no_event_and_their_number_is_poisson() {
        let (events, all) = (events(), Stream::of_job(1));
        let counts: Vec<f64> = (0..400)
            .map(|number| {
                let drawn = Drawn::from(&events, &all.branch(number));
                let mut rows: Vec<u32> =
                    drawn.data.iter().chain(&drawn.template).map(|row| *row as u32).collect();
                assert_eq!(drawn.template.nrows(), 1600);
                rows.sort_unstable();
                assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "an event twice");
                drawn.n_data() as f64
            })
            .collect();
        let mean = counts.iter().sum::<f64>() / 400.0;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 399.0;
        assert!((mean - 400.0).abs() < 4.0 && (variance / 400.0 - 1.0).abs() < 0.3, "{mean} and {variance}");
        let again = |number: usize| Drawn::from(&events, &all.branch(number)).data;
        assert_eq!(again(7), again(7));
        assert_ne!(again(7), again(8));
    }

    #[test]
    fn signal_comes_behind_the_background() {
        let stream = Stream::of_job(1);
        let plain = Drawn::from(&events(), &stream);
        let signal = Array2::from_elem((3, 1), -1.0);
        let with = Drawn::from(&events(), &stream).with_signal(signal.view());
        assert_eq!(with.n_data(), plain.n_data() + 3);
        assert!(with.data.iter().skip(plain.n_data()).all(|value| *value < 0.0));
        assert_eq!(with.data.slice(ndarray::s![..plain.n_data(), ..]), plain.data);
    }
}
