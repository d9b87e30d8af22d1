//! The two pictures of README.md as their author describes them.

use drapes_draw::{
    Axis, Bars, Colour, Curve, Dash, Guide, Legend, Mark, Marker, Panel, Picture, Point, Points, Row, Style,
    TopAxis, Weak,
};

const BLUE: Colour = Colour::hex(0x00_72_b2);
const ORANGE: Colour = Colour::hex(0xd5_5e_00);
const GREEN: Colour = Colour::hex(0x00_9e_73);

/// Every picture with the name of its file.
pub fn all() -> [(&'static str, Picture); 2] {
    [("rivers", rivers()), ("decay", decay())]
}

/// Two panels whose y axes are one, with bands, a second axis on top and marked-up labels.
fn rivers() -> Picture {
    let river = |label: &str, (colour, marker), height: f64, power: f64| {
        let point = |step: i32| {
            let x = 10f64.powf(0.5 * f64::from(step));
            let mean = height * x.powf(power);
            // The width of the band falls as more gauges are averaged.
            let spread = 1.0 + 1.2 / (1.0 + f64::from(step));
            let weak = if step < 2 { Weak::Yes } else { Weak::No };
            Point { x, mean, low: mean / spread, high: mean * spread, weak }
        };
        Mark::Curve(Curve::new(label, Style::line(colour).marked(marker), (0..9).map(point).collect()))
    };
    let panel = |note: &str, factor: f64| {
        let marks = vec![
            river("gravel", (BLUE, Marker::Disc), factor, 0.55),
            river("sand, *d*_{50} < 0.5 mm", (ORANGE, Marker::Square), 0.3 * factor, 0.75),
            river("bedrock", (GREEN, Marker::Diamond), 4.0 * factor, 0.3),
        ];
        let widths = [(1.0, "3"), (100.0, "30"), (10_000.0, "300")];
        let ticks = widths.map(|(area, width)| (area, width.to_owned())).to_vec();
        let flood = Guide::Horizontal { y: 50.0, dash: Dash::Dashed, label: Some("banks full".to_owned()) };
        Panel {
            top: Some(TopAxis { label: "width of the bed [m]".to_owned(), ticks }),
            guides: vec![flood],
            ..Panel::new(
                Axis::log("area upstream *A* [km^{2}]"),
                Axis::log("flow *Q*_{max} [m^{3}/s]"),
                marks,
            )
            .noted(note)
        }
    };
    Picture {
        title: Some("Largest flow of a year".to_owned()),
        legend: Legend::Above,
        footnote: Some(
            "Bands: central 68% of the gauges. Dashed lines and hollow markers: few gauges.".to_owned(),
        ),
        ..Picture::new(vec![Row::new(vec![panel("wet years", 1.0), panel("dry years", 0.2)])])
    }
}

/// Counts with their errors and a fit, with residuals that share the x axis below.
fn decay() -> Picture {
    let edges: Vec<f64> = (0..=40).map(|bin| 3.0 * f64::from(bin)).collect();
    let fit = |time: f64| 900.0 * (-time / 22.0).exp() + 6.0;
    // Scatter without a generator: the same on every machine.
    let residual = |bin: usize| 1.6 * (2.4 * (bin * bin) as f64 + 0.7).sin();
    let centres: Vec<f64> = edges.windows(2).map(|edges| 0.5 * (edges[0] + edges[1])).collect();
    let count = |(bin, time): (usize, &f64)| {
        let error = fit(*time).sqrt();
        let count = (fit(*time) + residual(bin) * error).round().max(0.0);
        Point::within(*time, count, count - count.sqrt(), count + count.sqrt())
    };
    let counts = centres.iter().enumerate().map(count).collect();
    let curve =
        edges.iter().map(|time| Point::within(*time, fit(*time), 0.93 * fit(*time), 1.07 * fit(*time)));
    let shade = |label: Option<&str>| Guide::Shade { from: 0.0, to: 12.0, label: label.map(str::to_owned) };
    let upper = Panel {
        guides: vec![shade(Some("lamp on"))],
        ..Panel::new(
            Axis::linear("time *t* [ns]").within(0.0, 120.0),
            Axis::log("counts / 3 ns").starting_at(1.0),
            vec![
                Mark::Curve(Curve::new("*N*_{0} e^{−*t*/*τ*} + *b*", Style::line(BLUE), curve.collect())),
                Mark::Points(Points::new("counts", Style::line(Colour::BLACK).marked(Marker::Disc), counts)),
            ],
        )
    };
    let residuals = (0..centres.len()).map(residual).collect();
    let bars = Mark::Bars(Bars { label: None, ..Bars::new("", Colour::GREY, edges, residuals) });
    let lower = Panel {
        guides: vec![shade(None)],
        ..Panel::new(Axis::linear("time *t* [ns]").within(0.0, 120.0), Axis::linear("residual"), vec![bars])
    };
    Picture::new(vec![Row::new(vec![upper]), Row::below(vec![lower])])
}
