//! A task of kind *pseudo*: searches of a window in which data and template are drawn from the window's own model.

use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::work::{PseudoCount, PseudoExperiment, PseudoExperiments, PseudoWindow};
use drapes_analysis::store::record::TaskResult;

use super::pseudo_search::{Drawn, PseudoEvents, passing};
use super::template::Part;
use super::{Perform, Trial, Workplace};
use crate::error::Error;
use crate::training::Checkpointer;

impl Perform for PseudoExperiments {
    fn perform(
        &self,
        place: &Workplace,
        _id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let Some(search) = &place.job.search else {
            unreachable!("pseudo-experiments are those of a search")
        };
        let events = PseudoEvents::of(place, self)?;
        let stream = place.stream().branch("pseudo-experiments").branch(self.point);
        let experiments = self.numbers().zip(Part::of_equal(checkpointer, self.numbers().len()));
        let experiment = |(number, part): (usize, Part<'_>)| {
            let stream = stream.branch(number);
            let drawn = Drawn::from(&events, &stream);
            let n_data = drawn.n_data();
            let Some(scores) = drawn.searched((place, search, &self.point), &stream, &part)? else {
                return Ok(PseudoExperiment { n_data, cuts: vec![None; search.efficiencies.len()] });
            };
            let count = |(template, data): (usize, Vec<usize>)| PseudoCount { template, data: data.len() };
            let cuts = passing(search, &scores).into_iter().map(|cut| cut.map(count)).collect();
            Ok(PseudoExperiment { n_data, cuts })
        };
        let experiments = experiments.map(experiment).collect::<Result<_, Error>>()?;
        let n_template = events.template;
        Ok(TaskResult::Pseudo(PseudoWindow { point: self.point, first: self.first, n_template, experiments }))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}
