//! A two-sample task from its events to the classifiers and what they are worth.

use drapes_analysis::job::quantities::ClassifierSeed;
use drapes_analysis::plan::random_stream::Stream;

use super::folds::Folds;
use super::judge::{Judged, judge};
use super::judges::{Judges, Least};
use super::member::members;
use super::two_sample::{Contest, Events};
use crate::error::Error;
use crate::training::{Checkpointer, next_rows};

/// Trains the classifiers of some seeds, all folds of each, and judges each on events it has not seen.
///
/// `deal` is where the folds begin: contests that share it and the number of data events have the same data
/// folds. `stream` is where the rest begins.
///
/// # Errors
/// A class is too small for a batch of training events in each fold, both are too large to be counted, or the training of every classifier diverges.
///
/// Source: the paper, section 3.4, and the public CURTAINs classifiers: five stratified folds, three of them
/// train, one validates, one evaluates, rolled so that every event is evaluated once.
pub fn classify<E: Events, J: Judges<E>>(
    contest: &Contest<'_, E>,
    folds: u32,
    seeds: &[ClassifierSeed],
    (deal, stream): (&Stream, &Stream),
    judges: &J,
    checkpointer: &Checkpointer<'_>,
) -> Result<Judged, Error> {
    check_count(contest)?;
    let members = members(contest, folds, seeds, (deal, stream));
    let least = least(contest, folds, judges)?;
    let (trained, histories) = judges.train(contest, &members, least, checkpointer)?;
    Ok(judge(contest, &trained, members, histories))
}

/// That rows of both classes can be counted as members count them.
fn check_count<E: Events>(contest: &Contest<'_, E>) -> Result<(), Error> {
    next_rows(0, contest.data.count())
        .and_then(|data| next_rows(data.end, contest.template.count()))
        .map(|_| ())
}

/// What every fold has events for.
fn least<E: Events, J: Judges<E>>(contest: &Contest<'_, E>, folds: u32, judges: &J) -> Result<Least, Error> {
    let training = contest.least(|count| Folds::least_training(count, folds));
    let counts = [contest.data.count(), contest.template.count()];
    if training < judges.batch() || counts.iter().any(|count| *count < folds as usize) {
        return Err(Error::TooFew {
            region: "a training part of data and template".to_owned(),
            what: "events",
            found: training,
            needed: judges.batch(),
            advice: format!("{}, or widen the signal region", J::REMEDY),
        });
    }
    let validation = contest.least(|count| count / folds as usize);
    Ok(Least { batches: training / judges.batch(), validation })
}

#[cfg(test)]
mod tests;
