//! Scores by boosted trees that tell a template from true background, or from the data of a search, each by trees that have not
//! seen the event.

use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::work::ClosureByTrees;
use drapes_analysis::statistics::closure::FoldScores;
use drapes_analysis::statistics::search::cut::Judged;
use ndarray::{Array2, ArrayView2, Axis, concatenate};

use super::folds::FoldAssignment;
use super::forest::BoostedTrees;
use super::side_by_side::side_by_side;
use super::trees::{Rows, Trees};
use crate::error::Error;
use crate::progress_sink::ProgressSink;

/// Of the events outside of the fold that is evaluated, one part in so many stops the training.
pub const STOPPING_PARTS: u32 = 4;

/// Events of one class.
pub struct DealtClass {
    /// `(events, features)`
    features: Array2<f32>,
    /// Which of the events that they began as each is a copy of, numbered without a gap.
    origins: Vec<usize>,
    n_origins: usize,
}

impl DealtClass {
    /// Events that are not copies of each other.
    pub fn of_single(features: Array2<f32>) -> Self {
        let n_origins = features.nrows();
        Self { features, origins: (0..n_origins).collect(), n_origins }
    }

    /// Events of which some are copies of one, which `origins` names: these are dealt together, so that no trees are
    /// evaluated on a copy of what they have learnt from.
    ///
    /// # Panics
    /// There are not as many origins as events.
    pub fn of_copies(features: Array2<f32>, origins: &[usize]) -> Self {
        assert_eq!(features.nrows(), origins.len(), "every event began as one");
        let mut known = origins.to_vec();
        known.sort_unstable();
        known.dedup();
        let place = |origin: &usize| known.partition_point(|other| other < origin);
        Self { origins: origins.iter().map(place).collect(), n_origins: known.len(), features }
    }

    /// Their features.
    ///
    /// # Shapes
    /// (events, features).
    pub fn features(&self) -> ArrayView2<'_, f32> {
        self.features.view()
    }

    /// Events of the class.
    pub fn count(&self) -> usize {
        self.features.nrows()
    }

    /// Whether trees can be grown on it: fewer would tell nothing, and a part of a fold might have none.
    pub fn is_enough(&self) -> bool {
        self.n_origins >= LEAST_EVENTS
    }

    /// A fold for each of so many events that are not copies of each other.
    pub fn fold_of_each(count: usize, folds: u32, stream: &Stream) -> Vec<u32> {
        let dealt = FoldAssignment::random(count, folds, stream);
        (0..count).map(|event| dealt.of(event).0).collect()
    }

    /// The part of each event.
    fn dealt(&self, parts: u32, stream: &Stream) -> Vec<u32> {
        let dealt = FoldAssignment::random(self.n_origins, parts, stream);
        self.origins.iter().map(|origin| dealt.of(*origin).0).collect()
    }
}

/// Events of a class that trees are grown on at least.
const LEAST_EVENTS: usize = 100;

/// The scores of both classes and of further events.
pub struct OutOfFold {
    /// Of the template's events, by the trees of their fold.
    pub template: Vec<Judged>,
    /// Of true background, or data.
    pub background: Vec<Judged>,
    /// Of further events, which are of neither class, by the trees of each fold, `(events, folds)`.
    pub further: Array2<f32>,
    /// Classifiers that came to nothing.
    pub diverged: usize,
}

impl OutOfFold {
    /// The scores of both classes, fold by fold.
    pub fn by_fold(&self) -> Vec<FoldScores> {
        let of = |events: &[Judged], fold: u32| {
            events.iter().filter(|event| event.fold == fold).map(|event| event.score).collect()
        };
        let folds = 0..ClosureByTrees::FOLDS;
        folds
            .map(|fold| FoldScores {
                template: of(&self.template, fold),
                background: of(&self.background, fold),
            })
            .collect()
    }
}

/// Both classes, the template above true background.
pub struct Both {
    features: Array2<f32>,
    is_background: Vec<bool>,
    /// The fold of each event.
    pub folds: Vec<u32>,
}

/// Some rows of both classes, as trees take them.
struct Part {
    features: Array2<f32>,
    is_background: Vec<bool>,
    weights: Vec<f64>,
}

