//! A task of kind *classify*: trains and evaluates the classifiers of a point, or some of their seeds.

use drapes_analysis::job::point::{ClassifierKind, ScanPoint};
use drapes_analysis::job::regions::Region;
use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::random_stream::Stream;
use drapes_analysis::plan::work::Classify;
use drapes_analysis::store::record::{Classification, SampleSizes, TaskResult};
use ndarray::Array2;

use super::class_samples::{ClassSamples, Origin, class_samples};
use super::{Perform, Trial, Workplace, jet_template, template};
use crate::error::Error;
use crate::models::classifier::{
    BoostedTrees, ClassifierFamily, DataTruth, Evaluation, Events, Perceptrons, TwoSample,
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
        let point = &self.point;
        let class_samples = class_samples(place, point)?;
        let (job, device) = (&place.job, place.device);
        let inputs = ClassifyInputs { place, chunk: self, class_samples: &class_samples, checkpointer };
        let Evaluation { classifiers, diverged, replicas } = match point.classifier {
            ClassifierKind::Mlp => inputs.of_features(&Perceptrons { settings: &job.classifier, device }),
            ClassifierKind::Trees => inputs.of_features(&BoostedTrees(&job.trees)),
            ClassifierKind::Transformer => {
                inputs.of_jets(&Transformers { settings: &job.jet_classifier, device })
            }
        }?;
        let sizes = sizes(place, point, &class_samples)?;
        Ok(TaskResult::Classify(Classification { point: *point, sizes, classifiers, diverged, replicas }))
    }

    fn trial(&self) -> Option<&dyn Trial> {
        Some(self)
    }
}

/// Everything a classify task needs besides the classifier family: events of both classes, seeds, and where results go.
struct ClassifyInputs<'a> {
    place: &'a Workplace,
    chunk: &'a Classify,
    class_samples: &'a ClassSamples,
    checkpointer: &'a Checkpointer<'a>,
}

impl ClassifyInputs<'_> {
    fn of_features<F>(&self, family: &F) -> Result<Evaluation, Error>
    where
        F: for<'e> ClassifierFamily<ndarray::ArrayView2<'e, f32>>,
    {
        let sample = self.place.sample()?;
        let class_samples = self.class_samples;
        let of = |origin: &Origin, made: Option<&TaskId>| -> Result<Array2<f32>, Error> {
            match origin {
                Origin::Sample(events) => Ok(sample.features(events)),
                Origin::Made(count) => {
                    template::read(self.place, made.expect("events that a task has made"), *count)
                }
            }
        };
        let (data, template) = (
            of(&class_samples.data, self.chunk.data.as_ref())?,
            of(&class_samples.template, self.chunk.templates.first())?,
        );
        let [background, signal] = [&class_samples.unseen_background, &class_samples.unseen_signal]
            .map(|events| sample.features(events));
        self.evaluate(family, [data.view(), template.view(), background.view(), signal.view()])
    }

    fn of_jets<F>(&self, family: &F) -> Result<Evaluation, Error>
    where
        F: for<'e> ClassifierFamily<EventJets<'e>>,
    {
        let jets = self.place.sample()?.jets();
        let class_samples = self.class_samples;
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
        self.evaluate(family, [data, template, background, signal])
    }

    /// Trains the family on data against template, and evaluates it on these and on background and signal that no classifier has
    /// seen.
    fn evaluate<E: Events, F: ClassifierFamily<E>>(
        &self,
        family: &F,
        [data, template, unseen_background, unseen_signal]: [E; 4],
    ) -> Result<Evaluation, Error> {
        let two_sample = TwoSample {
            data,
            data_truth: self
                .class_samples
                .is_signal
                .as_deref()
                .map_or(DataTruth::Generated, DataTruth::Simulated),
            template,
            template_truth: self.class_samples.truth,
            template_folds: self.class_samples.folds,
            unseen_background,
            unseen_signal,
            counts: Some(&self.class_samples.event_counts(&self.place.stream())),
        };
        let fold_stream = self.place.stream().branch("cross-validation");
        let stream: Stream = self.place.stream().branch("classifier").branch(self.chunk.point);
        let folds = self.place.job.classifier.folds;
        cross_validate(
            &two_sample,
            folds,
            &self.chunk.seeds,
            (&fold_stream, &stream),
            family,
            self.checkpointer,
        )
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
