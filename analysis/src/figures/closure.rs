//! The check that ends every scan: whether templates are like the true background that they stand for.
//!
//! In simulated data it is known which events are background. A classifier is trained to tell data from template. If it then
//! also tells true background from the template, on events that it has not seen, the template differs from the background,
//! whatever signal was injected, and an excess may be nothing but this difference.

use crate::job::method_names::label;
use crate::job::{ClassifierKind, Draw, Inputs, Job, ScanPoint, TemplateSpec};
use crate::plan::work::MakeTemplate;
use crate::store::{FeatureDistance, PointResults, Results, TemplateSummary};

/// By how many standard errors a mean AUC must exceed the threshold to count as a failure.
const ERRORS: f64 = 2.0;
/// The most features that a warning names.
const NAMED: usize = 3;

/// A method whose templates fail closure, as judged by one kind of classifier.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The word of the method.
    pub method: &'static str,
    /// The kind of the classifiers.
    pub classifier: ClassifierKind,
    /// Points that fail, and all points of the method with such classifiers.
    pub points: (usize, usize),
    /// The name of the point that fails worst: one method may have points that nobody expects to close.
    pub worst: String,
    /// The largest mean AUC among them, which is that point's.
    pub auc: f64,
    /// The features at fault where it is largest, the worst first; none where no template of features is known.
    pub features: Option<Vec<(String, FeatureDistance)>>,
}

/// The failures of a scan by method and classifier, in the order of its points.
pub fn failures(results: &Results) -> Vec<Failure> {
    failures_among(results, &results.points.iter().collect::<Vec<_>>())
}

/// Those of some of its points.
pub fn failures_among(results: &Results, points: &[&PointResults]) -> Vec<Failure> {
    let mut found: Vec<Failure> = Vec::new();
    for &point in points {
        let (method, classifier) = (point.point.method(), point.point.classifier);
        let Some((draw, auc)) = failing(&results.job, point) else { continue };
        let (worst, features) = (point.point.to_string(), features(results, &point.point, draw));
        let known = found.iter_mut().find(|known| (known.method, known.classifier) == (method, classifier));
        if let Some(known) = known {
            known.points.0 += 1;
            if auc > known.auc {
                (known.auc, known.features, known.worst) = (auc, features, worst);
            }
        } else {
            let all = points.iter().map(|point| (point.point.method(), point.point.classifier));
            let all = all.filter(|kind| *kind == (method, classifier)).count();
            found.push(Failure { method, classifier, points: (1, all), worst, auc, features });
        }
    }
    found
}

/// The template of a point that fails worst, and its mean AUC. Each template is judged by its own classifiers: the mean over
/// several would hide one that is bad.
fn failing(job: &Job, found: &PointResults) -> Option<(Draw, f64)> {
    let templates = found.by_draw(|classifier| classifier.background_closure_auc).into_iter();
    let failing = templates.filter_map(|(draw, values)| {
        let classifiers = found.classifiers.iter().filter(|result| result.draw == draw).count();
        // Records of earlier versions do not have the number.
        let values: Vec<f64> = values.into_iter().map(|(_, value)| value).collect();
        (values.len() == classifiers).then_some(())?;
        Some((draw, beyond(job, found, &values)?))
    });
    failing.max_by(|one, other| one.1.total_cmp(&other.1))
}

/// The mean AUC of the classifiers of one template, where it fails beyond its error.
fn beyond(job: &Job, found: &PointResults, values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    // Classifiers of other seeds look at the same events: only the folds are independent.
    let between = (variance / (count.min(f64::from(job.classifier.folds)) - 1.0).max(1.0)).sqrt();
    let (background, template) =
        (found.sizes.data_background.max(1) as f64, found.sizes.template.max(1) as f64);
    let by_chance = ((background + template + 1.0) / (12.0 * background * template)).sqrt();
    (mean - ERRORS * between.max(by_chance) > job.closure.threshold).then_some(mean)
}

/// The features of the point's template of these seeds that differ from true background by more than sampling explains.
fn features(results: &Results, point: &ScanPoint, draw: Draw) -> Option<Vec<(String, FeatureDistance)>> {
    let mut wanted: TemplateSpec = point.template().filter(|template| template.inputs == Inputs::Hlv)?;
    wanted.sample.template_seed = draw.template.unwrap_or_default();
    wanted.sample.injection.injection_seed = draw.injection.unwrap_or_default();
    let of = |summary: &&TemplateSummary| summary.template == Some(wanted) && !summary.distances.is_empty();
    let summary = results.each::<MakeTemplate>().map(Box::as_ref).find(of)?;
    let named = results.job.data.features.iter().cloned().zip(summary.distances.iter().copied());
    let mut standing_out: Vec<_> = named.filter(|(_, distance)| distance.excess() > 1.0).collect();
    standing_out.sort_by(|one, other| other.1.excess().total_cmp(&one.1.excess()));
    Some(standing_out)
}

impl Failure {
    /// The warning of the closing table.
    pub fn warning(&self, threshold: f64) -> String {
        let failed = self.points.0;
        format!(
            "warning: closure fails for {} by {}{}: true background is told from the template with an AUC of {}{:.3} \
             (closure.threshold = {threshold}, exceeded by more than two errors), so that what looks like signal may be none; {}",
            label(self.method),
            self.classifier.word(),
            self.place(),
            if failed > 1 { "up to " } else { "" },
            self.auc,
            self.fault()
        )
    }

    /// The warning below a picture.
    pub fn note(&self) -> String {
        format!(
            "closure fails for {} by {}{} (AUC {}{:.2}); {}",
            label(self.method),
            self.classifier.word(),
            self.place(),
            if self.points.0 > 1 { "up to " } else { "" },
            self.auc,
            self.fault()
        )
    }

    /// At which of several points.
    fn place(&self) -> String {
        match self.points {
            (_, 1) => String::new(),
            (1, all) => format!(" at one of {all} points, {}", self.worst),
            (failed, all) => format!(" at {failed} of {all} points, the worst of them {}", self.worst),
        }
    }

    fn fault(&self) -> String {
        match self.features.as_deref() {
            None => "compare their distributions".to_owned(),
            Some([]) => "no single feature stands out: correlations".to_owned(),
            Some(features) => {
                let mut named: Vec<String> =
                    features.iter().take(NAMED).map(|(name, distance)| fault(name, distance)).collect();
                if features.len() > NAMED {
                    named.push(format!("{} more", features.len() - NAMED));
                }
                format!("at fault: {}", named.join(", "))
            }
        }
    }
}

fn fault(name: &str, distance: &FeatureDistance) -> String {
    match distance.is_of_value() {
        Some(value) => format!(
            "{name} ({} in {:.1}% of the background, {:.1}% of the template)",
            crate::text::number::short(value.value),
            100.0 * value.background,
            100.0 * value.template
        ),
        None => format!(
            "{name} (distance {:.3}, by chance below {:.3})",
            distance.cumulative, distance.cumulative_by_chance
        ),
    }
}

#[cfg(test)]
mod tests;
