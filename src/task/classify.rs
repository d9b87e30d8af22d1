//! A task of kind *classify*: trains and evaluates the classifiers of a point, or some of their seeds.

use drapes_analysis::job::point::{ClassifierKind, ScanPoint};
use drapes_analysis::job::regions::Region;
use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::work::Classify;
use drapes_analysis::store::record::{Classification, SampleSizes, TaskResult};
use ndarray::{Array2, ArrayView2};

use super::class_samples::{ClassSamples, Origin, class_samples};
use super::{Perform, Trial, Workplace, jet_template, template};
use crate::error::Error;
use crate::models::classifier::{
    ClassifierFamily, CrossValidation, DataTruth, Evaluation, EventCounts, Events, Perceptrons, TwoSample,
    classify as cross_validate,
};
use crate::models::jet_classifier::Transformers;
use crate::sample::jets::{EventJets, Jets};
use crate::training::Checkpointer;

impl Perform for Classify {
    fn perform(
        &self,
        place: &Workplace,
        _id: &TaskId,
        checkpointer: &Checkpointer<'_>,
    ) -> Result<TaskResult, Error> {
        let point = Compared::of(place, self)?;
        let (job, device) = (&place.job, place.device);
        let found = match self.point.classifier {
            ClassifierKind::Mlp => {
                let family = Perceptrons { settings: &job.classifier, device };
                let features = point.features()?;
                point.evaluate(&family, features.views(), checkpointer)
            }
            ClassifierKind::Trees => {
                let features = point.features()?;
                let events = features.data.nrows() + features.template.nrows();
                point.evaluate(&place.trees(events), features.views(), checkpointer)
            }
            ClassifierKind::Transformer => {
                point.of_jets(&Transformers { settings: &job.jet_classifier, device }, checkpointer)
            }
        }?;
        Ok(TaskResult::Classify(point.classification(found)?))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}

/// The events of a point's chunk of classifiers.
pub struct Compared<'a> {
    place: &'a Workplace,
    chunk: &'a Classify,
    class_samples: ClassSamples,
    counts: EventCounts,
}

/// Features of all events, in their own units.
pub struct FeatureTables {
    data: Array2<f32>,
    template: Array2<f32>,
    unseen_background: Array2<f32>,
    unseen_signal: Array2<f32>,
}

impl FeatureTables {
    /// Data, template, and background and signal that no classifier sees before it is evaluated.
    pub fn views(&self) -> [ArrayView2<'_, f32>; 4] {
        [&self.data, &self.template, &self.unseen_background, &self.unseen_signal].map(|table| table.view())
    }
}

impl<'a> Compared<'a> {
    /// # Errors
    /// The sample cannot be read.
    pub fn of(place: &'a Workplace, chunk: &'a Classify) -> Result<Self, Error> {
        let class_samples = class_samples(place, &chunk.point)?;
        let counts = class_samples.event_counts(&place.stream());
        Ok(Self { place, chunk, class_samples, counts })
    }

    /// # Errors
    /// The events of another task cannot be read.
    pub fn features(&self) -> Result<FeatureTables, Error> {
        let sample = self.place.sample()?;
        let class_samples = &self.class_samples;
        let of = |origin: &Origin, made: Option<&TaskId>| -> Result<Array2<f32>, Error> {
            match origin {
                Origin::Sample(events) => Ok(sample.features(events)),
                Origin::Made(count) => {
                    template::read(self.place, made.expect("events that a task has made"), *count)
                }
            }
        };
        Ok(FeatureTables {
            data: of(&class_samples.data, self.chunk.data.as_ref())?,
            template: of(&class_samples.template, self.chunk.templates.first())?,
            unseen_background: sample.features(&class_samples.unseen_background),
            unseen_signal: sample.features(&class_samples.unseen_signal),
        })
    }

    fn of_jets<F>(&self, family: &F, checkpointer: &Checkpointer<'_>) -> Result<Evaluation, Error>
    where
        F: for<'e> ClassifierFamily<EventJets<'e>>,
    {
        let jets = self.place.sample()?.jets();
        let class_samples = &self.class_samples;
        let made: Jets;
        let template = match &class_samples.template {
            Origin::Sample(events) => EventJets::only(jets, events),
            Origin::Made(count) => {
                made = jet_template::read(self.place, &self.chunk.templates, *count)?;
                EventJets::all(&made)
            }
        };
        let Origin::Sample(data) = &class_samples.data else { unreachable!("no job generates jets as data") };
        let [data, background, signal] =
            [data, &class_samples.unseen_background, &class_samples.unseen_signal]
                .map(|events| EventJets::only(jets, events));
        self.evaluate(family, [data, template, background, signal], checkpointer)
    }

    /// Trains the family on data against template, and evaluates it on these and on background and signal that no classifier has
    /// seen.
    fn evaluate<E: Events, F: ClassifierFamily<E>>(
        &self,
        family: &F,
        events: [E; 4],
        checkpointer: &Checkpointer<'_>,
    ) -> Result<Evaluation, Error> {
        let CrossValidation { two_sample, seeds, fold_stream, stream } = self.cross_validation(events);
        let folds = self.place.job.classifier.folds;
        cross_validate(&two_sample, folds, seeds, (&fold_stream, &stream), family, checkpointer)
    }

    /// The two-sample task of these events.
    pub fn cross_validation<E: Events>(
        &self,
        [data, template, unseen_background, unseen_signal]: [E; 4],
    ) -> CrossValidation<'_, E> {
        let is_signal = self.class_samples.is_signal.as_deref();
        CrossValidation {
            two_sample: TwoSample {
                data,
                data_truth: is_signal.map_or(DataTruth::Generated, DataTruth::Simulated),
                template,
                template_truth: self.class_samples.truth,
                template_folds: self.class_samples.folds,
                unseen_background,
                unseen_signal,
                counts: Some(&self.counts),
            },
            seeds: &self.chunk.seeds,
            fold_stream: self.place.stream().branch("cross-validation"),
            stream: self.place.stream().branch("classifier").branch(self.chunk.point),
        }
    }

    /// The record of what was found.
    ///
    /// # Errors
    /// The sample cannot be read.
    pub fn classification(&self, found: Evaluation) -> Result<Classification, Error> {
        let Evaluation { classifiers, diverged, replicas } = found;
        let point = self.chunk.point;
        let sizes = sizes(self.place, &point, &self.class_samples)?;
        Ok(Classification { point, sizes, classifiers, diverged, replicas })
    }
}

/// The sizes of both classes. Where the data are over-sampled, their size is that of the true events and not of the copies.
fn sizes(place: &Workplace, point: &ScanPoint, class_samples: &ClassSamples) -> Result<SampleSizes, Error> {
    let count = |is_signal: &[bool]| is_signal.iter().filter(|signal| **signal).count();
    let (data, data_signal) = match (&class_samples.is_signal, point.injection()) {
        (None, Some(injection)) => {
            let regions = point.template().map_or(place.job.regions, |one| place.job.regions_of(&one.sample));
            let data = place.sample()?.data(injection, &regions, Region::Signal)?;
            (data.len(), count(&data.is_signal))
        }
        (is_signal, _) => (class_samples.data.len(), is_signal.as_deref().map_or(0, count)),
    };
    Ok(SampleSizes {
        data_background: data - data_signal,
        data_signal,
        template: class_samples.template.len(),
    })
}
