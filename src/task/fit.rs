//! A task of kind *fit*: the di-jet mass spectrum of the side-bands (Eq. 3.2 of the paper).

use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::work::Fit;
use drapes_analysis::store::record::TaskResult;

use super::{Perform, Workplace};
use crate::error::Error;
use crate::sample::dijet;
use crate::training::Checkpointer;

impl Perform for Fit {
    fn perform(
        &self,
        place: &Workplace,
        _id: &TaskId,
        _checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let masses = place.sample()?.masses(self.sample.injection)?;
        let regions = place.job.regions_of(&self.sample);
        dijet::fit(&masses, &regions, place.job.collision_energy, self.sample).map(TaskResult::Fit)
    }
}
