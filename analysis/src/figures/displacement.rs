//! Fig. 15: how far DRAPES SR moves signal and background, feature by feature.

use super::{palette, panels, select};
use crate::figures::FigureTable;
use crate::job::hlv;
use crate::store::{Displacement, Results, TemplateSummary};
use drapes_draw::{Axis, Corner, Curve, Legend, Mark, Marker, Panel, Picture, Point, Style};

const BACKGROUND: &str = "background";
const SIGNAL: &str = "signal";

/// One process of a displacement.
type Side = fn(&Displacement) -> &[f64];

pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let mut moved: Vec<(&TemplateSummary, &Displacement)> = select::templates(results, "sr")
        .into_iter()
        .filter_map(|summary| Some((summary, summary.displacement.as_ref()?)))
        .collect();
    let injected =
        |summary: &TemplateSummary| summary.template.map(|template| template.sample.injection.n_signal);
    let most = moved.iter().map(|(summary, _)| injected(summary)).max().flatten();
    moved.retain(|(summary, _)| injected(summary) == most);
    moved.sort_by(|(one, _), (other, _)| one.strength().total_cmp(&other.strength()));
    let sides: [(&str, Side); 2] = [(BACKGROUND, |d| &d.background), (SIGNAL, |d| &d.signal)];
    for (column, feature) in results.job.data.features.iter().enumerate() {
        for (curve, side) in sides {
            for (summary, displacement) in &moved {
                if let Some(distance) = side(displacement).get(column) {
                    table.push_value(feature, curve, summary.strength(), *distance);
                }
            }
        }
    }
    table.only_if_some_curve_runs()
}

pub fn picture(table: &FigureTable) -> Picture {
    let looks = [
        (BACKGROUND, palette::FROM_BACKGROUND, Marker::Disc),
        (SIGNAL, palette::TRUE_SIGNAL, Marker::Diamond),
    ];
    let furthest = table.rows.iter().map(|row| row.mean).fold(1e-3, f64::max);
    let panels = table.panels().into_iter().map(|feature| {
        let marks = looks.iter().filter(|(word, ..)| table.curves(feature).contains(word)).map(
            |(word, colour, marker)| {
                let rows = table.curve(feature, word);
                let points = rows.iter().map(|row| Point::exact(row.x, row.mean)).collect();
                Mark::Curve(Curve::new(*word, Style::line(*colour).marked(*marker), points))
            },
        );
        let x = Axis::log("noise strength *σ*′ [standard deviations]");
        let y = Axis::linear("mean displacement [std. dev.]").within(0.0, 1.2 * furthest);
        Panel {
            note: Some(panels::note(symbol(feature), Corner::TopLeft)),
            ..Panel::new(x, y, marks.collect())
        }
    });
    Picture {
        legend: Legend::Above,
        footnote: Some(
            "mean absolute distance between an event and what DRAPES SR makes of it, in standard deviations of the \
             true background"
                .to_owned(),
        ),
        ..Picture::new(panels::rows(panels.collect(), 3))
    }
}

/// The feature without its unit, which displacements do not have.
fn symbol(feature: &str) -> String {
    let label = hlv::label(feature);
    label.split(" [").next().unwrap_or(&label).to_owned()
}
