//! One panel as SVG.

use super::{axes, plot::Plot, svg::Svg};

/// Draws a panel with the upper left corner of its frame at the given position.
pub(crate) fn draw(svg: &mut Svg, plot: &Plot, clip: &str, (x, y): (f64, f64), y_label: f64) {
    let place = format!("translate({} {})", super::svg::number(x), super::svg::number(y));
    svg.element("g").word("transform", place).open();
    svg.element("g").word("clip-path", format!("url(#{clip})")).word("stroke-linejoin", "round").open();
    let marks = || plot.panel.marks.iter().map(super::Mark::drawn);
    marks().for_each(|mark| mark.shade(&plot.frame, svg));
    plot.panel.guides.iter().for_each(|guide| guide.draw(&plot.frame, svg));
    marks().for_each(|mark| mark.trace(&plot.frame, svg));
    svg.close();
    axes::draw(svg, plot, y_label);
    plot.texts.write(svg);
    svg.close();
}
