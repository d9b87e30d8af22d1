//! The classifiers of one point.

use drapes_analysis::generated::{Generated, TemplateMethod};
use drapes_analysis::plan::TaskId;
use drapes_analysis::point::{ClassifierKind, Contest, ScanPoint};
use drapes_analysis::quantities::{ClassifierSeed, Oversampling, SignalCount};
use drapes_analysis::record::{Classification, SampleSizes};
use drapes_analysis::regions::Region;
use drapes_analysis::stream::Stream;
use ndarray::{Array2, Axis, concatenate};
use rand::seq::SliceRandom;

use super::{Workplace, template};
use crate::checkpoint::Keeper;
use crate::classifier::{
    self, BoostedTrees, DataTruth, Perceptrons, TemplateFolds, TemplateTruth, classify as run_contest,
};
use crate::error::Error;
use crate::split::RegionEvents;

/// The events of a contest, owned.
struct Sides {
    data: Array2<f32>,
    /// Which data are signal; none where the data are generated.
    is_signal: Option<Vec<bool>>,
    template: Array2<f32>,
    truth: TemplateTruth,
    folds: TemplateFolds,
    unseen_background: Array2<f32>,
    unseen_signal: Array2<f32>,
}

/// The tasks whose arrays a classification reads.
pub struct Arrays<'a> {
    /// The template, where it is a generated one.
    pub template: Option<&'a TaskId>,
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
    let sides = sides(place, point, arrays)?;
    let contest = classifier::Contest {
        data: sides.data.view(),
        data_truth: sides.is_signal.as_deref().map_or(DataTruth::Generated, DataTruth::Simulated),
        template: sides.template.view(),
        template_truth: sides.truth,
        template_folds: sides.folds,
        unseen_background: sides.unseen_background.view(),
        unseen_signal: sides.unseen_signal.view(),
    };
    let deal = place.stream().branch("cross-validation");
    let stream: Stream = place.stream().branch("classifier").branch(point);
    let (folds, streams) = (place.job.classifier.folds, (&deal, &stream));
    let classifiers = match point.classifier {
        ClassifierKind::Mlp => {
            let judges = Perceptrons { settings: &place.job.classifier, device: place.device };
            run_contest(&contest, folds, seeds, streams, &judges, keeper)
        }
        ClassifierKind::Trees => {
            run_contest(&contest, folds, seeds, streams, &BoostedTrees(&place.job.trees), keeper)
        }
        ClassifierKind::Transformer => todo!("constituents"),
    }?;
    Ok(Classification { point: *point, sizes: sizes(place, point, &sides)?, classifiers })
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
        (is_signal, _) => (sides.data.nrows(), is_signal.as_deref().map_or(0, count)),
    };
    Ok(SampleSizes { data_background: data - data_signal, data_signal, template: sides.template.nrows() })
}

/// Who stands against whom at a point.
///
/// Every point of a job is judged on the same never-injected signal: that beyond its largest injection.
fn sides(place: &Workplace, point: &ScanPoint, arrays: &Arrays<'_>) -> Result<Sides, Error> {
    let sample = place.sample()?;
    let most = place.job.points.iter().filter_map(ScanPoint::n_signal).max().unwrap_or(SignalCount(0));
    let regions =
        point.template().map_or(place.job.regions, |template| place.job.regions_of(&template.sample));
    let unseen_signal = sample.unused_signal(most, regions.signal).features;
    // Independent background is that of the job's own signal region.
    let none = Array2::zeros((0, sample.independent().ncols()));
    let independent = if regions.signal == place.job.regions.signal { sample.independent() } else { &none };
    let data = |n_signal: SignalCount| sample.data(n_signal, &regions, Region::Signal);
    let read_template = |template: &Generated, factor: Oversampling| {
        let id = arrays.template.expect("a search has a template");
        let count = template::starts(place, template)?.len() * factor.0 as usize;
        template::read(place, id, count)
    };
    match point.contest {
        Contest::Search { template, oversampling } => {
            let data = data(template.sample.n_signal)?;
            Ok(Sides {
                template: read_template(&template, oversampling)?,
                folds: match template.method {
                    TemplateMethod::SignalRegion => TemplateFolds::OfData,
                    _ => TemplateFolds::Dealt,
                },
                data: data.features,
                is_signal: Some(data.is_signal),
                truth: TemplateTruth::Generated,
                unseen_background: independent.clone(),
                unseen_signal,
            })
        }
        Contest::GenSr { template, oversampling, data_oversampling } => {
            // The classifiers see the likeness of the data only, so that all true events may judge them.
            let data = data(template.sample.n_signal)?;
            let id = arrays.data.expect("GenSR has generated data");
            let of = |wanted: bool| -> Array2<f32> {
                let rows = (0..data.len()).filter(|event| data.is_signal[*event] == wanted);
                data.features.select(Axis(0), &rows.collect::<Vec<_>>())
            };
            Ok(Sides {
                data: template::read(place, id, data.len() * data_oversampling.0 as usize)?,
                is_signal: None,
                template: read_template(&template, oversampling)?,
                truth: TemplateTruth::Generated,
                folds: TemplateFolds::Dealt,
                unseen_background: below(&of(false), independent),
                unseen_signal: below(&of(true), &unseen_signal),
            })
        }
        Contest::Idealised { n_signal } => reference(place, data(n_signal)?, 1, unseen_signal),
        Contest::OverIdealised { n_signal, oversampling } => {
            reference(place, data(n_signal)?, oversampling.0 as usize, unseen_signal)
        }
        Contest::Supervised => {
            let background = data(SignalCount(0))?.features;
            let none = Array2::zeros((0, background.ncols()));
            Ok(Sides {
                is_signal: Some(vec![true; unseen_signal.nrows()]),
                data: unseen_signal,
                template: independent.clone(),
                truth: TemplateTruth::Background,
                folds: TemplateFolds::Dealt,
                unseen_background: background,
                unseen_signal: none,
            })
        }
    }
}

/// Two tables of the same features, one below the other.
fn below(first: &Array2<f32>, second: &Array2<f32>) -> Array2<f32> {
    concatenate(Axis(0), &[first.view(), second.view()]).expect("the same features")
}

/// A template of true background: so many times the background of the data, drawn without replacement.
fn reference(
    place: &Workplace,
    data: RegionEvents,
    factor: usize,
    unseen_signal: Array2<f32>,
) -> Result<Sides, Error> {
    let independent = place.sample()?.independent();
    let background = data.is_signal.iter().filter(|signal| !**signal).count();
    let needed = place.sample()?.reference_size(background, factor)?;
    let mut order: Vec<usize> = (0..independent.nrows()).collect();
    order.shuffle(&mut place.stream().branch("reference template").generator());
    let (chosen, rest) = order.split_at(needed);
    Ok(Sides {
        data: data.features,
        is_signal: Some(data.is_signal),
        template: independent.select(Axis(0), chosen),
        truth: TemplateTruth::Background,
        folds: TemplateFolds::Dealt,
        unseen_background: independent.select(Axis(0), rest),
        unseen_signal,
    })
}
