//! Where the bands of figures come from, and whether one method is better than another: tables for scans with several templates
//! a point.
//!
//! The classifiers of one template share what is wrong with it, and all classifiers share the events that they are evaluated on:
//! the spread of fifty classifiers says nothing of either.

use serde::Serialize;

use super::select;
use crate::job::SignalCount;
use crate::statistics::components::{Components, PairedDifference};
use crate::store::{Classifier, PointResults, Results};

/// A figure of merit.
struct Measure {
    word: &'static str,
    value: fn(&Classifier) -> Option<f64>,
    /// The rejection behind it, where it is a significance improvement at one.
    rejection: Option<f64>,
}

const MEASURES: [Measure; 3] = [
    Measure { word: "sic_at_1e3", value: |found| found.performance.sic_at_1e3, rejection: Some(1e3) },
    Measure { word: "sic_at_5e3", value: |found| found.performance.sic_at_5e3, rejection: Some(5e3) },
    Measure { word: "auc", value: |found| found.performance.auc, rejection: None },
];

/// A row of `variance.csv`: a point and a figure of merit.
#[derive(Serialize)]
struct VarianceRow {
    point: String,
    method: &'static str,
    n_signal: Option<u32>,
    measure: &'static str,
    templates: usize,
    classifiers: usize,
    mean: f64,
    mean_error: Option<f64>,
    sd_classifiers: Option<f64>,
    sd_templates: Option<f64>,
    sd_evaluation: Option<f64>,
}

/// A row of `differences.csv`: two methods at an injection.
#[derive(Serialize)]
struct DifferenceRow {
    n_signal: u32,
    measure: &'static str,
    method: &'static str,
    minus: &'static str,
    difference: f64,
    error: f64,
    templates: usize,
    pairs: usize,
}

/// The text of `variance.csv`; none where every point has one template.
pub fn variance(results: &Results) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for found in results.points.iter().filter(|found| has_several_templates(found)) {
        for measure in &MEASURES {
            if let Some(row) = variance_row(found, measure) {
                // Writing to memory cannot fail, and every row has the same fields.
                let _ = writer.serialize(row);
            }
        }
    }
    writer.into_inner().ok().filter(|bytes| !bytes.is_empty())
}

/// The text of `differences.csv`: each two methods of the closing table with the job's own side-bands, sampler, σ′ and
/// over-sampling; none where no method has several templates.
pub fn differences(results: &Results) -> Option<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for n_signal in results.injections() {
        let shown = select::headline(results, n_signal, &select::ALL);
        for (place, one) in shown.iter().enumerate() {
            for other in &shown[place + 1..] {
                for measure in &MEASURES {
                    if let Some(row) = difference_row(n_signal, (one, other), measure) {
                        let _ = writer.serialize(row);
                    }
                }
            }
        }
    }
    writer.into_inner().ok().filter(|bytes| !bytes.is_empty())
}

fn has_several_templates(found: &PointResults) -> bool {
    found.by_template(|_| Some(0.0)).len() > 1
}

fn variance_row(found: &PointResults, measure: &Measure) -> Option<VarianceRow> {
    let templates = found.by_template(measure.value).into_values();
    let templates: Vec<Vec<f64>> =
        templates.map(|classifiers| classifiers.into_iter().map(|(_, value)| value).collect()).collect();
    let components = Components::of(&templates)?;
    // SIC is ε_S √R: the rejection is known as well as the events are that pass, half of which reaches SIC.
    let of_evaluation = |rejection: f64| {
        let passing = found.background_events() / rejection;
        (passing > 0.0).then(|| components.mean * 0.5 / passing.sqrt())
    };
    Some(VarianceRow {
        point: found.point.to_string(),
        method: found.point.method(),
        n_signal: found.point.n_signal().map(|count| count.0),
        measure: measure.word,
        templates: components.templates,
        classifiers: components.classifiers,
        mean: components.mean,
        mean_error: components.mean_error,
        sd_classifiers: components.of_classifiers,
        sd_templates: components.of_templates,
        sd_evaluation: measure.rejection.and_then(of_evaluation),
    })
}

/// Classifiers of equal seed and fold are a pair; those that see templates of equal seed, or a template of one method beside a
/// reference without, are a group.
fn difference_row(
    n_signal: SignalCount,
    (one, other): (&PointResults, &PointResults),
    measure: &Measure,
) -> Option<DifferenceRow> {
    let (first, second) = (one.by_template(measure.value), other.by_template(measure.value));
    if first.len() < 2 && second.len() < 2 {
        return None;
    }
    let mut groups: Vec<Vec<f64>> = vec![];
    for (seed, values) in &first {
        for (_, others) in second.iter().filter(|(own, _)| *own == seed || own.is_none() || seed.is_none()) {
            let partner = |key| others.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
            let pairs = values.iter().filter_map(|(key, value)| Some(value - partner(*key)?));
            groups.push(pairs.collect());
        }
    }
    let found = PairedDifference::of(&groups)?;
    Some(DifferenceRow {
        n_signal: n_signal.0,
        measure: measure.word,
        method: one.point.method(),
        minus: other.point.method(),
        difference: found.mean,
        error: found.error,
        templates: found.groups,
        pairs: found.pairs,
    })
}

/// What the closing table says of them: how much of the spread of each method comes from where, at the largest injection.
pub fn told(results: &Results) -> String {
    let Some(n_signal) = results.injections().into_iter().max() else { return String::new() };
    let shown = select::headline(results, n_signal, &select::ALL);
    let several = shown.into_iter().filter(|found| has_several_templates(found));
    let lines = several.filter_map(|found| {
        let row = variance_row(found, &MEASURES[0])?;
        let part = |part: Option<f64>| part.map_or_else(|| "-".to_owned(), |part| format!("{part:.2}"));
        Some(format!(
            "\nSIC at 10³ of {} at {n_signal} injected: {:.2} ± {} by {} templates; classifiers vary by {}, templates by {} beyond \
             that, events of evaluation by {}\n",
            crate::job::method_names::label(found.point.method()),
            row.mean,
            part(row.mean_error),
            row.templates,
            part(row.sd_classifiers),
            part(row.sd_templates),
            part(row.sd_evaluation),
        ))
    });
    lines.collect()
}

#[cfg(test)]
mod tests;
