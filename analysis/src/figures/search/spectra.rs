//! The mass spectrum of each window and its side-bands, before a cut and behind each, with the fit of the side-bands and how far the
//! data pull from it.

use super::axis;
use super::numbers::side_band_fit;
use crate::figures::fit_quality::written;
use crate::figures::{FigureTable, panels};
use crate::job::Regions;
use crate::plan::work::SearchWindow;
use crate::plan::work::search_window::bin_width;
use crate::statistics::band::Band;
use crate::statistics::closure::Measured;
use crate::statistics::search::background::Background;
use crate::statistics::search::counting::CountLikelihood;
use crate::statistics::search::intervals::{ONE_SIGMA, garwood};
use crate::statistics::spectrum::binned::Window;
use crate::statistics::spectrum::fit::SpectrumFit;
use crate::store::Results;
use crate::store::unblinding::Blinding;
use drapes_draw::{
    Axis, Bars, Colour, Corner, Curve, Dash, Guide, Legend, Mark, Marker, Panel, Picture, Point, Points, Row,
    Style,
};

const DATA: &str = "data";
const FIT: &str = "fit";
const EDGES: &str = "bin edges";
const WINDOW: &str = "window";
const WIDTH: &str = "events are counted in";
/// What the panel of pulls is called before the name of its spectrum.
const PULL: &str = "pull ";
/// Bins are joined until so many events are expected in each: fewer would be drawn as ones and nothings.
const LEAST_EXPECTED: f64 = 5.0;
/// Windows that are drawn at most; the table has all.
const MOST_WINDOWS: usize = 12;

/// Before a cut and behind each, of every window; data of the window behind cuts are left out while the search is blind, and so is
/// how far they pull from the fit before any.
pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let windows = results.each::<SearchWindow>().filter(|window| window.point.is_searched());
    for window in windows {
        let Some(template) = window.point.template() else { continue };
        let regions = results.job.regions_of(&template.sample);
        let before = (1.0, &window.spectrum);
        let behind =
            window.cuts.iter().filter_map(|cut| Some((cut.efficiency, &cut.outcome.passed()?.spectrum)));
        for (efficiency, counts) in std::iter::once(before).chain(behind) {
            let Ok(choice) = side_band_fit(&results.job, &regions, &window.edges, counts) else { continue };
            let spectrum = Spectrum {
                panel: format!("{} at {efficiency}", regions.signal),
                edges: &window.edges,
                counts,
                regions,
                fit: choice.fit(),
                shown: match (results.blinding(), efficiency < 1.0) {
                    (Blinding::Open, _) => Shown::All,
                    (Blinding::Blind, false) => Shown::NoPullsInside,
                    (Blinding::Blind, true) => Shown::NothingInside,
                },
            };
            spectrum.push(&mut table);
            let quality = choice.quality().p.unwrap_or(f64::NAN);
            let function = format!("p of χ²: {}", choice.fit().shape());
            if quality.is_finite() {
                table.push_value(&spectrum.panel, &function, choice.fit().free_parameters() as f64, quality);
            }
        }
    }
    axis::push(&mut table, &results.job);
    table
}

/// What of the window is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    All,
    NoPullsInside,
    NothingInside,
}

/// A spectrum with its fit.
struct Spectrum<'a> {
    panel: String,
    edges: &'a [f64],
    counts: &'a [u32],
    regions: Regions,
    fit: &'a SpectrumFit,
    shown: Shown,
}

