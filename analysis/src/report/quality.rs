//! The quality of models and templates in numbers: fits, training losses, closure.

use serde::Serialize;

use crate::figures::excess;
use crate::figures::fit_quality::{LEAST_P_VALUE, fit_p_value, written};
use crate::job::method_names::label;
use crate::job::{ClassifierKind, NoisePath, Scope};
use crate::plan::work::{self, TrainDenoisers, TrainFlows, TrainJets, TrainKinematics};
use crate::store::{Loss, Results};

/// The quality of fits, trainings and templates.
#[derive(Serialize)]
pub struct Quality {
    /// The background AUC above which closure fails.
    pub threshold: f64,
    pub closure: Vec<Closure>,
    /// Closure by boosted trees, a row of cells for each method.
    pub by_trees: Vec<[String; 6]>,
    pub fits: Vec<Fit>,
    pub trainings: Vec<Training>,
}

/// Closure of a method by a kind of classifier.
#[derive(Serialize)]
pub struct Closure {
    pub method: String,
    pub classifier: &'static str,
    pub points: usize,
    pub failing: usize,
    /// The largest mean AUC of true background against template.
    pub largest: Option<f64>,
    /// Whether that is above the threshold by no more than its errors.
    pub is_within_errors: bool,
}

/// A dijet fit.
#[derive(Serialize)]
pub struct Fit {
    pub sample: String,
    pub events: usize,
    pub chi_squared: f64,
    pub degrees_of_freedom: usize,
    pub p_value: Option<f64>,
    pub is_bad: bool,
}

/// A training.
#[derive(Default, Serialize)]
pub struct Training {
    pub model: String,
    pub sample: String,
    pub events: usize,
    pub steps: usize,
    /// The last losses on the events learnt from and on those kept aside.
    pub loss: Option<f32>,
    pub validation_loss: Option<f32>,
    pub diverged: Option<f64>,
}

impl Quality {
    pub fn of(results: &Results) -> Self {
        Self {
            threshold: results.job.closure.threshold,
            closure: closure(results),
            by_trees: by_trees(results),
            fits: results.each::<work::Fit>().map(Fit::of).collect(),
            trainings: trainings(results),
        }
    }
}

fn closure(results: &Results) -> Vec<Closure> {
    let mut found: Vec<((&str, ClassifierKind), Closure)> = Vec::new();
    for point in results.points.iter().filter(|point| point.point.template().is_some()) {
        let kind = (point.point.method(), point.point.classifier);
        let place = found.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
            let (method, classifier) = (label(kind.0).to_owned(), kind.1.word());
            found.push((
                kind,
                Closure { method, classifier, points: 0, failing: 0, largest: None, is_within_errors: false },
            ));
            found.len() - 1
        });
        let closure = &mut found[place].1;
        closure.points += 1;
        let auc = point.band(|classifier| classifier.background_closure_auc).map(|band| band.mean);
        closure.largest = closure.largest.into_iter().chain(auc).reduce(f64::max);
    }
    for failure in crate::figures::closure::failures(results) {
        for (kind, closure) in &mut found {
            if *kind == (failure.method, failure.classifier) {
                closure.failing = failure.points.0;
            }
        }
    }
    let threshold = results.job.closure.threshold;
    let judged = |(_, closure): (_, Closure)| Closure {
        is_within_errors: closure.failing == 0 && closure.largest.is_some_and(|auc| auc > threshold),
        ..closure
    };
    found.into_iter().map(judged).collect()
}

/// The rows of the tests by trees; none where no template was tested.
fn by_trees(results: &Results) -> Vec<[String; 6]> {
    let tests = excess::by_method(results);
    let dash = |cell: String| if cell == "-" { "–".to_owned() } else { cell };
    if tests.iter().all(|tested| tested.template.is_none()) {
        return vec![];
    }
    tests.iter().map(|tested| excess::told_row(tested).map(dash)).collect()
}

impl Fit {
    fn of(fit: &crate::store::record::MassFit) -> Self {
        let p_value = fit_p_value(fit);
        Self {
            sample: fit.sample.to_string(),
            events: fit.n_events,
            chi_squared: fit.chi_squared,
            degrees_of_freedom: fit.degrees_of_freedom,
            p_value,
            is_bad: p_value.is_some_and(|p| p < LEAST_P_VALUE),
        }
    }

    /// χ² over degrees of freedom.
    pub fn ratio(&self) -> String {
        format!("{:.1}/{}", self.chi_squared, self.degrees_of_freedom)
    }

    /// The probability in two digits.
    pub fn p_text(&self) -> String {
        self.p_value.map_or("–".to_owned(), written)
    }
}

fn trainings(results: &Results) -> Vec<Training> {
    let denoisers = results.each::<TrainDenoisers>().flatten().map(|found| {
        let model = match (found.scope, found.path) {
            (Scope::SideBands, NoisePath::Diffusion) => "denoiser",
            (Scope::Everything, NoisePath::Diffusion) => "denoiser of all data",
            (Scope::SideBands, NoisePath::Straight) => "flow matching",
            (Scope::Everything, NoisePath::Straight) => "flow matching of all data",
        };
        (model, found)
    });
    let kinematics = results.each::<TrainKinematics>().flatten().map(|found| ("jets' kinematics", found));
    let jets = results.each::<TrainJets>().flatten().map(|found| ("jets' constituents", found));
    let diffused = denoisers.chain(kinematics).chain(jets).map(|(model, found)| Training {
        model: model.to_owned(),
        sample: found.sample.to_string(),
        events: found.n_training,
        steps: found.steps,
        diverged: found.diverged,
        ..Training::of(&found.losses)
    });
    let flows = results.each::<TrainFlows>().flatten().map(|found| Training {
        model: format!("flow, {}", found.flow.word().replace('_', " ")),
        sample: found.sample.to_string(),
        events: found.n_training,
        steps: found.steps,
        diverged: found.diverged,
        ..Training::of(&found.losses)
    });
    diffused.chain(flows).collect()
}

impl Training {
    /// The last of these losses, of a training that is not described yet.
    fn of(losses: &[Loss]) -> Self {
        let last = losses.last();
        let validation_loss = last.and_then(|loss| loss.validation);
        Self { loss: last.map(|loss| loss.training), validation_loss, ..Self::default() }
    }

    /// The last losses in training and in validation.
    pub fn losses(&self) -> [String; 2] {
        [self.loss, self.validation_loss]
            .map(|value| value.map_or("–".to_owned(), |value| format!("{value:.4}")))
    }
}
