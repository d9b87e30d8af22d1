//! One panel as SVG.

use super::{Mark, axes, plot::Plot, svg::Svg};

/// Draws a panel with the upper left corner of its frame at the given position. Marks for which `group` has a name stand in
/// groups of that name, so that a page can hide them.
pub(crate) fn draw(
    svg: &mut Svg,
    plot: &Plot,
    clip: &str,
    (x, y): (f64, f64),
    y_label: f64,
    group: impl Fn(&Mark) -> Option<usize>,
) {
    let place = format!("translate({} {})", super::svg::number(x), super::svg::number(y));
    svg.element("g").word("transform", place).open();
    svg.element("g").word("clip-path", format!("url(#{clip})")).word("stroke-linejoin", "round").open();
    let grouped = |mark: &Mark, svg: &mut Svg, part: &dyn Fn(&mut Svg)| match group(mark) {
        Some(name) => {
            svg.element("g").word("data-k", name).open();
            part(svg);
            svg.close();
        }
        None => part(svg),
    };
    for mark in &plot.panel.marks {
        grouped(mark, svg, &|svg| mark.drawn().shade(&plot.frame, svg));
    }
    plot.panel.guides.iter().for_each(|guide| guide.draw(&plot.frame, svg));
    for mark in &plot.panel.marks {
        grouped(mark, svg, &|svg| mark.drawn().trace(&plot.frame, svg));
    }
    svg.close();
    axes::draw(svg, plot, y_label);
    plot.texts.write(svg);
    svg.close();
}