impl Spectrum<'_> {
    fn push(&self, table: &mut FigureTable) {
        let (panel, signal) = (&self.panel, self.regions.signal);
        let width = bin_width(&self.regions);
        let pulls = format!("{PULL}{panel}");
        let bins = self.bins();
        for bin in &bins {
            let inside = signal.contains(bin.centre());
            if inside && self.shown == Shown::NothingInside {
                continue;
            }
            let unit = width / bin.window.width();
            let interval = garwood(u64::from(bin.count), ONE_SIGMA);
            let band = Band {
                mean: unit * f64::from(bin.count),
                low: unit * interval.low,
                high: unit * interval.high,
                n: bin.count as usize,
            };
            table.push(panel, DATA, bin.centre(), band, None);
            if !inside || self.shown == Shown::All {
                table.push_value(&pulls, DATA, bin.centre(), bin.pull());
            }
        }
        for pair in self.edges.windows(2) {
            let bin = Window { low: pair[0], high: pair[1] };
            let (Measured { value, error }, unit) = (self.fit.expected_in(bin), width / bin.width());
            let band =
                Band { mean: unit * value, low: unit * (value - error), high: unit * (value + error), n: 1 };
            table.push(panel, FIT, f64::midpoint(bin.low, bin.high), band, None);
        }
        for edge in [signal.low, signal.high] {
            table.push_value(panel, WINDOW, edge.0, 0.0);
        }
        table.push_value(panel, WIDTH, 0.0, width);
        let ends = bins.iter().map(|bin| bin.window.low).chain(bins.last().map(|bin| bin.window.high));
        for edge in ends {
            table.push_value(&pulls, EDGES, edge, 0.0);
        }
    }

    /// Bins that are joined until enough is expected in each, none of them across an edge of the window.
    fn bins(&self) -> Vec<Bin> {
        let signal = self.regions.signal;
        let part = |bin: &Bin| (bin.centre() >= signal.low.0, bin.centre() >= signal.high.0);
        let fine: Vec<Bin> = self
            .edges
            .windows(2)
            .zip(self.counts)
            .map(|(pair, count)| Bin::of(self.fit, Window { low: pair[0], high: pair[1] }, *count))
            .collect();
        let joined =
            fine.chunk_by(|one, next| part(one) == part(next)).flat_map(|region| self.joined(region));
        joined.collect()
    }

    /// The bins of a region, joined; what is left at its end belongs to the last.
    fn joined(&self, region: &[Bin]) -> Vec<Bin> {
        let mut joined: Vec<Bin> = vec![];
        let join = |one: &Bin, next: &Bin| {
            Bin::of(self.fit, Window { low: one.window.low, high: next.window.high }, one.count + next.count)
        };
        for bin in region {
            match joined.pop() {
                Some(last) if last.expected.value < LEAST_EXPECTED => joined.push(join(&last, bin)),
                last => joined.extend(last.into_iter().chain([*bin])),
            }
        }
        if joined.len() > 1 && joined[joined.len() - 1].expected.value < LEAST_EXPECTED {
            let last = joined.split_off(joined.len() - 2);
            joined.push(join(&last[0], &last[1]));
        }
        joined
    }
}

/// A bin with what the fit expects in it.
#[derive(Clone, Copy)]
struct Bin {
    window: Window,
    count: u32,
    expected: Measured,
}

impl Bin {
    fn of(fit: &SpectrumFit, window: Window, count: u32) -> Self {
        Self { window, count, expected: fit.expected_in(window) }
    }

    fn centre(&self) -> f64 {
        f64::midpoint(self.window.low, self.window.high)
    }

    /// Standard deviations of the count from the fit, which has an error: the signed root of the likelihood ratio, which is right
    /// for few events too.
    fn pull(&self) -> f64 {
        let Measured { value, error } = self.expected;
        if !(value > 0.0 && error.is_finite()) {
            return f64::NAN;
        }
        let background = Background { expected: value, error };
        CountLikelihood { count: f64::from(self.count), background, efficiency_error: 0.0 }.z()
    }
}

