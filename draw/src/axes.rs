//! Frames with their ticks and labels.

use super::{
    Colour,
    frame::Frame,
    label::{self, Anchor, Look, Turn},
    layout, path,
    plot::{Above, Below, Plot},
    sizes,
    svg::Svg,
    ticks::{Rank, Tick},
};

/// Draws the frame of a panel, its ticks on all sides and the labels around it.
pub(crate) fn draw(svg: &mut Svg, plot: &Plot, y_label: f64) {
    let frame = &plot.frame;
    for rank in [Rank::Minor, Rank::Major] {
        let (length, width) = match rank {
            Rank::Major => (sizes::TICK_LENGTHS.0, sizes::TICK_STROKES.0),
            Rank::Minor => (sizes::TICK_LENGTHS.1, sizes::TICK_STROKES.1),
        };
        // Low frames keep the proportions of high ones.
        let length = length.min(0.06 * frame.height.min(frame.width));
        let d = dashes(plot, rank, length);
        if !d.is_empty() {
            svg.element("path")
                .word("d", d)
                .word("stroke", Colour::BLACK)
                .number("stroke-width", width)
                .end();
        }
    }
    svg.element("rect")
        .number("width", frame.width)
        .number("height", frame.height)
        .word("fill", "none")
        .word("stroke", Colour::BLACK)
        .number("stroke-width", sizes::FRAME)
        .end();
    x_labels(svg, plot);
    y_labels(svg, plot, y_label);
    top_labels(svg, plot);
}

/// Path data of all ticks of one rank.
fn dashes(plot: &Plot, rank: Rank, length: f64) -> String {
    let Frame { width, height, .. } = plot.frame;
    let mut d = String::new();
    for x in places(&plot.x_ticks, rank, |value| plot.frame.x(value)) {
        d.push_str(&path::segment((x, height), (x, height - length)));
        if plot.panel.top.is_none() || plot.above == Above::Panel {
            d.push_str(&path::segment((x, 0.0), (x, length)));
        }
    }
    for y in places(&plot.y_ticks, rank, |value| plot.frame.y(value)) {
        d.push_str(&path::segment((0.0, y), (length, y)));
        d.push_str(&path::segment((width, y), (width - length, y)));
    }
    if rank == Rank::Major {
        for (x, _) in top_ticks(plot) {
            d.push_str(&path::segment((x, 0.0), (x, length)));
        }
    }
    d
}

fn places(ticks: &[Tick], rank: Rank, place: impl Fn(f64) -> Option<f64>) -> impl Iterator<Item = f64> {
    ticks.iter().filter(move |tick| tick.rank == rank).filter_map(move |tick| place(tick.value))
}

fn x_labels(svg: &mut Svg, plot: &Plot) {
    let Below::Labels(name) = plot.below else { return };
    let Frame { width, height, .. } = plot.frame;
    let look = Look::new(sizes::TICK, Anchor::Middle);
    for tick in &plot.x_ticks {
        if let (Some(label), Some(x)) = (&tick.label, plot.frame.x(tick.value)) {
            label::write(svg, label, (x, height + layout::x_ticks()), look);
        }
    }
    name_along(svg, name, (0.5 * width, height + layout::x_label()), width, Turn::Level);
}

fn y_labels(svg: &mut Svg, plot: &Plot, y_label: f64) {
    let height = plot.frame.height;
    let look = Look::new(sizes::TICK, Anchor::End);
    // Where two frames touch, a label at their common side would meet one of the other frame.
    let room = 0.5 * sizes::TICK;
    let from = if plot.above == Above::Panel { room } else { f64::NEG_INFINITY };
    let to = if plot.below == Below::Panel { height - room } else { f64::INFINITY };
    for tick in &plot.y_ticks {
        if let (Some(label), Some(y)) = (&tick.label, plot.frame.y(tick.value))
            && (from..=to).contains(&y)
        {
            let base = y + 0.5 * sizes::CAPITAL * sizes::TICK;
            label::write(svg, label, (-sizes::TICK_GAP, base), look);
        }
    }
    let x = -y_label - sizes::DROP * sizes::LABEL;
    name_along(svg, &plot.panel.y.label, (x, 0.5 * height), height, Turn::Upwards);
}

fn top_labels(svg: &mut Svg, plot: &Plot) {
    let Some(top) = plot.panel.top.as_ref().filter(|_| plot.above == Above::Page) else { return };
    let look = Look::new(sizes::TICK, Anchor::Middle);
    let mut end = f64::NEG_INFINITY;
    for (x, label) in top_ticks(plot) {
        let half = 0.5 * label::width(label, sizes::TICK) + 4.0;
        if x - half >= end {
            label::write(svg, label, (x, -sizes::TICK_GAP), look);
            end = x + half;
        }
    }
    let width = plot.frame.width;
    name_along(svg, &top.label, (0.5 * width, -layout::top_label()), width, Turn::Level);
}

/// The visible ticks of the second axis from left to right.
fn top_ticks<'a>(plot: &Plot<'a>) -> Vec<(f64, &'a str)> {
    let top = plot.panel.top.iter().filter(|_| plot.above == Above::Page).flat_map(|top| &top.ticks);
    let shown = top.filter(|(value, _)| plot.frame.x.shows(*value));
    let mut ticks: Vec<_> =
        shown.filter_map(|(value, label)| Some((plot.frame.x(*value)?, label.as_str()))).collect();
    ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
    ticks
}

/// The label of an axis, in the middle of its side and shorter than that, so that it never meets another.
fn name_along(svg: &mut Svg, name: &str, place: (f64, f64), room: f64, turn: Turn) {
    if !name.is_empty() {
        let size = label::fitting(name, sizes::LABEL, room - 8.0);
        label::write(svg, name, place, Look { turn, ..Look::new(size, Anchor::Middle) });
    }
}
