//! Where the bands of figures come from, and whether one method is better than another: tables for scans with several injections
//! or templates a point.
//!
//! The classifiers of one template share what is wrong with it, and all classifiers share the events that they are evaluated on:
//! the spread of fifty classifiers says nothing of either.

mod measure;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::measure::{MEASURES, Merit, Side};
use super::select;
use crate::job::axis_headings::{AXES, SIGNAL_REGION, STRENGTH};
use crate::job::{Draw, InjectionSeed, Job, ScanPoint, SignalCount};
use crate::statistics::components::{Components, PairedDifference};
use crate::store::results::OfClassifier;
use crate::store::{PointResults, Results};

/// A row of `variance.csv`: a point and a figure of merit.
#[derive(Serialize)]
struct VarianceRow {
    point: String,
    method: &'static str,
    n_signal: Option<u32>,
    measure: &'static str,
    injections: usize,
    templates: Option<usize>,
    classifiers: usize,
    mean: f64,
    mean_error: Option<f64>,
    sd_classifiers: Option<f64>,
    sd_templates: Option<f64>,
    sd_injections: Option<f64>,
    sd_evaluation: Option<f64>,
}

/// A row of `differences.csv`: two methods at an injection, or a method at two values of an axis.
#[derive(Serialize)]
struct DifferenceRow {
    n_signal: u32,
    measure: &'static str,
    method: &'static str,
    minus: &'static str,
    /// The axis in which both differ, with the value of either, [`OWN`] being what the job has and [`LARGEST`] pure noise; empty for two methods.
    axis: &'static str,
    value: String,
    minus_value: String,
    difference: f64,
    /// All of the following.
    error: f64,
    /// By what the differences of the injections, or of the templates of a single one, differ, and how many of them there are
    /// less one.
    error_draws: f64,
    degrees_of_freedom: usize,
    /// Of a side that was drawn once, whose classifiers all groups share.
    error_classifiers: f64,
    /// Of the evaluation events, of which those that both sides share do the same to both; of records without replicas of these
    /// events as if none were common to them.
    error_evaluation: f64,
    pairs: usize,
}

/// The text of `variance.csv`; none where every point has one injection and one template.
pub fn variance(results: &Results) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for found in results.points.iter().filter(|found| is_drawn_anew(found)) {
        for measure in &MEASURES {
            if let Some(row) = variance_row(found, results.job.classifier.folds, measure) {
                // Writing to memory cannot fail, and every row has the same fields.
                let _ = writer.serialize(row);
            }
        }
    }
    writer.into_inner().ok().filter(|bytes| !bytes.is_empty())
}

/// The text of `differences.csv`: each two methods of the closing table with the job's own side-bands, sampler, σ′ and
/// over-sampling, and each of them with one of these against itself with another value; none where no method has several
/// injections or templates.
pub fn differences(results: &Results) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |n_signal, pair, between: &Between| {
        for measure in &MEASURES {
            if let Some(row) = difference_row(&results.job, n_signal, pair, between, measure) {
                let _ = writer.serialize(row);
            }
        }
    };
    for n_signal in results.injections() {
        let shown = select::headline(results, n_signal, &select::ALL);
        for (place, one) in shown.iter().enumerate() {
            for other in &shown[place + 1..] {
                write(n_signal, (*one, *other), &Between::default());
            }
        }
        for own in shown {
            for found in &results.points {
                if let Some(between) = Between::of(&found.point, &own.point) {
                    write(n_signal, (found, own), &between);
                }
            }
        }
    }
    writer.into_inner().ok().filter(|bytes| !bytes.is_empty())
}

/// The value on an axis that a point does not name: the job's own.
const OWN: &str = "own";

/// The noise strength of a template that names none and is made from pure noise.
const LARGEST: &str = "largest";

/// In what two points of one method differ: nothing is told of two methods.
#[derive(Debug, Default, PartialEq)]
struct Between {
    axis: &'static str,
    values: [String; 2],
}

