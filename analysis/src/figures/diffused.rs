//! Fig. 16: distributions of signal and background after partial diffusion by DRAPES SR, with the ratio to those before.

use super::{histogram, palette, panels, select};
use crate::figures::FigureTable;
use crate::job::hlv;
use crate::store::{FeatureSpectra, Results, TemplateSummary};
use drapes_draw::{
    Axis, Colour, Corner, Dash, Filling, Guide, Legend, Mark, Panel, Picture, Row, Steps, Style,
};

/// The features of the paper's figure.
const FEATURES: [&str; 3] = ["m_j1", "tau21_j1", "dr_jj"];
/// The strongest noise that the paper shows.
const STRONGEST: f64 = 10.0;
/// Smallest share of events in a bin for which a ratio is shown.
const LEAST_SHARE: f64 = 1e-3;

/// A process before and after: word, label and colour of each.
struct Process {
    truth: (&'static str, &'static str, Colour),
    generated: (&'static str, &'static str, Colour),
    spectra: fn(&FeatureSpectra) -> (&[f64], &[f64]),
}

const PROCESSES: [Process; 2] = [
    Process {
        truth: ("background", "true background", palette::TRUE_BACKGROUND),
        generated: ("from_background", "generated from background", palette::FROM_BACKGROUND),
        spectra: |spectra| (&spectra.background, &spectra.from_background),
    },
    Process {
        truth: ("signal", "true signal", palette::TRUE_SIGNAL),
        generated: ("from_signal", "generated from signal", palette::FROM_SIGNAL),
        spectra: |spectra| (&spectra.signal, &spectra.from_signal),
    },
];

pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    for summary in chosen(results) {
        for column in columns(&results.job.data.features) {
            let (Some(feature), Some(spectra)) =
                (results.job.data.features.get(column), summary.spectra.get(column))
            else {
                continue;
            };
            // The figure rounds σ′ as it is written in its panel.
            let place = format!("{:.3}-{feature}", summary.strength());
            push(&mut table, &place, spectra);
        }
    }
    table
}

fn push(table: &mut FigureTable, place: &str, spectra: &FeatureSpectra) {
    for process in PROCESSES {
        let (truth, generated) = (process.spectra)(spectra);
        for ((word, ..), contents) in [(process.truth, truth), (process.generated, generated)] {
            histogram::push(table, &format!("spectrum-{place}"), word, &spectra.edges, contents);
        }
    }
    for process in PROCESSES {
        let (truth, generated) = (process.spectra)(spectra);
        let bins = spectra.edges.windows(2).zip(truth.iter().zip(generated));
        for (edges, (truth, generated)) in bins.filter(|(_, (truth, _))| **truth >= LEAST_SHARE) {
            let centre = f64::midpoint(edges[0], edges[1]);
            table.push_value(&format!("ratio-{place}"), process.generated.0, centre, generated / truth);
        }
    }
}

/// Up to three noise strengths at the largest injection: the least, the job's, and the largest that is not too strong.
fn chosen(results: &Results) -> Vec<&TemplateSummary> {
    let mut found = select::templates(results, "sr");
    found.retain(|summary| summary.spectra.iter().any(|spectra| !spectra.from_background.is_empty()));
    let injected =
        |summary: &TemplateSummary| summary.template.map(|template| template.sample.injection.n_signal);
    let most = found.iter().map(|summary| injected(summary)).max().flatten();
    found.retain(|summary| injected(summary) == most);
    found.sort_by(|one, other| one.strength().total_cmp(&other.strength()));
    let nominal = results.job.sigma_prime.0;
    let far = |summary: &&TemplateSummary| (summary.strength() / nominal).ln().abs();
    let middle = found.iter().copied().min_by(|one, other| far(one).total_cmp(&far(other)));
    let last = found.iter().copied().rfind(|summary| summary.strength() < STRONGEST);
    let mut three: Vec<&TemplateSummary> =
        [found.first().copied(), middle, last].into_iter().flatten().collect();
    three.sort_by(|one, other| one.strength().total_cmp(&other.strength()));
    three.dedup_by(|one, other| one.template == other.template);
    three
}

