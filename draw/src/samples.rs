//! Pictures as a measurement asks for them, with everything that can go wrong in them.

use super::{
    Axis, Bars, Colour, Curve, Dash, Filling, Guide, Legend, Mark, Marker, Panel, Picture, Point, Points,
    Row, Steps, Style, TopAxis, Weak,
};

const COLOURS: [u32; 5] = [0x00_00_00, 0x00_72_b2, 0xd5_5e_00, 0x00_9e_73, 0xcc_79_a7];
const NAMES: [&str; 5] =
    ["Controlled", "Estimated", "A series with a rather long name", "*k*-nearest", "Drop of *τ*_{21}"];

/// All pictures.
pub(crate) fn all() -> Vec<Picture> {
    vec![grid(), scan(), spectrum(), empty()]
}

fn style(index: usize) -> Style {
    Style::line(Colour::hex(COLOURS[index]))
}

/// Two rows of a curve over five decades beside its product with a root.
pub(crate) fn grid() -> Picture {
    let rows = ["1,000 readings", "3,000 readings"].map(|note| {
        let curve = |index: usize, pair: fn(f64, f64) -> (f64, f64)| {
            let points = (0..=100).map(|step| {
                let reach = 10f64.powf(f64::from(step) / 20.0);
                let share = (-0.05 * (1.0 + index as f64) * reach.ln()).exp();
                let (x, mean) = pair(share, reach);
                let weak = if step > 80 { Weak::Yes } else { Weak::No };
                // The last point of every curve rests on nothing at all.
                let mean = if step == 100 { f64::NAN } else { mean };
                Point { x, mean, low: 0.8 * mean, high: 1.3 * mean, weak }
            });
            Mark::Curve(Curve::new(NAMES[index], style(index), points.collect()))
        };
        let falling = (0..5).map(|index| curve(index, |share, reach| (share, reach)));
        let rising = (0..5).map(|index| curve(index, |share, reach| (reach, share * reach.sqrt())));
        let reach = || Axis::log("reach in old units 1/*ε*_{B}").within(1.0, 1e5);
        let share = Axis::linear("share that is left *ε*_{S}").within(0.0, 1.0);
        let improvement = Axis::linear("relative improvement *ε*_{S}/√*ε*_{B}").starting_at(0.0);
        Row::new(vec![
            Panel::new(share, reach(), falling.collect()).noted(note),
            Panel::new(reach(), improvement, rising.collect()).noted(note),
        ])
    });
    Picture {
        title: Some("Two sizes of survey".to_owned()),
        footnote: Some("Dashed where fewer than 30 entries remain. ".repeat(6)),
        legend: Legend::Above,
        ..Picture::new(rows.to_vec())
    }
}

/// A response against a dose, with a second axis on top.
pub(crate) fn scan() -> Picture {
    let panel = |note: &str| {
        let marks = (0..4).map(|index| {
            let points = [50.0, 100.0, 300.0, 1000.0, 3000.0].map(|dose: f64| {
                let mean = 15.0 / (1.0 + (100.0 * (1.0 + index as f64) / dose).powi(2));
                Point::within(dose, mean, 0.5 * mean, 1.2 * mean)
            });
            let style = style(index).marked(Marker::Square);
            Mark::Curve(Curve::new(NAMES[index], style, points.to_vec()))
        });
        let top = [(50.0, "0.15"), (55.0, "0.16"), (300.0, "0.9"), (3000.0, "9")];
        let top = top.map(|(dose, label)| (dose, label.to_owned())).to_vec();
        Panel {
            top: Some(TopAxis { label: "*S*/√*B*".to_owned(), ticks: top }),
            guides: vec![Guide::Horizontal {
                y: 1.0,
                dash: Dash::Dashed,
                label: Some("no response at".to_owned()),
            }],
            ..Panel::new(Axis::log("dose of a day"), Axis::log("response"), marks.collect()).noted(note)
        }
    };
    Picture::new(vec![Row::new(vec![panel("1/*ε*_{B} = 10^{3}"), panel("1/*ε*_{B} = 5×10^{3}")])])
}

/// A spectrum with its fit above the residuals.
pub(crate) fn spectrum() -> Picture {
    let edges: Vec<f64> = (0..=50).map(|bin| 2500.0 + 50.0 * f64::from(bin)).collect();
    let fit = |weight: f64| 8000.0 * ((2500.0 - weight) / 300.0).exp();
    let centres = || edges.windows(2).map(|edges| 0.5 * (edges[0] + edges[1]));
    let counts = centres().map(|weight| {
        let count = fit(weight).round();
        Point::within(weight, count, count - count.sqrt(), count + count.sqrt())
    });
    let curve = edges
        .iter()
        .map(|weight| Point::within(*weight, fit(*weight), 0.9 * fit(*weight), 1.1 * fit(*weight)));
    let second =
        Steps::new("second", style(2), edges.clone(), centres().map(|weight| 0.2 * fit(weight)).collect());
    let shade =
        |label: Option<&str>| Guide::Shade { from: 3300.0, to: 3700.0, label: label.map(str::to_owned) };
    let upper = Panel {
        guides: vec![shade(Some("on"))],
        ..Panel::new(
            Axis::linear("*m*_{V} [kg]"),
            Axis::log("counts / 50 kg").starting_at(0.5),
            vec![
                Mark::Steps(Steps { filling: Filling::Light, ..second }),
                Mark::Curve(Curve::new("fit", style(1), curve.collect())),
                Mark::Points(Points::new("data", style(0), counts.collect())),
            ],
        )
    };
    let residuals = centres().map(|weight| (0.05 * weight).sin() * 3.5).collect();
    let residuals = Bars::new("", Colour::GREY, edges, residuals);
    let residuals = Mark::Bars(Bars { label: None, ..residuals });
    let lower = Panel {
        guides: vec![shade(None)],
        ..Panel::new(Axis::linear(""), Axis::linear("residual"), vec![residuals])
    };
    let rows = vec![Row::new(vec![upper]), Row::below(vec![lower])];
    Picture { title: Some("Spectrum of *m*_{V}".to_owned()), ..Picture::new(rows) }
}

/// Panels without data, with one point, and with names that are too long.
pub(crate) fn empty() -> Picture {
    let long = "a name that is much longer than the side of the frame it should stand along";
    let nothing = Panel::new(Axis::linear(long), Axis::log(long), Vec::new()).noted(long);
    let one = Curve::new(long, style(1), vec![Point::exact(1e5, -1e7)]);
    let one = Panel::new(Axis::linear(""), Axis::linear("large").within(3.0, 3.0), vec![Mark::Curve(one)]);
    Picture {
        title: Some(long.repeat(2)),
        ..Picture::new(vec![Row::new(vec![nothing]), Row::new(vec![one.clone(), one])])
    }
}
