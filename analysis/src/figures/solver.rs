//! How many network evaluations the reverse diffusion needs: closure against evaluations, by rule.

use super::measure::Measure;
use super::palette::{self, Marked};
use super::{panels, select};
use crate::figures::FigureTable;
use crate::job::{ClassifierKind, Integration, SignalCount, Solver};
use crate::store::{PointResults, Results};
use drapes_draw::{Axis, Corner, Curve, Dash, Guide, Mark, Panel, Picture, Row, Style};

const PANEL: &str = "closure_auc";

/// DRAPES ∅ without signal; empty where no two points differ in their sampler.
pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let wanted = |found: &&PointResults| {
        let point = &found.point;
        point.method() == "noise"
            && point.classifier == ClassifierKind::Mlp
            && select::is_nominal_band(results, point)
            && select::has_signal(point, SignalCount(0))
            && select::from_pure_noise(results, point)
    };
    let points = results.points.iter().filter(wanted);
    let own = Integration { solver: results.job.sampler.solver, steps: results.job.sampler.steps };
    let sampler = |found: &PointResults| {
        found.point.template().and_then(|template| template.integration).unwrap_or(own)
    };
    let mut found = select::nominal(results, points, sampler);
    found.sort_by_key(|(Integration { steps, .. }, _)| *steps);
    for rule in [Solver::Heun, Solver::Euler, Solver::Dpmpp2m] {
        for (Integration { steps, .. }, point) in found.iter().filter(|(here, _)| here.solver == rule) {
            if let Some((band, _)) = Measure::Closure.of(point) {
                table.push(PANEL, rule.word(), rule.evaluations(*steps) as f64, band, None);
            }
        }
    }
    let compared = table.rows.len() > 1;
    table.only_if(|_| compared)
}

pub fn picture(table: &FigureTable) -> Picture {
    let looks = [
        (Solver::Heun, "Heun, two evaluations a step", Dash::Solid, 1.0),
        (Solver::Euler, "Euler, one evaluation a step", Dash::Dashed, 0.3),
        (Solver::Dpmpp2m, "DPM-Solver++(2M), one evaluation a step", Dash::Dotted, 0.6),
    ];
    let marks = looks.into_iter().filter_map(|(rule, label, dash, shade)| {
        let rows = table.curve(PANEL, rule.word());
        let plain = palette::curve("noise", &rows, Marked::Yes);
        let style = Style { colour: palette::shade(shade), ..plain.style.dashed(dash) };
        let curve = Curve { label: Some(label.to_owned()), style, ..plain };
        (!rows.is_empty()).then_some(Mark::Curve(curve))
    });
    let panel = Panel {
        note: Some(panels::note("DRAPES ∅, no signal injected", Corner::TopLeft)),
        guides: vec![Guide::Horizontal { y: 0.5, dash: Dash::Dashed, label: None }],
        ..Panel::new(Axis::log("network evaluations an event"), Measure::Closure.axis(), marks.collect())
    };
    Picture {
        footnote: Some(panels::moving_together(panels::BANDS, panels::SHARED_NOISE)),
        ..Picture::new(vec![Row::new(vec![panel])])
    }
}