/// The columns of the paper's features as far as the job has them, filled up to three with others.
fn columns(features: &[String]) -> Vec<usize> {
    let named = FEATURES.iter().filter_map(|name| features.iter().position(|feature| feature == name));
    let mut columns: Vec<usize> = named.collect();
    let others: Vec<usize> = (0..features.len()).filter(|column| !columns.contains(column)).collect();
    columns.extend(others.into_iter().take(FEATURES.len() - columns.len()));
    columns
}

pub fn picture(table: &FigureTable) -> Picture {
    let mut rows: Vec<Row> = Vec::new();
    let mut strengths: Vec<&str> = Vec::new();
    let spectra: Vec<&str> = table.panels().into_iter().filter(|p| p.starts_with("spectrum-")).collect();
    for panel in &spectra {
        let strength = parts(panel).0;
        if !strengths.contains(&strength) {
            strengths.push(strength);
        }
    }
    for strength in strengths {
        let of_row: Vec<&str> = spectra.iter().copied().filter(|panel| parts(panel).0 == strength).collect();
        rows.push(Row {
            height: 220.0,
            ..Row::new(of_row.iter().map(|panel| spectrum(table, panel)).collect())
        });
        let ratio = |panel: &&str| ratio(table, &panel.replacen("spectrum-", "ratio-", 1));
        rows.push(Row { height: 90.0, ..Row::below(of_row.iter().map(ratio).collect()) });
    }
    Picture {
        legend: Legend::Above,
        footnote: Some(
            "DRAPES SR; the ratios are of generated to true events of the same kind, where at least 0.1% of the true \
             ones fall"
                .to_owned(),
        ),
        frame_width: 300.0,
        ..Picture::new(rows)
    }
}

/// The noise strength and the feature of a panel.
fn parts(panel: &str) -> (&str, &str) {
    let place = panel.split_once('-').map_or(panel, |(_, place)| place);
    place.split_once('-').unwrap_or((place, ""))
}

fn spectrum(table: &FigureTable, panel: &str) -> Panel {
    let (strength, feature) = parts(panel);
    let there = table.curves(panel);
    let mut marks = Vec::new();
    for process in PROCESSES {
        let (word, label, colour) = process.truth;
        let truth = histogram::steps(table, panel, word, label, Style { width: 1.0, ..Style::line(colour) });
        marks.push(Mark::Steps(Steps { filling: Filling::Light, ..truth }));
    }
    for process in PROCESSES {
        let (word, label, colour) = process.generated;
        if there.contains(&word) {
            marks.push(Mark::Steps(histogram::steps(table, panel, word, label, Style::line(colour))));
        }
    }
    let top = 1.25 * histogram::highest(table, panel);
    let y = Axis::linear(histogram::SHARE).within(0.0, top);
    let strength = strength.trim_end_matches('0').trim_end_matches('.');
    Panel {
        note: Some(panels::note(format!("*σ*′ = {strength}"), Corner::TopRight)),
        ..Panel::new(Axis::linear(hlv::label(feature)), y, marks)
    }
}

fn ratio(table: &FigureTable, panel: &str) -> Panel {
    let feature = parts(panel).1;
    let marks = PROCESSES.iter().filter_map(|process| {
        let (word, _, colour) = process.generated;
        let rows = table.curve(panel, word);
        let points: Vec<_> = rows.iter().map(|row| drapes_draw::Point::exact(row.x, row.mean)).collect();
        let curve = drapes_draw::Curve { label: None, style: Style::line(colour), points };
        (!rows.is_empty()).then_some(Mark::Curve(curve))
    });
    let y = Axis::linear("gen. / true").within(0.0, 2.0);
    Panel {
        guides: vec![Guide::Horizontal { y: 1.0, dash: Dash::Dashed, label: None }],
        ..Panel::new(Axis::linear(hlv::label(feature)), y, marks.collect())
    }
}
