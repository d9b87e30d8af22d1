//! Cross-validation: trains a classifier for each seed and fold of a two-sample task and evaluates each on the fold that it has
//! not seen.

use drapes_analysis::job::quantities::ClassifierSeed;
use drapes_analysis::plan::random_stream::Stream;
use ndarray::ArrayView2;

use super::evaluation::{Evaluation, evaluate};
use super::family::{ClassifierFamily, SmallestFold};
use super::folds::FoldAssignment;
use super::member::{Member, members};
use super::perceptrons::{Learnt, Perceptrons};
use super::two_sample::{Events, TwoSample};
use crate::error::Error;
use crate::training::{Checkpointer, next_rows};

/// Trains the classifiers of some seeds, all folds of each, and evaluates each on events it has not seen.
///
/// `fold_stream` is the random stream of the folds: two-sample tasks that share it and the number of data events have the same data
/// folds. `stream` that of everything else.
///
/// # Errors
/// A class is too small for a batch of training events in each fold, both are too large to be counted, or the training of every classifier diverges.
///
/// Source: the paper, section 3.4, and the public CURTAINs classifiers: five stratified folds, three of them
/// train, one validates, one evaluates, rolled so that every event is evaluated once.
pub fn classify<E: Events, F: ClassifierFamily<E>>(
    two_sample: &TwoSample<'_, E>,
    folds: u32,
    seeds: &[ClassifierSeed],
    (fold_stream, stream): (&Stream, &Stream),
    family: &F,
    checkpointer: &Checkpointer<'_>,
) -> Result<Evaluation, Error> {
    check_count(two_sample)?;
    let members = members(two_sample, folds, seeds, (fold_stream, stream));
    let smallest_fold = smallest_fold(two_sample, folds, family)?;
    let (trained, histories) = family.train(two_sample, &members, smallest_fold, checkpointer)?;
    Ok(evaluate(two_sample, &trained, members, histories))
}

/// What [`classify`] is told of a two-sample task.
pub struct CrossValidation<'a, E> {
    /// The events.
    pub two_sample: TwoSample<'a, E>,
    /// Whose classifiers tell its classes apart.
    pub seeds: &'a [ClassifierSeed],
    /// The random stream of the folds.
    pub fold_stream: Stream,
    /// That of everything else.
    pub stream: Stream,
}

/// Does the same for several two-sample tasks, whose perceptrons are one ensemble: a GPU takes steps of many in hardly more time than steps
/// of few. What is found of a task does not depend on the others, to the last bit where kernels compute.
///
/// # Errors
/// As [`classify`] of any of them; where every classifier of one diverges and those of another do not, that is no error.
pub fn classify_together(
    tasks: &[CrossValidation<'_, ArrayView2<'_, f32>>],
    folds: u32,
    family: &Perceptrons<'_>,
    checkpointer: &Checkpointer<'_>,
) -> Result<Vec<Evaluation>, Error> {
    tasks.iter().try_for_each(|task| check_count(&task.two_sample))?;
    let members_of = |task: &CrossValidation<'_, _>| {
        members(&task.two_sample, folds, task.seeds, (&task.fold_stream, &task.stream))
    };
    let members: Vec<Vec<Member>> = tasks.iter().map(members_of).collect();
    let learnt = tasks.iter().zip(&members).map(|(CrossValidation { two_sample, .. }, members)| {
        Ok(Learnt { two_sample, members, smallest_fold: smallest_fold(two_sample, folds, family)? })
    });
    let learnt = learnt.collect::<Result<Vec<_>, Error>>()?;
    let (trained, histories) = family.train_together(&learnt, checkpointer)?;
    let of_tasks = tasks.iter().zip(members).zip(trained.iter().zip(histories));
    let evaluated = of_tasks.map(|((task, members), (trained, histories))| {
        evaluate(&task.two_sample, trained, members, histories)
    });
    Ok(evaluated.collect())
}

/// Checks that rows of both classes can be numbered with 32 bits, as members number them.
fn check_count<E: Events>(two_sample: &TwoSample<'_, E>) -> Result<(), Error> {
    next_rows(0, two_sample.data.count())
        .and_then(|data| next_rows(data.end, two_sample.template.count()))
        .map(|_| ())
}

/// The batches and validation events that even the smallest fold can fill, so that all members train alike.
fn smallest_fold<E: Events, F: ClassifierFamily<E>>(
    two_sample: &TwoSample<'_, E>,
    folds: u32,
    family: &F,
) -> Result<SmallestFold, Error> {
    let training = two_sample.smallest_fold(|count| FoldAssignment::least_training(count, folds));
    let counts = [two_sample.data.count(), two_sample.template.count()];
    if training < family.batch() || counts.iter().any(|count| *count < folds as usize) {
        return Err(Error::TooFew {
            region: "a training part of data and template".to_owned(),
            what: "events",
            found: training,
            needed: family.batch(),
            advice: format!("{}, or widen the signal region", F::REMEDY),
        });
    }
    let validation = two_sample.smallest_fold(|count| count / folds as usize);
    Ok(SmallestFold { batches: training / family.batch(), validation })
}

#[cfg(test)]
mod tests;
