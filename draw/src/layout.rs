//! Where the frames stand on the page.

use super::{
    Hangs, Legend, Picture,
    block::Block,
    label::{self, Weight},
    legend::{self, Table},
    plot::{Above, Below, Plot},
    scale::Interval,
    sizes,
};

/// Places of frames and of the texts around them, in points from the upper left corner of the page.
#[derive(Debug)]
pub(crate) struct Layout {
    pub width: f64,
    pub height: f64,
    /// Left sides of the frames of each column.
    pub columns: Vec<f64>,
    /// Upper sides of the frames of each row.
    pub rows: Vec<f64>,
    /// From the frames of each column to the middle of their y labels.
    pub y_labels: Vec<f64>,
    pub title: Option<(Block, (f64, f64))>,
    pub legend: Option<(Table, (f64, f64))>,
    pub footnote: Option<(Block, (f64, f64))>,
    pub warning: Option<(Block, (f64, f64))>,
}

impl Layout {
    /// Measures all texts and places the frames so that nothing overlaps.
    pub fn new(picture: &Picture, plots: &[Vec<Plot>]) -> Self {
        let count = plots.iter().map(Vec::len).max().unwrap_or(0);
        let column = |index: usize| plots.iter().filter_map(move |row| row.get(index));
        let ticks: Vec<f64> =
            (0..count).map(|index| column(index).map(tick_width).fold(0.0, f64::max)).collect();
        let (mut x, mut columns) = (sizes::PAGE, Vec::new());
        for (index, ticks) in ticks.iter().enumerate() {
            let left = column(index).map(|plot| left(plot, *ticks)).fold(0.0, f64::max);
            let right = column(index).map(overhang).fold(0.0, f64::max);
            let gap = if index == 0 { 0.0 } else { sizes::APART };
            columns.push(x + gap + left);
            x += gap + left + picture.frame_width + right;
        }
        let width = x + sizes::PAGE;
        let (start, end) =
            (columns.first().copied().unwrap_or(x), columns.last().map_or(x, |x| x + picture.frame_width));
        let room = (end - start).max(sizes::TITLE);

        let mut y = sizes::PAGE;
        let title = picture.title.as_deref().map(|title| {
            let block = Block::weighted(title, sizes::TITLE, room, Weight::Bold);
            let place = (start, y);
            y += block.height() + 10.0;
            (block, place)
        });
        let legend = table(picture, room).map(|table| {
            let place = (start + 0.5 * (room - table.width()), y + 2.0);
            y += table.height() + 14.0;
            (table, place)
        });
        let mut rows: Vec<f64> = Vec::new();
        for (index, (row, plots)) in picture.rows.iter().zip(plots).enumerate() {
            let touching = rows.last().filter(|_| row.hangs == Hangs::Below);
            let top = touching.map_or_else(
                || {
                    let gap = if index == 0 { 0.0 } else { sizes::APART };
                    y + gap + plots.iter().map(above).fold(0.5 * sizes::TICK, f64::max)
                },
                |last| last + picture.rows[index - 1].height,
            );
            rows.push(top);
            // A panel with nothing below keeps its labels, although its neighbours may go on.
            y = y.max(top + row.height + plots.iter().map(below).fold(0.0, f64::max));
        }
        let footnote = picture.footnote.as_deref().map(|footnote| {
            let block = Block::new(footnote, sizes::FOOTNOTE, room);
            y += 14.0;
            let place = (start, y);
            y += block.height();
            (block, place)
        });
        let warning = picture.warning.as_deref().map(|warning| {
            let block = Block::new(warning, sizes::FOOTNOTE, room);
            y += if footnote.is_some() { 6.0 } else { 14.0 };
            let place = (start, y);
            y += block.height();
            (block, place)
        });
        let y_labels = ticks.iter().map(|ticks| sizes::TICK_GAP + ticks + sizes::LABEL_GAP).collect();
        Self { width, height: y + sizes::PAGE, columns, rows, y_labels, title, legend, footnote, warning }
    }
}

fn table(picture: &Picture, room: f64) -> Option<Table> {
    match picture.legend {
        Legend::Above => Table::rows(&legend::entries(picture).concat().concat(), room),
        Legend::Absent | Legend::Inside => None,
    }
}

/// The width of the widest tick label of the y axis.
fn tick_width(plot: &Plot) -> f64 {
    let labels = plot.y_ticks.iter().filter_map(|tick| tick.label.as_deref());
    labels.map(|label| label::width(label, sizes::TICK)).fold(0.0, f64::max)
}

/// Space to the left of a frame, for tick labels of the given width.
fn left(plot: &Plot, ticks: f64) -> f64 {
    let label = if plot.panel.y.label.is_empty() {
        0.0
    } else {
        sizes::LABEL_GAP + (sizes::RISE + sizes::DROP) * sizes::LABEL
    };
    let first = plot.x_ticks.first().map_or(0.0, |tick| {
        outside(&plot.frame.x, plot.frame.width, tick.value, tick.label.as_deref(), Side::Left)
    });
    (sizes::TICK_GAP + ticks + label).max(first)
}

/// Space to the right of a frame for tick labels that stand out.
fn overhang(plot: &Plot) -> f64 {
    let own = plot.x_ticks.iter().map(|tick| (tick.value, tick.label.as_deref()));
    let top = plot.panel.top.iter().flat_map(|top| &top.ticks).map(|(x, label)| (*x, Some(&**label)));
    let stands_out = |(value, label)| outside(&plot.frame.x, plot.frame.width, value, label, Side::Right);
    own.chain(top).map(stands_out).fold(2.0, f64::max)
}

#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// How far the label of a tick stands out of the frame.
fn outside(x: &Interval, width: f64, value: f64, label: Option<&str>, side: Side) -> f64 {
    let Some(fraction) = x.fraction(value).filter(|_| x.shows(value)) else { return 0.0 };
    let half = 0.5 * label.map_or(0.0, |label| label::width(label, sizes::TICK));
    match side {
        Side::Left => half - fraction * width,
        Side::Right => half - (1.0 - fraction) * width,
    }
}

/// Space above a frame.
fn above(plot: &Plot) -> f64 {
    match (plot.above, &plot.panel.top) {
        (Above::Page, Some(_)) => top_label() + sizes::RISE * sizes::LABEL,
        _ => 0.0,
    }
}

/// From a frame up to the base line of the label of its second axis.
pub(crate) fn top_label() -> f64 {
    sizes::TICK_GAP + 0.8 * sizes::TICK + sizes::LABEL_GAP + 0.2 * sizes::LABEL
}

/// Space below a frame.
fn below(plot: &Plot) -> f64 {
    match plot.below {
        Below::Panel => 0.0,
        Below::Labels("") => x_ticks() + 0.25 * sizes::TICK,
        Below::Labels(_) => x_label() + sizes::DROP * sizes::LABEL,
    }
}

/// From a frame down to the base line of its tick labels.
pub(crate) fn x_ticks() -> f64 {
    sizes::TICK_GAP + 0.95 * sizes::TICK
}

/// From a frame down to the base line of the label of its x axis.
pub(crate) fn x_label() -> f64 {
    x_ticks() + 0.2 * sizes::TICK + sizes::LABEL_GAP + 0.8 * sizes::LABEL
}