/// A row of spectra a window, with pulls below.
pub fn picture(table: &FigureTable) -> Picture {
    let all = table.panels().into_iter().filter(|panel| !table.curve(panel, FIT).is_empty());
    let all: Vec<&str> = all.collect();
    let mut windows: Vec<&str> = vec![];
    for panel in &all {
        if !windows.contains(&window_of(panel)) {
            windows.push(window_of(panel));
        }
    }
    let count = windows.len();
    let windows = most_significant(table, &all, windows);
    let mut rows = vec![];
    for window in &windows {
        let of_row: Vec<&str> = all.iter().copied().filter(|panel| window_of(panel) == *window).collect();
        let spectra = of_row.iter().map(|panel| spectrum(table, panel)).collect();
        rows.push(Row { height: 190.0, ..Row::new(spectra) });
        rows.push(Row {
            height: 70.0,
            ..Row::below(of_row.iter().map(|panel| pulls(table, panel)).collect())
        });
    }
    let more = if windows.len() < count {
        format!("; {} of {count} windows, those in which most is found", windows.len())
    } else {
        String::new()
    };
    Picture {
        legend: Legend::Above,
        footnote: Some(format!(
            "fits see the side-bands alone; bins are joined until {LEAST_EXPECTED} events are expected; pulls are signed roots of \
             likelihood ratios, with the error of the fit{more}"
        )),
        frame_width: 250.0,
        ..Picture::new(rows)
    }
}

/// The window in the name of a panel.
fn window_of(panel: &str) -> &str {
    panel.split_once(" at ").map_or(panel, |(window, _)| window)
}

/// So many windows as can be drawn: those with the largest pull of all their data.
fn most_significant<'a>(table: &FigureTable, panels: &[&str], windows: Vec<&'a str>) -> Vec<&'a str> {
    if windows.len() <= MOST_WINDOWS {
        return windows;
    }
    let largest = |window: &str| {
        let of_window = panels.iter().filter(|panel| window_of(panel) == window);
        of_window.map(|panel| excess(table, panel)).fold(f64::NEG_INFINITY, f64::max)
    };
    let mut places: Vec<usize> = (0..windows.len()).collect();
    let found: Vec<f64> = windows.iter().map(|window| largest(window)).collect();
    places.sort_by(|one, other| found[*other].total_cmp(&found[*one]));
    places.truncate(MOST_WINDOWS);
    places.sort_unstable();
    places.into_iter().map(|place| windows[place]).collect()
}

/// (N − b)/√b in the window of a panel, as far as its data are shown.
fn excess(table: &FigureTable, panel: &str) -> f64 {
    let [low, high] = window(table, panel);
    let inside = |rows: Vec<&crate::figures::table::Row>| -> Vec<(f64, usize)> {
        rows.iter().filter(|row| low < row.x && row.x < high).map(|row| (row.mean, row.n)).collect()
    };
    let data = inside(table.curve(panel, DATA));
    if data.is_empty() {
        return 0.0;
    }
    let count: usize = data.iter().map(|(_, count)| count).sum();
    let fit = inside(table.curve(panel, FIT));
    let width = table.curve(panel, WIDTH).first().map_or(1.0, |row| row.mean);
    let mean = fit.iter().map(|(mean, _)| mean).sum::<f64>() / fit.len().max(1) as f64;
    let expected = mean * (high - low) / width;
    (count as f64 - expected) / expected.max(1.0).sqrt()
}

fn window(table: &FigureTable, panel: &str) -> [f64; 2] {
    match table.curve(panel, WINDOW)[..] {
        [low, high] => [low.x, high.x],
        _ => [f64::NAN, f64::NAN],
    }
}

fn x_axis(table: &FigureTable, panel: &str) -> Axis {
    let edges = table.curve(&format!("{PULL}{panel}"), EDGES);
    let axis = Axis::linear(axis::read(table));
    match (edges.first(), edges.last()) {
        (Some(low), Some(high)) => axis.within(low.x, high.x),
        _ => axis,
    }
}

fn shade(table: &FigureTable, panel: &str) -> Guide {
    let [from, to] = window(table, panel);
    Guide::Shade { from, to, label: None }
}

