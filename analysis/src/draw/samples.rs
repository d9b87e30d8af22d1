//! Pictures like those the program makes, with everything that can go wrong in them.

use super::{
    Axis, Bars, Colour, Curve, Dash, Filling, Guide, Legend, Mark, Marker, Panel, Picture, Point, Points,
    Row, Steps, Style, TopAxis, Weak,
};

const COLOURS: [u32; 5] = [0x00_00_00, 0x00_72_b2, 0xd5_5e_00, 0x00_9e_73, 0xcc_79_a7];
const METHODS: [&str; 5] =
    ["Supervised", "Idealised", "A method with a rather long name", "*k*-nearest", "Cut on *τ*_{21}"];

/// All pictures.
pub(crate) fn all() -> Vec<Picture> {
    vec![grid(), scan(), spectrum(), empty()]
}

fn style(index: usize) -> Style {
    Style::line(Colour::hex(COLOURS[index]))
}

/// Two rows of a receiver operating curve and a significance improvement curve.
pub(crate) fn grid() -> Picture {
    let rows = ["1,000 injected", "3,000 injected"].map(|note| {
        let curve = |index: usize, pair: fn(f64, f64) -> (f64, f64)| {
            let points = (0..=100).map(|step| {
                let rejection = 10f64.powf(f64::from(step) / 20.0);
                let efficiency = (-0.05 * (1.0 + index as f64) * rejection.ln()).exp();
                let (x, mean) = pair(efficiency, rejection);
                let weak = if step > 80 { Weak::Yes } else { Weak::No };
                // The last point of every curve rests on no event at all.
                let mean = if step == 100 { f64::NAN } else { mean };
                Point { x, mean, low: 0.8 * mean, high: 1.3 * mean, weak }
            });
            Mark::Curve(Curve::new(METHODS[index], style(index), points.collect()))
        };
        let roc = (0..5).map(|index| curve(index, |efficiency, rejection| (efficiency, rejection)));
        let sic = (0..5)
            .map(|index| curve(index, |efficiency, rejection| (rejection, efficiency * rejection.sqrt())));
        let rejection = || Axis::log("background rejection 1/*ε*_{B}").within(1.0, 1e5);
        let efficiency = Axis::linear("signal efficiency *ε*_{S}").within(0.0, 1.0);
        let improvement = Axis::linear("significance improvement *ε*_{S}/√*ε*_{B}").starting_at(0.0);
        Row::new(vec![
            Panel::new(efficiency, rejection(), roc.collect()).noted(note),
            Panel::new(rejection(), improvement, sic.collect()).noted(note),
        ])
    });
    Picture {
        title: Some("Two amounts of signal".to_owned()),
        footnote: Some("Dashed where fewer than 30 events remain. ".repeat(6)),
        legend: Legend::Above,
        ..Picture::new(rows.to_vec())
    }
}

/// Significance improvement against the amount of signal, with a second axis on top.
pub(crate) fn scan() -> Picture {
    let panel = |note: &str| {
        let marks = (0..4).map(|index| {
            let points = [50.0, 100.0, 300.0, 1000.0, 3000.0].map(|signal: f64| {
                let mean = 15.0 / (1.0 + (100.0 * (1.0 + index as f64) / signal).powi(2));
                Point::within(signal, mean, 0.5 * mean, 1.2 * mean)
            });
            let style = style(index).marked(Marker::Square);
            Mark::Curve(Curve::new(METHODS[index], style, points.to_vec()))
        });
        let top = [(50.0, "0.15"), (55.0, "0.16"), (300.0, "0.9"), (3000.0, "9")];
        let top = top.map(|(signal, label)| (signal, label.to_owned())).to_vec();
        Panel {
            top: Some(TopAxis { label: "*S*/√*B*".to_owned(), ticks: top }),
            guides: vec![Guide::Horizontal {
                y: 1.0,
                dash: Dash::Dashed,
                label: Some("no improvement".to_owned()),
            }],
            ..Panel::new(Axis::log("signal events"), Axis::log("improvement"), marks.collect()).noted(note)
        }
    };
    Picture::new(vec![Row::new(vec![panel("1/*ε*_{B} = 10^{3}"), panel("1/*ε*_{B} = 5×10^{3}")])])
}

/// A spectrum with its fit above the pulls.
pub(crate) fn spectrum() -> Picture {
    let edges: Vec<f64> = (0..=50).map(|bin| 2500.0 + 50.0 * f64::from(bin)).collect();
    let fit = |mass: f64| 8000.0 * ((2500.0 - mass) / 300.0).exp();
    let centres = || edges.windows(2).map(|edges| 0.5 * (edges[0] + edges[1]));
    let counts = centres().map(|mass| {
        let count = fit(mass).round();
        Point::within(mass, count, count - count.sqrt(), count + count.sqrt())
    });
    let curve = edges.iter().map(|mass| Point::within(*mass, fit(*mass), 0.9 * fit(*mass), 1.1 * fit(*mass)));
    let signal =
        Steps::new("signal", style(2), edges.clone(), centres().map(|mass| 0.2 * fit(mass)).collect());
    let shade =
        |label: Option<&str>| Guide::Shade { from: 3300.0, to: 3700.0, label: label.map(str::to_owned) };
    let upper = Panel {
        guides: vec![shade(Some("SR"))],
        ..Panel::new(
            Axis::linear("*m*_{JJ} [GeV]"),
            Axis::log("events / 50 GeV").starting_at(0.5),
            vec![
                Mark::Steps(Steps { filling: Filling::Light, ..signal }),
                Mark::Curve(Curve::new("fit", style(1), curve.collect())),
                Mark::Points(Points::new("data", style(0), counts.collect())),
            ],
        )
    };
    let pulls = centres().map(|mass| (0.05 * mass).sin() * 3.5).collect();
    let pulls = Mark::Bars(Bars { label: None, ..Bars::new("", Colour::GREY, edges, pulls) });
    let lower = Panel {
        guides: vec![shade(None)],
        ..Panel::new(Axis::linear(""), Axis::linear("pull"), vec![pulls])
    };
    let rows = vec![Row::new(vec![upper]), Row::below(vec![lower])];
    Picture { title: Some("Spectrum of *m*_{JJ}".to_owned()), ..Picture::new(rows) }
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
