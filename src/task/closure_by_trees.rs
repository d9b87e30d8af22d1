//! A task of kind *closure*: boosted trees tell a template from true background.

use drapes_analysis::job::injection::Injection;
use drapes_analysis::job::regions::Region;
use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::work::{ClosureByTrees, MadeTemplate, TestedClosure};
use drapes_analysis::statistics::closure::Closure;
use drapes_analysis::store::record::TaskResult;
use ndarray::{ArrayView2, Axis};
use rand::seq::SliceRandom;

use super::{Perform, Trial, Workplace, template};
use crate::error::Error;
use crate::models::classifier::{DealtClass, out_of_fold};
use crate::training::Checkpointer;

impl Perform for ClosureByTrees {
    fn perform(
        &self,
        place: &Workplace,
        _id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let sample = place.sample()?;
        // Every template is compared with the same events in the same folds, so that methods differ by their templates alone.
        let stream = place.stream().branch("closure by trees");
        let data = sample.chosen(Injection::default(), &place.job.regions, Region::Signal)?;
        let most = ClosureByTrees::MOST_EVENTS * data.len();
        let independent = sample.independent();
        let chosen = drawn(independent.len(), most, &stream.branch("true background"));
        let chosen: Vec<u32> = chosen.into_iter().map(|place| independent[place]).collect();
        let background = DealtClass::of_single(sample.features(&chosen));
        let compared = match &self.template {
            Some(made) => of_template(place, made, most, &stream)?,
            None => DealtClass::of_single(sample.features(&data)),
        };
        let closure = if compared.is_enough() && background.is_enough() {
            let trees = place.trees(compared.count() + background.count());
            let trees = (trees, place.job.closure.trees);
            let none = ArrayView2::from_shape((0, 0), &[]).expect("no events");
            Closure::of(out_of_fold(&compared, &background, none, trees, &stream, checkpointer)?.by_fold())
        } else {
            Closure::unknown()
        };
        Ok(TaskResult::Closure(TestedClosure {
            template: self.template.as_ref().map(|made| made.template),
            n_template: compared.count(),
            n_background: background.count(),
            closure,
        }))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}

/// The events of a template, so many at the most, dealt by the events that they began as.
fn of_template(
    place: &Workplace,
    MadeTemplate { template, oversampling, made_by }: &MadeTemplate,
    most: usize,
    stream: &Stream,
) -> Result<DealtClass, Error> {
    let starts = template::starts(place, template)?.len();
    let copies = most.div_ceil(starts).clamp(1, oversampling.0 as usize);
    let events = template::read(place, made_by, starts * copies)?;
    let rows = drawn(events.nrows(), most, &stream.branch("template events"));
    let features = events.select(Axis(0), &rows);
    if !template.method.moves_events() {
        return Ok(DealtClass::of_single(features));
    }
    let origins: Vec<usize> = rows.into_iter().map(|row| row % starts).collect();
    Ok(DealtClass::of_copies(features, &origins))
}

/// So many places of a list at the most, in rising order: signal stands at the end of a sample, so that its beginning would
/// not be like all of it.
fn drawn(count: usize, most: usize, stream: &Stream) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    if count > most {
        places.shuffle(&mut stream.generator());
        places.truncate(most);
        places.sort_unstable();
    }
    places
}
