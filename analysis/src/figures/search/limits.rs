//! Upper limits against mass, on signal events that pass a cut, or on the signal of a window: a panel a cut, a row an estimate of the
//! background.

use super::axis;
use super::numbers::{CutNumbers, Estimate, Excess, of_all};
use super::sensed::Conversions;
use crate::figures::{FigureTable, panels};
use crate::statistics::band::Band;
use crate::statistics::search::limits::UpperLimits;
use crate::store::Results;
use crate::store::unblinding::Blinding;
use drapes_draw::{
    Axis, Colour, Corner, Curve, Dash, Legend, Mark, Marker, Panel, Picture, Point, Points, Row, Style,
};

const OBSERVED: &str = "observed";
/// The curve of the row whose panel says what the limits are on, where it is not what passes.
const LIMITED: &str = "limits on";
/// What limits are on.
const PASSING: &str = "signal events";
const IN_WINDOW: &str = "signal events in the window";
const CROSS_SECTION: &str = "*σ* [fb]";
/// Medians with the band of one standard deviation, and with that of two.
const EXPECTED: [&str; 2] = ["expected", "expected, 2σ"];
/// Bands of one and of two standard deviations.
const COLOURS: [Colour; 2] = [Colour::hex(0x1f_8a3c), Colour::hex(0xe0_a800)];

/// Limits of every window at its centre. While the search is blind there is no observed one, and what is expected follows from b
/// alone; afterwards it takes the background that is most likely for the data without signal, as in `search.csv`.
pub fn table(name: &str, results: &Results) -> FigureTable {
    limited(name, results, &[], |_, excess| excess.visible_limits(results.blinding()))
}

/// The same of the signal of a window before the cut, by how much of simulated signal passes it; of cross-sections, where luminosity and
/// acceptance are known. Beside them what a count over the fit excludes without a cut, which is what a classifier adds to. Empty without
/// pseudo-experiments with signal.
pub fn table_of_signal(name: &str, results: &Results) -> FigureTable {
    let conversions = Conversions::of(results);
    let of_signal = |found: &CutNumbers<'_>, excess: &Excess| {
        conversions.at(found)?.on_signal(excess, results.blinding())
    };
    let mut table = limited(name, results, &[1.0], of_signal);
    if !table.rows.is_empty() {
        let sensitivity = results.job.search.as_ref().and_then(|search| search.sensitivity.as_ref());
        let is_produced = sensitivity.is_some_and(|sensitivity| sensitivity.produced.is_some());
        table.push_value(if is_produced { CROSS_SECTION } else { IN_WINDOW }, LIMITED, 0.0, 1.0);
    }
    table
}

/// Limits of every window and cut, and of what is further counted as one: those that `limits` makes of the numbers of a cut.
fn limited(
    name: &str,
    results: &Results,
    further: &[f64],
    limits: impl Fn(&CutNumbers<'_>, &Excess) -> Option<UpperLimits>,
) -> FigureTable {
    let mut table = FigureTable::new(name);
    let all = of_all(results);
    for estimate in Estimate::BOTH {
        for cut in results.job.search.iter().flat_map(|search| &search.efficiencies).chain(further) {
            let mut of_cut: Vec<(f64, UpperLimits)> = all
                .iter()
                .filter(|found| found.efficiency.to_bits() == cut.to_bits())
                .filter_map(|found| {
                    let window = found.regions.signal;
                    let limits = limits(found, found.excess(estimate)?)?;
                    Some((f64::midpoint(window.low.0, window.high.0), limits))
                })
                .collect();
            of_cut.sort_by(|one, other| one.0.total_cmp(&other.0));
            push(&mut table, &format!("{} at {cut}", estimate.word()), &of_cut, results.blinding());
        }
    }
    // Only a blind figure has no observed limit anywhere: one of an open search that excludes nothing says so.
    let is_observed = table.rows.iter().any(|row| row.curve == OBSERVED);
    if results.blinding() == Blinding::Open && !table.rows.is_empty() && !is_observed {
        table.push_value("no signal is excluded", OBSERVED, 0.0, 0.0);
    }
    axis::push(&mut table, &results.job);
    axis::push_windows(&mut table, all.iter().map(|found| axis::centre(found.regions.signal)));
    table
}

fn push(table: &mut FigureTable, panel: &str, limits: &[(f64, UpperLimits)], blinding: Blinding) {
    for (curve, [below, above]) in EXPECTED.iter().zip([[1, 3], [0, 4]]) {
        for (mass, UpperLimits { expected, .. }) in limits {
            let band = Band { mean: expected[2], low: expected[below], high: expected[above], n: 1 };
            // A band that has no upper edge cannot be drawn; search.csv has its median.
            if band.high.is_finite() {
                table.push(panel, curve, *mass, band, None);
            }
        }
    }
    if blinding == Blinding::Open {
        for (mass, limits) in limits.iter().filter(|(_, limits)| limits.observed.is_finite()) {
            table.push_value(panel, OBSERVED, *mass, limits.observed);
        }
    }
}

/// The template above, the fit of the side-bands below; a panel a cut.
pub fn picture(table: &FigureTable) -> Picture {
    let windows = axis::windows(table, |_, curve| curve == EXPECTED[0] || curve == OBSERVED);
    let has_any_alone = table.panels().iter().any(|panel| {
        let points = points(table, panel, EXPECTED[0], &windows);
        axis::is_any_alone(&points)
    });
    let across = (&windows[..], if has_any_alone { Drawn::Bars } else { Drawn::Bands });
    let row = |estimate: Estimate| {
        let of_row = |panel: &&str| panel.starts_with(estimate.word());
        let panels: Vec<Panel> = table
            .panels()
            .into_iter()
            .filter(of_row)
            .map(|panel| of_cut(table, panel, estimate, across))
            .collect();
        (!panels.is_empty()).then(|| Row { height: 200.0, ..Row::new(panels) })
    };
    let is_blind = table.rows.iter().all(|row| row.curve != OBSERVED);
    let footnote = if is_blind {
        "CLs with asymptotic distributions; the search is blind: expected of the background that limits are over and its error, without the data"
    } else {
        "CLs with asymptotic distributions, approximate where few events are expected; expected without signal, with bands of \
         one and two standard deviations"
    };
    Picture {
        legend: Legend::Above,
        footnote: Some(footnote.to_owned()),
        frame_width: 250.0,
        ..Picture::new(Estimate::BOTH.into_iter().filter_map(row).collect())
    }
}

/// How what is expected is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drawn {
    /// As bands from window to window.
    Bands,
    /// As bars, in all panels, where a window has no neighbour with a value: a band needs two.
    Bars,
}

