//! The di-jet mass spectrum with its fit, and how far the data pull from it.

use crate::figures::FigureTable;
use crate::figures::fit_quality::written;
use crate::job::{MassWindow, hlv};
use crate::plan::work::Fit;
use crate::statistics::band::Band;
use crate::statistics::chi_squared::p_value;
use crate::store::unblinding::Blinding;
use crate::store::{MassFit, Results};
use drapes_draw::{Axis, Bars, Colour, Curve, Dash, Guide, Mark, Panel, Picture, Point, Points, Row, Style};

const SPECTRUM: &str = "spectrum";
const PULL: &str = "pull";
const DATA: &str = "data";
const FIT: &str = "fit";
const EDGES: &str = "bin edges";
const REGION: &str = "signal region";
/// What stands along the horizontal axis, as the name of a panel, where that is not the di-jet mass in GeV.
const AXIS: &str = "axis";
const QUALITY: &str = "chi squared at degrees of freedom";

/// The fit with the most signal among those with the job's own side-bands.
fn chosen(results: &Results) -> Option<&MassFit> {
    let nominal = results.each::<Fit>().filter(|fit| fit.sample.is_nominal(&results.job.regions));
    nominal.max_by_key(|fit| fit.sample.injection.n_signal).or(results.each::<Fit>().next())
}

pub fn table(name: &str, results: &Results) -> FigureTable {
    let mut table = FigureTable::new(name);
    let Some(fit) = chosen(results) else { return table };
    let centres: Vec<f64> = fit.edges.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
    for (centre, count) in centres.iter().zip(&fit.counts) {
        let error = count.sqrt();
        let band = Band { mean: *count, low: count - error, high: count + error, n: *count as usize };
        table.push(SPECTRUM, DATA, *centre, band, None);
    }
    for (centre, expected) in centres.iter().zip(&fit.expected) {
        table.push_value(SPECTRUM, FIT, *centre, *expected);
    }
    let MassWindow { low, high } = results.job.regions.signal;
    for edge in [low, high] {
        table.push_value(SPECTRUM, REGION, edge.0, 0.0);
    }
    table.push_value(SPECTRUM, QUALITY, fit.degrees_of_freedom as f64, fit.chi_squared);
    // The spectrum itself is no secret of a blind search; its excess in the windows is.
    let withheld =
        if results.blinding() == Blinding::Blind { results.job.searched_windows() } else { vec![] };
    for ((centre, count), expected) in centres.iter().zip(&fit.counts).zip(&fit.expected) {
        if !withheld.iter().any(|window| window.contains(*centre)) {
            table.push_value(PULL, DATA, *centre, (count - expected) / expected.sqrt());
        }
    }
    for edge in &fit.edges {
        table.push_value(PULL, EDGES, *edge, 0.0);
    }
    let label = results.job.mass_label();
    if label != usual_label() {
        table.push_value(&label, AXIS, 0.0, 0.0);
    }
    table
}

fn usual_label() -> String {
    hlv::label("m_jj")
}

pub fn picture(table: &FigureTable) -> Picture {
    let edges: Vec<f64> = table.curve(PULL, EDGES).iter().map(|row| row.x).collect();
    let data = table.curve(SPECTRUM, DATA).into_iter().filter(|row| row.mean > 0.0);
    let data = data.map(|row| Point::within(row.x, row.mean, row.low.max(0.1), row.high)).collect();
    let fit = table.curve(SPECTRUM, FIT).iter().map(|row| Point::exact(row.x, row.mean)).collect();
    let quality = table.curve(SPECTRUM, QUALITY);
    let fit_label = quality.first().map_or("dijet fit".to_owned(), |row| {
        let p = p_value(row.mean, row.x as usize).map_or(String::new(), |p| format!(", p = {}", written(p)));
        format!("dijet fit to the side-bands, χ²/ndf = {:.1}/{:.0}{p}", row.mean, row.x)
    });
    let region: Vec<f64> = table.curve(SPECTRUM, REGION).iter().map(|row| row.x).collect();
    let shade = |label: Option<&str>| match region[..] {
        [from, to] => vec![Guide::Shade { from, to, label: label.map(str::to_owned) }],
        _ => vec![],
    };
    let ink = Style::line(Colour::BLACK).marked(drapes_draw::Marker::Disc);
    let marks = vec![
        Mark::Curve(Curve::new(&fit_label, Style::line(Colour::hex(0xc0_392b)), fit)),
        Mark::Points(Points::new("data", ink, data)),
    ];
    let x = || {
        let named = table.rows.iter().find(|row| row.curve == AXIS).map(|row| row.panel.clone());
        let axis = Axis::linear(named.unwrap_or_else(usual_label));
        match (edges.first(), edges.last()) {
            (Some(low), Some(high)) => axis.within(*low, *high),
            _ => axis,
        }
    };
    let spectrum = Panel { guides: shade(Some("SR")), ..Panel::new(x(), Axis::log("events"), marks) };
    let pulls = table.curve(PULL, DATA);
    let pull_in = |pair: &[f64]| {
        pulls.iter().find(|row| pair[0] < row.x && row.x < pair[1]).map_or(f64::NAN, |row| row.mean)
    };
    let pulls = edges.windows(2).map(pull_in).collect();
    let colour = Colour::hex(0x5d_6d7e);
    let bars = Mark::Bars(Bars { label: None, colour, edges: edges.clone(), heights: pulls });
    let mut guides = shade(None);
    guides.extend([-2.0, 2.0].map(|y| Guide::Horizontal { y, dash: Dash::Dotted, label: None }));
    let pull = Panel { guides, ..Panel::new(x(), Axis::linear("pull"), vec![bars]) };
    Picture::new(vec![Row::new(vec![spectrum]), Row::below(vec![pull])])
}
