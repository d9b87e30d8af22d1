//! The classifiers of one point.

use drapes_analysis::plan::TaskId;
use drapes_analysis::point::ScanPoint;
use drapes_analysis::quantities::{ClassifierSeed, SignalCount};
use drapes_analysis::record::{Classification, SampleSizes};
use drapes_analysis::regions::Region;
use drapes_analysis::stream::Stream;
use ndarray::{Array2, Axis};
use rand::seq::SliceRandom;

use super::{Workplace, template};
use crate::classifier::{Contest, TemplateTruth, classify as run_contest};
use crate::error::Error;
use crate::split::RegionEvents;
use crate::watch::Watch;

/// The events of a contest, owned.
struct Sides {
    data: RegionEvents,
    template: Array2<f32>,
    truth: TemplateTruth,
    unseen_background: Array2<f32>,
    unseen_signal: Array2<f32>,
}

pub fn classify(
    place: &Workplace,
    point: &ScanPoint,
    seeds: &[ClassifierSeed],
    template: Option<&TaskId>,
    watch: &dyn Watch,
) -> Result<Classification, Error> {
    let sides = sides(place, point, template)?;
    let contest = Contest {
        data: sides.data.features.view(),
        is_signal: &sides.data.is_signal,
        template: sides.template.view(),
        template_truth: sides.truth,
        unseen_background: sides.unseen_background.view(),
        unseen_signal: sides.unseen_signal.view(),
    };
    let deal = place.stream().branch("cross-validation");
    let stream: Stream = place.stream().branch("classifier").branch(point);
    let classifiers =
        run_contest(&contest, &place.job.classifier, seeds, (&deal, &stream), place.device, watch)?;
    let data_signal = sides.data.is_signal.iter().filter(|signal| **signal).count();
    let sizes = SampleSizes {
        data_background: sides.data.len() - data_signal,
        data_signal,
        template: sides.template.nrows(),
    };
    Ok(Classification { point: *point, sizes, classifiers })
}

/// Who stands against whom at a point.
///
/// Every point of a job is judged on the same never-injected signal: that beyond its largest injection.
fn sides(place: &Workplace, point: &ScanPoint, template: Option<&TaskId>) -> Result<Sides, Error> {
    let sample = place.sample()?;
    let regions = place.job.regions;
    let most = place.job.points.iter().filter_map(ScanPoint::n_signal).max().unwrap_or(SignalCount(0));
    let unseen_signal = sample.unused_signal(most, regions.signal);
    let independent = sample.independent();
    let data = |n_signal: SignalCount| sample.data(n_signal, &regions, Region::Signal);
    match *point {
        ScanPoint::Search { n_signal, oversampling, .. } => {
            let data = data(n_signal)?;
            let id = template.expect("a search has a template");
            let template = template::read(place, id, data.len() * oversampling.0 as usize)?;
            Ok(Sides {
                data,
                template,
                truth: TemplateTruth::Generated,
                unseen_background: independent.clone(),
                unseen_signal: unseen_signal.features,
            })
        }
        ScanPoint::Idealised { n_signal } => reference(place, data(n_signal)?, 1, unseen_signal),
        ScanPoint::OverIdealised { n_signal, oversampling } => {
            reference(place, data(n_signal)?, oversampling.0 as usize, unseen_signal)
        }
        ScanPoint::Supervised => {
            let background = data(SignalCount(0))?.features;
            let none = Array2::zeros((0, background.ncols()));
            Ok(Sides {
                data: unseen_signal,
                template: independent.clone(),
                truth: TemplateTruth::Background,
                unseen_background: background,
                unseen_signal: none,
            })
        }
    }
}

/// A template of true background: so many times the background of the data, drawn without replacement.
fn reference(
    place: &Workplace,
    data: RegionEvents,
    factor: usize,
    unseen_signal: RegionEvents,
) -> Result<Sides, Error> {
    let independent = place.sample()?.independent();
    let background = data.is_signal.iter().filter(|signal| !**signal).count();
    let needed = factor * background;
    // Half of the background withheld is the same number as the other half, give or take the odd event.
    if needed > independent.nrows() + factor {
        return Err(Error::TooFew {
            region: "the independent background".to_owned(),
            what: "events",
            found: independent.nrows(),
            needed,
            advice: format!(
                "lower oversampling (the data hold {background} background events) or withhold a larger fraction"
            ),
        });
    }
    let mut order: Vec<usize> = (0..independent.nrows()).collect();
    order.shuffle(&mut place.stream().branch("reference template").generator());
    let (chosen, rest) = order.split_at(needed.min(order.len()));
    Ok(Sides {
        data,
        template: independent.select(Axis(0), chosen),
        truth: TemplateTruth::Background,
        unseen_background: independent.select(Axis(0), rest),
        unseen_signal: unseen_signal.features,
    })
}
