//! Scores of a window of a search by perceptrons, each by such as have not seen the event.

use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::work::SearchWindow;
use drapes_analysis::statistics::search::cut::Judged;
use ndarray::{Array2, ArrayView2, s};

use super::closure::{Both, DealtClass, OutOfFold, STOPPING_PARTS, deal};
use super::family::{ClassifierFamily, Scorer, SmallestFold};
use super::member::{ClassRows, Member};
use super::perceptrons::Perceptrons;
use super::two_sample::{DataTruth, TemplateFolds, TemplateTruth, TwoSample};
use crate::error::Error;
use crate::training::Checkpointer;

/// As [`super::out_of_fold`], by perceptrons: all folds and trainings are one ensemble, each with networks and batches of its own. A
/// quarter of the other folds' events tells each when it was best. None where a batch is more than one of them has to learn from.
///
/// # Errors
/// All of them diverge, or all of a fold, or it is told to stop.
pub fn out_of_fold_by_perceptrons(
    (template, data): (&DealtClass, &DealtClass),
    further: ArrayView2<'_, f32>,
    (family, trainings): (&Perceptrons<'_>, usize),
    stream: &Stream,
    checkpointer: &Checkpointer<'_>,
) -> Result<Option<OutOfFold>, Error> {
    let both = Both::of(template, data, stream);
    let members = members(&both, (template, data), trainings, stream);
    let least = |of: fn(&Member) -> &ClassRows| {
        let counts = members.iter().map(|member| of(member).data.count() + of(member).template.count());
        counts.min().unwrap_or(0)
    };
    let batches = least(|member| &member.training) / family.batch();
    if batches == 0 {
        return Ok(None);
    }
    let smallest = SmallestFold { batches, validation: least(|member| &member.validation) };
    let two_sample = two_sample(template, data);
    let (trained, histories) = family.train(&two_sample, &members, smallest, checkpointer)?;
    let mut sums = Sums {
        template: vec![0.0; template.count()],
        data: vec![0.0; data.count()],
        further: Array2::zeros((further.nrows(), SearchWindow::FOLDS as usize)),
    };
    let mut of_further = if further.nrows() > 0 { trained.score_by_all(further) } else { vec![] };
    for fold in (0..SearchWindow::FOLDS).map(Fold) {
        let is_good = |place: &usize| members[*place].fold == fold && histories[*place].diverged.is_none();
        let own: Vec<usize> = (0..members.len()).filter(is_good).collect();
        if own.is_empty() {
            let epoch = histories.iter().filter_map(|history| history.diverged).fold(f64::INFINITY, f64::min);
            return Err(Error::Diverged {
                epoch,
                what: format!("the loss of every perceptron of fold {fold}"),
            });
        }
        // Those that have diverged are made up for: sums are over all trainings.
        let weight = trainings as f32 / own.len() as f32;
        for place in own {
            let rows = &members[place].evaluated;
            add(&mut sums.template, &rows.template.list(), weight, |rows| {
                trained.score_by_one(place, template.features(), rows)
            });
            add(&mut sums.data, &rows.data.list(), weight, |rows| {
                trained.score_by_one(place, data.features(), rows)
            });
            if let Some(scores) = of_further.get_mut(place).map(std::mem::take) {
                let mut column = sums.further.column_mut(fold.0 as usize);
                column.iter_mut().zip(scores).for_each(|(sum, score)| *sum += weight * score);
            }
        }
    }
    let diverged = histories.iter().filter(|history| history.diverged.is_some()).count();
    Ok(Some(sums.judged(&both, diverged)))
}

/// Sums of scores over trainings.
struct Sums {
    template: Vec<f32>,
    data: Vec<f32>,
    further: Array2<f32>,
}

impl Sums {
    /// The same beside the fold of each event.
    fn judged(self, both: &Both, diverged: usize) -> OutOfFold {
        let (of_template, of_data) = both.folds.split_at(self.template.len());
        let judged = |folds: &[u32], scores: Vec<f32>| {
            folds.iter().zip(scores).map(|(fold, score)| Judged { fold: *fold, score }).collect()
        };
        OutOfFold {
            template: judged(of_template, self.template),
            background: judged(of_data, self.data),
            further: self.further,
            diverged,
        }
    }
}

/// Adds the scores of some rows.
fn add(sums: &mut [f32], rows: &[usize], weight: f32, scores: impl Fn(&[usize]) -> Vec<f32>) {
    for (row, score) in rows.iter().zip(scores(rows)) {
        sums[*row] += weight * score;
    }
}

/// Data and template, of which nothing is known but that.
fn two_sample<'a>(template: &'a DealtClass, data: &'a DealtClass) -> TwoSample<'a, ArrayView2<'a, f32>> {
    let none = data.features().slice_move(s![..0, ..]);
    TwoSample {
        data: data.features(),
        data_truth: DataTruth::Generated,
        template: template.features(),
        template_truth: TemplateTruth::Generated,
        template_folds: TemplateFolds::Random,
        unseen_background: none,
        unseen_signal: none,
        counts: None,
    }
}

/// All trainings of all folds.
fn members(
    both: &Both,
    (template, data): (&DealtClass, &DealtClass),
    trainings: usize,
    stream: &Stream,
) -> Vec<Member> {
    let n_template = template.count();
    let mut members = Vec::with_capacity(trainings * SearchWindow::FOLDS as usize);
    for training in 0..trainings {
        let stops = deal([template, data], STOPPING_PARTS, &stream.branch("stops").branch(training));
        for fold in 0..SearchWindow::FOLDS {
            let rows = |wanted: &dyn Fn(usize) -> bool| {
                let rows = both.rows(wanted);
                let place = rows.partition_point(|row| *row < n_template);
                let (of_template, of_data) = rows.split_at(place);
                ClassRows {
                    template: of_template.iter().copied().collect(),
                    data: of_data.iter().map(|row| row - n_template).collect(),
                }
            };
            let is_other = |row: usize| both.folds[row] != fold;
            members.push(Member {
                seed: ClassifierSeed(training as u32),
                fold: Fold(fold),
                training: rows(&|row| is_other(row) && stops[row] != 0),
                validation: rows(&|row| is_other(row) && stops[row] == 0),
                evaluated: rows(&|row| !is_other(row)),
                stream: stream.branch("perceptrons").branch(training).branch(fold),
            });
        }
    }
    members
}

#[cfg(test)]
mod tests;