/// The scores of every event by trees that have not seen it, summed over so many trainings; larger for what is more like true
/// background. `further` events belong to no class and are scored by the trees of all folds.
///
/// A training takes all events at once and draws no random numbers: those of one fold differ by the quarter of the other
/// folds' events that stops them.
///
/// # Errors
/// The trees cannot be trained, or it is told to stop.
pub fn out_of_fold(
    template: &DealtClass,
    background: &DealtClass,
    further: ArrayView2<'_, f32>,
    (BoostedTrees { settings, threads }, trainings): (BoostedTrees<'_>, usize),
    stream: &Stream,
    sink: &dyn ProgressSink,
) -> Result<OutOfFold, Error> {
    let both = Both::of(template, background, stream);
    let deal = |seed: usize| {
        let stream = stream.branch("stops").branch(seed);
        deal([template, background], STOPPING_PARTS, &stream)
    };
    let parts: Vec<Vec<u32>> = (0..trainings).map(deal).collect();
    let folds = ClosureByTrees::FOLDS as usize;
    let train = |piece: usize| {
        let (fold, part) = (piece / trainings, &parts[piece % trainings]);
        let is_evaluated = |row: usize| both.folds[row] as usize == fold;
        let learnt = both.rows(|row| !is_evaluated(row) && part[row] != 0);
        let stopping = both.rows(|row| !is_evaluated(row) && part[row] == 0);
        let weights = both.class_weights(&learnt);
        let [learnt, stopping] = [learnt, stopping].map(|rows| both.part(&rows, weights));
        let trees = Trees::train(&learnt.rows(), &stopping.rows(), settings)
            .map_err(|reason| Error::Trees { reason })?;
        let evaluated = both.features.select(Axis(0), &both.rows(is_evaluated));
        let of_further = if further.nrows() > 0 { trees.score(further) } else { vec![] };
        Ok((trees.score(evaluated.view()), of_further))
    };
    let mut scores = vec![0.0; both.folds.len()];
    let mut further_scores = Array2::zeros((further.nrows(), folds));
    // Summed in the order of the trainings, whoever was done first.
    let sum = |piece: usize, (of_evaluated, of_further): (Vec<f32>, Vec<f32>)| {
        let fold = piece / trainings;
        let evaluated = both.rows(|row| both.folds[row] as usize == fold);
        evaluated.into_iter().zip(of_evaluated).for_each(|(row, score)| scores[row] += score);
        let mut column = further_scores.column_mut(fold);
        column.iter_mut().zip(of_further).for_each(|(sum, score)| *sum += score);
    };
    side_by_side(threads, folds * trainings, sink, train, sum)?;
    let judged = both.folds.iter().zip(scores).map(|(fold, score)| Judged { fold: *fold, score });
    let mut template: Vec<Judged> = judged.collect();
    let background = template.split_off(template.len() - background.count());
    Ok(OutOfFold { template, background, further: further_scores, diverged: 0 })
}

/// The parts of the events of two classes, one class behind the other.
pub fn deal(classes: [&DealtClass; 2], parts: u32, stream: &Stream) -> Vec<u32> {
    let [template, background] = classes;
    let dealt = [
        template.dealt(parts, &stream.branch("template")),
        background.dealt(parts, &stream.branch("background")),
    ];
    dealt.concat()
}

impl Both {
    /// Both, and a fold for each event; copies of an event have the same.
    pub fn of(template: &DealtClass, background: &DealtClass, stream: &Stream) -> Self {
        let classes = [template.features.view(), background.features.view()];
        Self {
            features: concatenate(Axis(0), &classes).expect("classes have the same features"),
            is_background: (0..template.count() + background.count())
                .map(|row| row >= template.count())
                .collect(),
            folds: deal([template, background], ClosureByTrees::FOLDS, &stream.branch("folds")),
        }
    }

    /// Those rows that are wanted.
    pub fn rows(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.is_background.len()).filter(|row| wanted(*row)).collect()
    }

    /// Weights by which both classes count alike among these rows, the template's first.
    fn class_weights(&self, rows: &[usize]) -> [f64; 2] {
        let background = rows.iter().filter(|row| self.is_background[**row]).count();
        let half = rows.len() as f64 / 2.0;
        [rows.len() - background, background].map(|count| half / count.max(1) as f64)
    }

    fn part(&self, rows: &[usize], weights: [f64; 2]) -> Part {
        let is_background: Vec<bool> = rows.iter().map(|row| self.is_background[*row]).collect();
        let weights = is_background.iter().map(|is| weights[usize::from(*is)]).collect();
        Part { features: self.features.select(Axis(0), rows), is_background, weights }
    }
}

impl Part {
    fn rows(&self) -> Rows<'_> {
        Rows { features: self.features.view(), is_data: &self.is_background, weights: &self.weights }
    }
}

#[cfg(test)]
mod tests;