/// The points of a curve, with gaps where windows have no value.
fn points(table: &FigureTable, panel: &str, curve: &str, windows: &[f64]) -> Vec<Point> {
    let rows = table.curve(panel, curve);
    let points = rows.iter().map(|row| Point::within(row.x, row.mean, row.low, row.high)).collect();
    axis::with_gaps(points, windows)
}

fn of_cut(table: &FigureTable, panel: &str, estimate: Estimate, (windows, drawn): (&[f64], Drawn)) -> Panel {
    let points = |curve: &str| points(table, panel, curve, windows);
    let is_alone = drawn == Drawn::Bars;
    let band = |place: usize| {
        let label = ["expected, ±1σ", "expected, ±2σ"][place];
        let points = points(EXPECTED[place]);
        if is_alone {
            let width = [7.0, 3.0][place];
            let style = Style { width, ..Style::line(COLOURS[place]) };
            return Mark::Points(Points { style, ..Points::new(label, style, points) });
        }
        Mark::Curve(Curve::new(label, Style { width: 0.0, ..Style::line(COLOURS[place]) }, points))
    };
    let median = points(EXPECTED[0]).into_iter().map(|point| Point::exact(point.x, point.mean)).collect();
    let mut marks = vec![band(1), band(0)];
    if !is_alone {
        let dashed = Style { width: 1.4, ..Style::line(Colour::BLACK).dashed(Dash::Dashed) };
        marks.push(Mark::Curve(Curve::new("expected", dashed, median)));
    }
    let observed = points(OBSERVED);
    if observed.iter().any(|point| !point.mean.is_nan()) {
        let style = Style::line(Colour::BLACK).marked(Marker::Disc);
        marks.push(Mark::Curve(Curve::new("observed", style, observed)));
    }
    let cut = panel.split_once(" at ").map_or("", |(_, cut)| cut);
    let from = match estimate {
        Estimate::Template => "template",
        Estimate::SideBands => "fit of the side-bands",
    };
    let note = if cut == "1" { "no cut, the mass alone".to_owned() } else { format!("*ε* = {cut}, {from}") };
    Panel {
        note: Some(panels::note(note, Corner::TopRight)),
        ..Panel::new(across(table), Axis::log(format!("95% CL limit on {}", limits_on(table))), marks)
    }
}

/// What the limits of a table are on.
fn limits_on(table: &FigureTable) -> &str {
    table.rows.iter().find(|row| row.curve == LIMITED).map_or(PASSING, |row| &row.panel)
}

/// The axis of the mass, a little longer than the curves, so that their markers are whole.
fn across(table: &FigureTable) -> Axis {
    let axis = Axis::linear(axis::read(table));
    let masses = || table.rows.iter().filter(|row| row.curve == EXPECTED[0]).map(|row| row.x);
    let (low, high) = (masses().fold(f64::INFINITY, f64::min), masses().fold(f64::NEG_INFINITY, f64::max));
    let margin = 0.05 * (high - low);
    if margin > 0.0 { axis.within(low - margin, high + margin) } else { axis }
}