fn spectrum(table: &FigureTable, panel: &str) -> Panel {
    let fit = table.curve(panel, FIT);
    let points = fit.iter().map(|row| Point::within(row.x, row.mean, row.low.max(0.0), row.high));
    let least = fit.iter().map(|row| row.mean).filter(|mean| *mean > 0.0).fold(f64::INFINITY, f64::min);
    let curve = Curve::new("fit of the side-bands", Style::line(FIT_COLOUR), points.collect());
    let data = table.curve(panel, DATA).into_iter().filter(|row| row.mean > 0.0);
    let data: Vec<Point> = data.map(|row| Point::within(row.x, row.mean, row.low, row.high)).collect();
    let least = data.iter().map(|point| point.low).fold(least, f64::min);
    let lowest = data.iter().map(|point| point.mean).reduce(f64::min);
    let least = lowest.map_or(least, |lowest| least.max(FURTHEST_BELOW * lowest));
    let ink = Style::line(Colour::BLACK).marked(Marker::Disc);
    let marks = vec![Mark::Curve(curve), Mark::Points(Points::new("data", ink, data))];
    let unit = axis::unit(&axis::read(table));
    let width = table.curve(panel, WIDTH).first().map_or(1.0, |row| row.mean);
    let y = Axis::log(format!("events / {width} {unit}")).starting_at(0.6 * least);
    Panel {
        guides: vec![shade(table, panel)],
        note: Some(panels::note(note(table, panel, &unit), Corner::TopRight)),
        ..Panel::new(x_axis(table, panel), y, marks)
    }
}

/// A fit that falls off is followed so far below the lowest point of the data, and not for thirty decades.
const FURTHEST_BELOW: f64 = 1e-2;
const FIT_COLOUR: Colour = Colour::hex(0xc0_392b);

/// Window, cut, and how good the fit is.
fn note(table: &FigureTable, panel: &str, unit: &str) -> String {
    let (window, cut) = panel.split_once(" at ").unwrap_or((panel, ""));
    let cut = if cut == "1" { "no cut".to_owned() } else { format!("*ε* = {cut}") };
    let quality = table.curves(panel).into_iter().find_map(|curve| {
        let p = table.curve(panel, curve).first()?.mean;
        Some(format!("\n{}\np = {}", short(curve.strip_prefix("p of χ²: ")?), written(p)))
    });
    format!("{} {unit}, {cut}{}", window.replace('-', "–"), quality.unwrap_or_default())
}

/// The name of a function in few words.
fn short(function: &str) -> String {
    function
        .replace("dijet function of ", "dijet, ")
        .replace("exponential of a polynomial of degree ", "exp. of degree ")
}

fn pulls(table: &FigureTable, panel: &str) -> Panel {
    let panel_of_pulls = format!("{PULL}{panel}");
    let edges: Vec<f64> = table.curve(&panel_of_pulls, EDGES).iter().map(|row| row.x).collect();
    let rows = table.curve(&panel_of_pulls, DATA);
    let height = |pair: &[f64]| {
        rows.iter().find(|row| pair[0] < row.x && row.x < pair[1]).map_or(f64::NAN, |row| row.mean)
    };
    let heights: Vec<f64> = edges.windows(2).map(height).collect();
    let most =
        heights.iter().filter(|pull| pull.is_finite()).fold(3.0_f64, |most, pull| most.max(pull.abs()));
    let bars = Mark::Bars(Bars { label: None, colour: Colour::hex(0x5d_6d7e), edges, heights });
    let mut guides = vec![shade(table, panel)];
    guides.extend([-2.0, 2.0].map(|y| Guide::Horizontal { y, dash: Dash::Dotted, label: None }));
    let y = Axis::linear("pull").within(-1.1 * most, 1.1 * most);
    Panel { guides, ..Panel::new(x_axis(table, panel), y, vec![bars]) }
}