impl Between {
    /// The only axis in which two points of one method, one injection and one kind of inputs differ. Other signal regions are none:
    /// they have other events.
    fn of(one: &ScanPoint, other: &ScanPoint) -> Option<Self> {
        let what = |point: &ScanPoint| (point.method(), point.n_signal(), point.classifier.inputs());
        if what(one) != what(other) {
            return None;
        }
        let mut differing = AXES.into_iter().filter_map(|(axis, value)| {
            let values = [one, other].map(value);
            let differs = values[0] != values[1];
            let is_largest = axis == STRENGTH && !select::PARTIAL.contains(&one.method());
            let unnamed = if is_largest { LARGEST } else { OWN };
            let named = |value: Option<String>| value.unwrap_or_else(|| unnamed.to_owned());
            differs.then(|| Self { axis, values: values.map(named) })
        });
        differing.next().filter(|found| found.axis != SIGNAL_REGION && differing.next().is_none())
    }
}

fn is_drawn_anew(found: &PointResults) -> bool {
    found.by_draw(|_| Some(0.0)).len() > 1
}

/// Values of classifiers by what was drawn for them.
type ByDraw = BTreeMap<Draw, Vec<OfClassifier>>;

fn variance_row(found: &PointResults, folds: u32, measure: &Merit) -> Option<VarianceRow> {
    let by_draw = found.by_draw(measure.value);
    let has_templates = by_draw.keys().any(|draw| draw.template.is_some());
    let draws: Vec<Draw> = by_draw.keys().copied().collect();
    let mut by_injection: BTreeMap<_, Vec<Vec<f64>>> = BTreeMap::new();
    for (draw, classifiers) in by_draw {
        let values = classifiers.into_iter().map(|(_, value)| value).collect();
        by_injection.entry(draw.injection).or_default().push(values);
    }
    let components = Components::of(&by_injection.into_values().collect::<Vec<_>>())?;
    Some(VarianceRow {
        point: found.point.to_string(),
        method: found.point.method(),
        n_signal: found.point.n_signal().map(|count| count.0),
        measure: measure.word,
        injections: components.injections,
        templates: has_templates.then_some(components.templates),
        classifiers: components.classifiers,
        mean: components.mean,
        mean_error: components.mean_error,
        sd_classifiers: components.of_classifiers,
        sd_templates: components.of_templates,
        sd_injections: components.of_injections,
        sd_evaluation: measure.of_evaluation(found, draws.iter(), folds, components.mean),
    })
}

/// The mean over all classifiers.
fn mean(by_draw: &ByDraw) -> f64 {
    let values: Vec<f64> = by_draw.values().flatten().map(|(_, value)| *value).collect();
    values.iter().sum::<f64>() / values.len() as f64
}

/// Differences of two methods in classifiers of equal seed and fold, and what each of both methods was drawn with.
struct Paired {
    draws: [Draw; 2],
    differences: Vec<f64>,
}

impl Paired {
    /// Of all draws that belong together: with equal seeds of the injection and of the template, as far as both methods have them.
    fn all(first: &ByDraw, second: &ByDraw) -> Vec<Self> {
        fn agree<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
            one.is_none() || other.is_none() || one == other
        }
        let mut all = vec![];
        for (one, values) in first {
            let alike =
                |other: &&Draw| agree(one.injection, other.injection) && agree(one.template, other.template);
            for other in second.keys().filter(alike) {
                let others = &second[other];
                let partner = |key| others.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
                let differences =
                    values.iter().filter_map(|(key, value)| Some(value - partner(*key)?)).collect();
                all.push(Self { draws: [*one, *other], differences });
            }
        }
        all
    }

    fn injection(&self) -> Option<InjectionSeed> {
        let [one, other] = self.draws;
        one.injection.or(other.injection)
    }
}

/// What differs independently: injections, with all of their templates, where there are several; else templates.
fn groups(paired: &[Paired]) -> Vec<Vec<f64>> {
    let mut by_injection: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for pairs in paired.iter().filter(|pairs| !pairs.differences.is_empty()) {
        by_injection.entry(pairs.injection()).or_default().extend(&pairs.differences);
    }
    if by_injection.len() > 1 {
        return by_injection.into_values().collect();
    }
    paired.iter().map(|pairs| pairs.differences.clone()).collect()
}

