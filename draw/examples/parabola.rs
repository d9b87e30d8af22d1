//! The smallest picture of README.md.

use drapes_draw::{Axis, Colour, Curve, DrawError, Mark, Panel, Picture, Point, Row, Style};

fn main() -> Result<(), DrawError> {
    let points = (1..=100).map(f64::from).map(|x| Point::within(x, x * x, 0.8 * x * x, 1.3 * x * x));
    let curve = Curve::new("*x*^{2}", Style::line(Colour::hex(0x00_72_b2)), points.collect());
    let (x, y) = (Axis::log("*x* [m]"), Axis::log("area *A*_{x} [m^{2}]"));
    let picture = Picture::new(vec![Row::new(vec![Panel::new(x, y, vec![Mark::Curve(curve)])])]);
    let svg = drapes_draw::svg(&picture);
    let (png, pdf) = (drapes_draw::png(&svg, 1600)?, drapes_draw::pdf(&svg)?);
    println!("{} bytes of SVG, {} of PNG, {} of PDF", svg.len(), png.len(), pdf.len());
    Ok(())
}
