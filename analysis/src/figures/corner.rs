//! The template of DRAPES ∅ beside the true background of the signal region: each feature, and each pair of them.

use super::contour::Density;
use super::{histogram, palette};
use crate::figures::FigureTable;
use crate::job::hlv;
use crate::store::unblinding::Blinding;
use crate::store::{PairDensity, Results, TemplateSummary};
use drapes_draw::{
    Axis, Colour, Curve, Dash, Filling, Legend, Mark, Panel, Picture, Point, Row, Steps, Style,
};

use super::select;

const TRUTH: &str = "background";
/// What stands in its place where events have no labels: all of the window, signal included.
const DATA: &str = "data";
const TEMPLATE: &str = "generated";
/// Shares of events within the contours, in percent.
const SHARES: [(u8, Dash); 2] = [(68, Dash::Solid), (95, Dash::Dashed)];
const TRUTH_COLOUR: Colour = Colour::hex(0x30_3030);

/// On the diagonal a histogram of each feature, elsewhere contours of each pair: the rows of a contour hold its points, one
/// feature in `x` and the other in `mean`. Empty while a search of unlabelled data is blind, which would show in which features they are
/// unlike the template.
pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let Some(summary) = chosen(results) else { return table };
    let is_unlabelled = results.job.is_unlabelled();
    if is_unlabelled && results.blinding() == Blinding::Blind {
        return table;
    }
    let truth = if is_unlabelled { DATA } else { TRUTH };
    let features = &results.job.data.features;
    for (feature, spectra) in features.iter().zip(&summary.spectra) {
        histogram::push(&mut table, feature, truth, &spectra.edges, &spectra.background);
        histogram::push(&mut table, feature, TEMPLATE, &spectra.edges, &spectra.generated);
    }
    for pair in &summary.pairs {
        if let (Some(x), Some(y)) = (features.get(pair.x), features.get(pair.y)) {
            push_pair(&mut table, &panel(x, y), pair, truth);
        }
    }
    table
}

/// The template with the least signal: there the background alone is compared.
fn chosen(results: &Results) -> Option<&TemplateSummary> {
    let mut found = select::templates(results, "noise");
    found.retain(|summary| !summary.pairs.is_empty());
    found
        .into_iter()
        .min_by_key(|summary| summary.template.map(|template| template.sample.injection.n_signal))
}

fn panel(x: &str, y: &str) -> String {
    format!("{y} against {x}")
}

fn push_pair(table: &mut FigureTable, panel: &str, pair: &PairDensity, truth: &str) {
    for (word, contents) in [(truth, &pair.background), (TEMPLATE, &pair.generated)] {
        let density = Density::of_bins(&pair.x_edges, &pair.y_edges, contents);
        for (share, _) in SHARES {
            let lines = density.lines(density.level(f64::from(share) / 100.0));
            for (index, line) in lines.iter().enumerate() {
                for (x, y) in line {
                    table.push_value(panel, &format!("{word}-{share}-{index}"), *x, *y);
                }
            }
        }
    }
}

pub fn picture(table: &FigureTable) -> Picture {
    let features: Vec<&str> =
        table.panels().into_iter().filter(|panel| !panel.contains(" against ")).collect();
    let rows = features.iter().enumerate().map(|(row, y)| {
        let panels = features[..=row].iter().enumerate().map(|(column, x)| {
            let across = axis(table, x);
            let (up, marks) = if column == row {
                // Only the shapes of the histograms are compared, so the vertical axis carries no numbers.
                let highest = 1.15 * histogram::highest(table, x);
                (Axis::linear("").within(0.0, highest).bare(), shapes(table, x))
            } else {
                (axis(table, y), contours(table, &panel(x, y)))
            };
            let up = if column == 0 { up } else { Axis { label: String::new(), ..up }.bare() };
            Panel::new(across, up, marks)
        });
        let panels = panels.collect();
        if row == 0 { Row::new(panels) } else { Row::below(panels) }
    });
    Picture {
        legend: Legend::Above,
        footnote: Some(
            "lines around the most densely populated 68% (solid) and 95% (dashed) of the events".to_owned(),
        ),
        frame_width: SIDE,
        ..Picture::new(rows.map(|row| Row { height: SIDE, ..row }).collect())
    }
}

/// Side of a frame in points.
const SIDE: f64 = 165.0;

/// The axis of a feature, as long as its histogram.
fn axis(table: &FigureTable, feature: &str) -> Axis {
    let (edges, _) = histogram::read(table, feature, TRUTH);
    let axis = Axis::linear(hlv::label(feature));
    match (edges.first(), edges.last()) {
        (Some(low), Some(high)) => axis.within(*low, *high),
        _ => axis,
    }
}

fn looks() -> [(&'static str, &'static str, Colour); 3] {
    [
        (TRUTH, "true background of the signal region", TRUTH_COLOUR),
        (DATA, "data of the signal region", TRUTH_COLOUR),
        (TEMPLATE, "template of DRAPES ∅", palette::colour("noise")),
    ]
}

fn shapes(table: &FigureTable, panel: &str) -> Vec<Mark> {
    let step = |(word, label, colour): (&str, &str, Colour)| {
        let filling = if word == TEMPLATE { Filling::Empty } else { Filling::Light };
        Mark::Steps(Steps { filling, ..histogram::steps(table, panel, word, label, Style::line(colour)) })
    };
    let is_there = |(word, ..): &(&str, &str, Colour)| !table.curve(panel, word).is_empty();
    looks().into_iter().filter(is_there).map(step).collect()
}

fn contours(table: &FigureTable, panel: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (word, _, colour) in looks() {
        for (share, dash) in SHARES {
            let start = format!("{word}-{share}-");
            for line in table.curves(panel).into_iter().filter(|curve| curve.starts_with(&start)) {
                let rows = table.curve(panel, line);
                let points = rows.iter().map(|row| Point::exact(row.x, row.mean)).collect();
                let style = Style { width: 1.5, ..Style::line(colour).dashed(dash) };
                marks.push(Mark::Curve(Curve { label: None, style, points }));
            }
        }
    }
    marks
}