fn difference_row(
    job: &Job,
    n_signal: SignalCount,
    (one, other): (&PointResults, &PointResults),
    between: &Between,
    measure: &Merit,
) -> Option<DifferenceRow> {
    let (first, second) = (one.by_draw(measure.value), other.by_draw(measure.value));
    let paired = Paired::all(&first, &second);
    let found = PairedDifference::of(&groups(&paired))?;
    let drawn = [0, 1].map(|side| -> BTreeSet<Draw> {
        let used = paired.iter().filter(|pairs| !pairs.differences.is_empty());
        used.map(|pairs| pairs.draws[side]).collect()
    });
    // The classifiers of a side that was drawn once are the same in each group: what they are off by does not show between groups.
    let of_classifiers = |(used, by_draw): (&BTreeSet<Draw>, &ByDraw)| {
        let only = used.first().filter(|_| used.len() == 1)?;
        let single: Vec<f64> = by_draw[only].iter().map(|(_, value)| *value).collect();
        let count = single.len() as f64;
        Components::of(&[vec![single]])?.of_classifiers.map(|spread| spread / count.sqrt())
    };
    let side = |(found, by_draw, draws)| Side { found, draws, mean: mean(by_draw) };
    let [used, others_used] = &drawn;
    let of_classifiers = [(used, &first), (others_used, &second)].map(of_classifiers);
    let error_classifiers = of_classifiers.into_iter().flatten().fold(0.0, f64::hypot);
    let sides = [(one, &first, used), (other, &second, others_used)].map(side);
    let error_evaluation = measure.of_difference(sides, job.classifier.folds);
    Some(DifferenceRow {
        n_signal: n_signal.0,
        measure: measure.word,
        method: one.point.method(),
        minus: other.point.method(),
        axis: between.axis,
        value: between.values[0].clone(),
        minus_value: between.values[1].clone(),
        difference: found.mean,
        error: found.error.hypot(error_classifiers).hypot(error_evaluation),
        error_draws: found.error,
        degrees_of_freedom: found.groups - 1,
        error_classifiers,
        error_evaluation,
        pairs: found.pairs,
    })
}

/// What the closing table says of them: how much of the spread of each method comes from where, at the largest injection.
pub fn told(results: &Results) -> String {
    let Some(n_signal) = results.injections().into_iter().max() else { return String::new() };
    let shown = select::headline(results, n_signal, &select::ALL);
    let several = shown.into_iter().filter(|found| is_drawn_anew(found));
    let lines = several.filter_map(|found| {
        let row = variance_row(found, results.job.classifier.folds, &MEASURES[0])?;
        let part = |part: Option<f64>| part.map_or_else(|| "-".to_owned(), |part| format!("{part:.2}"));
        let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let drawn = match row.templates {
            None => counted(row.injections, "injection"),
            Some(templates) if row.injections == 1 => counted(templates, "template"),
            Some(templates) => {
                format!("{} and {}", counted(row.injections, "injection"), counted(templates, "template"))
            }
        };
        // Of one template an injection, what templates vary by cannot be told apart.
        let is_mixed = row.sd_templates.is_none() && row.templates.is_some();
        let injections = if is_mixed { "injections with their templates" } else { "injections" };
        let beyond = [("templates", row.sd_templates), (injections, row.sd_injections)];
        let beyond = beyond.into_iter().filter(|(_, spread)| spread.is_some());
        let beyond: Vec<String> =
            beyond.map(|(what, spread)| format!(", {what} by {} beyond that", part(spread))).collect();
        let beyond = beyond.concat();
        Some(format!(
            "\nSIC at 10³ of {} at {n_signal} injected: {:.2} ± {} by {drawn}; classifiers vary by {}{beyond}, events of \
             evaluation by {}\n",
            crate::job::method_names::label(found.point.method()),
            row.mean,
            part(row.mean_error),
            part(row.sd_classifiers),
            part(row.sd_evaluation),
        ))
    });
    lines.collect()
}

#[cfg(test)]
mod tests;
