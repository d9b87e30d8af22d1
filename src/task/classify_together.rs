//! A task of kind *classify together*: trains and evaluates the perceptrons of several points in one ensemble.

use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::work::ClassifyTogether;
use drapes_analysis::store::record::TaskResult;

use super::classify::{Compared, FeatureTables};
use super::{Perform, Trial, Workplace};
use crate::error::Error;
use crate::models::classifier::{Perceptrons, classify_together};
use crate::training::Checkpointer;

impl Perform for ClassifyTogether {
    fn perform(
        &self,
        place: &Workplace,
        _id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let points = self.chunks.iter().map(|chunk| Compared::of(place, chunk));
        let points = points.collect::<Result<Vec<_>, Error>>()?;
        let features = points.iter().map(Compared::features).collect::<Result<Vec<_>, Error>>()?;
        let tables = features.iter().map(FeatureTables::views);
        let tasks: Vec<_> =
            points.iter().zip(tables).map(|(point, views)| point.cross_validation(views)).collect();
        let family = Perceptrons { settings: &place.job.classifier, device: place.device };
        let found = classify_together(&tasks, place.job.classifier.folds, &family, checkpointer)?;
        let found = points.iter().zip(found).map(|(point, found)| point.classification(found));
        Ok(TaskResult::ClassifiedTogether(found.collect::<Result<Vec<_>, Error>>()?))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}
