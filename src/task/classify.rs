//! The classifiers of one point.

use drapes_analysis::job::point::{ClassifierKind, ScanPoint};
use drapes_analysis::job::regions::Region;
use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::work::Classify;
use drapes_analysis::store::record::{Classification, SampleSizes, TaskResult};
use ndarray::Array2;

use super::sides::{Origin, Sides, sides};
use super::{Perform, Workplace, jet_template, template};
use crate::classifier::{
    BoostedTrees, Contest, DataTruth, Events, Judged, Judges, Perceptrons, classify as run_contest,
};
use crate::error::Error;
use crate::jet_classifier::Transformers;
use crate::jets::{EventJets, Jets};
use crate::training::Checkpointer;

impl Perform for Classify {
    fn perform(
        &self,
        place: &Workplace,
        _id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        classify(place, self, checkpointer).map(TaskResult::Classify)
    }
}

fn classify(
    place: &Workplace,
    chunk: &Classify,
    checkpointer: &Checkpointer<'_>,
) -> Result<Classification, Error> {
    let point = &chunk.point;
    let sides = sides(place, point)?;
    let (job, device) = (&place.job, place.device);
    let bench = Bench { place, chunk, sides: &sides, checkpointer };
    let Judged { classifiers, diverged } = match point.classifier {
        ClassifierKind::Mlp => bench.of_features(&Perceptrons { settings: &job.classifier, device }),
        ClassifierKind::Trees => bench.of_features(&BoostedTrees(&job.trees)),
        ClassifierKind::Transformer => bench.of_jets(&Transformers { settings: &job.jet_classifier, device }),
    }?;
    Ok(Classification { point: *point, sizes: sizes(place, point, &sides)?, classifiers, diverged })
}

/// Where judges of any kind sit.
struct Bench<'a> {
    place: &'a Workplace,
    chunk: &'a Classify,
    sides: &'a Sides,
    checkpointer: &'a Checkpointer<'a>,
}

impl Bench<'_> {
    fn of_features<J>(&self, judges: &J) -> Result<Judged, Error>
    where
        J: for<'e> Judges<ndarray::ArrayView2<'e, f32>>,
    {
        let sample = self.place.sample()?;
        let sides = self.sides;
        let of = |origin: &Origin, made: Option<&TaskId>| -> Result<Array2<f32>, Error> {
            match origin {
                Origin::Sample(events) => Ok(sample.features(events)),
                Origin::Made(count) => {
                    template::read(self.place, made.expect("events that a task has made"), *count)
                }
            }
        };
        let (data, template) =
            (of(&sides.data, self.chunk.data.as_ref())?, of(&sides.template, self.chunk.templates.first())?);
        let [background, signal] =
            [&sides.unseen_background, &sides.unseen_signal].map(|events| sample.features(events));
        self.judge(judges, [data.view(), template.view(), background.view(), signal.view()])
    }

    fn of_jets<J>(&self, judges: &J) -> Result<Judged, Error>
    where
        J: for<'e> Judges<EventJets<'e>>,
    {
        let jets = self.place.sample()?.jets();
        let sides = self.sides;
        let made: Jets;
        let template = match &sides.template {
            Origin::Sample(events) => EventJets::only(jets, events),
            Origin::Made(count) => {
                made = jet_template::read(self.place, &self.chunk.templates, *count)?;
                EventJets::all(&made)
            }
        };
        let Origin::Sample(data) = &sides.data else { unreachable!("no job generates jets as data") };
        let [data, background, signal] = [data, &sides.unseen_background, &sides.unseen_signal]
            .map(|events| EventJets::only(jets, events));
        self.judge(judges, [data, template, background, signal])
    }

    /// Data against template, judged on these and on background and signal that nobody has seen.
    fn judge<E: Events, J: Judges<E>>(
        &self,
        judges: &J,
        [data, template, unseen_background, unseen_signal]: [E; 4],
    ) -> Result<Judged, Error> {
        let contest = Contest {
            data,
            data_truth: self.sides.is_signal.as_deref().map_or(DataTruth::Generated, DataTruth::Simulated),
            template,
            template_truth: self.sides.truth,
            template_folds: self.sides.folds,
            unseen_background,
            unseen_signal,
        };
        let deal = self.place.stream().branch("cross-validation");
        let stream: Stream = self.place.stream().branch("classifier").branch(self.chunk.point);
        let folds = self.place.job.classifier.folds;
        run_contest(&contest, folds, &self.chunk.seeds, (&deal, &stream), judges, self.checkpointer)
    }
}

/// What stood against what: the true events behind the data, also where their over-sampled likeness took their place.
fn sizes(place: &Workplace, point: &ScanPoint, sides: &Sides) -> Result<SampleSizes, Error> {
    let count = |is_signal: &[bool]| is_signal.iter().filter(|signal| **signal).count();
    let (data, data_signal) = match (&sides.is_signal, point.n_signal()) {
        (None, Some(n_signal)) => {
            let regions = point.template().map_or(place.job.regions, |one| place.job.regions_of(&one.sample));
            let data = place.sample()?.data(n_signal, &regions, Region::Signal)?;
            (data.len(), count(&data.is_signal))
        }
        (is_signal, _) => (sides.data.len(), is_signal.as_deref().map_or(0, count)),
    };
    Ok(SampleSizes { data_background: data - data_signal, data_signal, template: sides.template.len() })
}
