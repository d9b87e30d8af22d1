//! The classifiers of one point.

use drapes_analysis::plan::TaskId;
use drapes_analysis::point::{ClassifierKind, ScanPoint};
use drapes_analysis::quantities::ClassifierSeed;
use drapes_analysis::record::{Classification, SampleSizes};
use drapes_analysis::regions::Region;
use drapes_analysis::stream::Stream;
use ndarray::Array2;

use super::sides::{Origin, Sides, sides};
use super::{Workplace, template};
use crate::checkpoint::Keeper;
use crate::classifier::{self, DataTruth, Judges, classify as run_contest};
use crate::error::Error;

/// The tasks whose arrays a classification reads.
pub struct Arrays<'a> {
    /// The template, where it is a generated one: all of its copies.
    pub templates: &'a [TaskId],
    /// The data, where they are generated ones.
    pub data: Option<&'a TaskId>,
}

pub fn classify(
    place: &Workplace,
    point: &ScanPoint,
    seeds: &[ClassifierSeed],
    arrays: &Arrays<'_>,
    keeper: &Keeper<'_>,
) -> Result<Classification, Error> {
    let sides = sides(place, point)?;
    let sample = place.sample()?;
    let data = features(place, &sides.data, arrays.data)?;
    let template = features(place, &sides.template, arrays.templates.first())?;
    let [unseen_background, unseen_signal] =
        [&sides.unseen_background, &sides.unseen_signal].map(|events| sample.features(events));
    let contest = classifier::Contest {
        data: data.view(),
        data_truth: sides.is_signal.as_deref().map_or(DataTruth::Generated, DataTruth::Simulated),
        template: template.view(),
        template_truth: sides.truth,
        template_folds: sides.folds,
        unseen_background: unseen_background.view(),
        unseen_signal: unseen_signal.view(),
    };
    let deal = place.stream().branch("cross-validation");
    let stream: Stream = place.stream().branch("classifier").branch(point);
    let judges = match point.classifier {
        ClassifierKind::Mlp => Judges::Mlp(place.device),
        ClassifierKind::Trees => Judges::Trees(&place.job.trees),
        ClassifierKind::Transformer => todo!("constituents"),
    };
    let classifiers = run_contest(&contest, &place.job.classifier, seeds, (&deal, &stream), judges, keeper)?;
    Ok(Classification { point: *point, sizes: sizes(place, point, &sides)?, classifiers })
}

/// The features of a class.
fn features(place: &Workplace, origin: &Origin, made: Option<&TaskId>) -> Result<Array2<f32>, Error> {
    match origin {
        Origin::Sample(events) => Ok(place.sample()?.features(events)),
        Origin::Made(count) => template::read(place, made.expect("events that a task has made"), *count),
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
