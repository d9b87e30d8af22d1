//! A panel with everything decided but its place on the page: limits, ticks and texts.

use super::{
    Legend, Panel, Picture, Range, Row,
    arrange::Arrangement,
    frame::Frame,
    legend::{self, Entry, Table},
    sharing, sizes,
    ticks::{self, Along, Tick},
};

/// How much longer a y axis may become to make room for the texts inside, in the steps that are tried.
const STRETCHES: [f64; 11] = [1.0, 1.06, 1.12, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.85, 2.0];

/// A panel that is ready to be drawn.
#[derive(Debug)]
pub(crate) struct Plot<'a> {
    pub panel: &'a Panel,
    pub frame: Frame,
    pub x_ticks: Vec<Tick>,
    pub y_ticks: Vec<Tick>,
    pub texts: Arrangement<'a>,
    pub above: Above,
    pub below: Below<'a>,
}

/// What lies at the upper side of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Above {
    /// Paper, or a second axis.
    Page,
    /// The frame of the panel above.
    Panel,
}

/// What lies at the lower side of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Below<'a> {
    /// The tick labels and this label of the x axis.
    Labels(&'a str),
    /// The frame of the panel below, which has the labels.
    Panel,
}

/// Decides everything inside the frames, by row and column.
pub(crate) fn plots(picture: &Picture) -> Vec<Vec<Plot<'_>>> {
    let entries = legend::entries(picture);
    let rows = picture.rows.iter().zip(&entries).enumerate();
    rows.map(|(index, (row, entries))| plots_of_row(picture, index, row, entries)).collect()
}

fn plots_of_row<'a>(
    picture: &'a Picture,
    index: usize,
    row: &'a Row,
    entries: &[Vec<Entry>],
) -> Vec<Plot<'a>> {
    let columns = 0..row.panels.len();
    let stacks: Vec<_> = columns.map(|column| sharing::stack(picture, index, column)).collect();
    let x: Vec<_> = stacks.iter().map(|stack| sharing::x_axis(stack)).collect();
    let y = sharing::y_axes(row, &x);
    let sides = (picture.frame_width, row.height);
    let frames: Vec<_> =
        x.into_iter().zip(y).map(|(x, y)| Frame { width: sides.0, height: sides.1, x, y }).collect();
    let room = picture.frame_width - 2.0 * sizes::INSET;
    let fits = row.panels.iter().zip(&frames).zip(entries).map(|((panel, frame), entries)| {
        let tables = match picture.legend {
            Legend::Inside => Table::columns(entries, room),
            Legend::Above | Legend::Absent => Vec::new(),
        };
        fit(panel, frame, tables)
    });
    let fits: Vec<_> = fits.collect();
    let stretch = |column: usize| {
        // Axes that are shared grow together.
        let sharing = fits.iter().enumerate().filter(|(other, _)| sharing::same_y(row, column, *other));
        sharing.map(|(_, fit)| fit.stretch).fold(1.0, f64::max)
    };
    let mut plots = Vec::new();
    for (column, (panel, stack)) in row.panels.iter().zip(stacks).enumerate() {
        let frame = Frame { y: frames[column].y.stretched(stretch(column)), ..frames[column] };
        let label = stack.iter().rev().map(|panel| &*panel.x.label).find(|label| !label.is_empty());
        let first = stack.first().is_none_or(|first| std::ptr::eq(*first, panel));
        let last = stack.last().is_none_or(|last| std::ptr::eq(*last, panel));
        plots.push(Plot {
            panel,
            frame,
            x_ticks: ticks::along(&stack[0].x, &frame.x, Along::X(frame.width)),
            y_ticks: ticks::along(&panel.y, &frame.y, Along::Y(frame.height)),
            texts: Arrangement::new(panel, &frame, fits[column].table.as_ref()).0,
            above: if first { Above::Page } else { Above::Panel },
            below: if last { Below::Labels(label.unwrap_or_default()) } else { Below::Panel },
        });
    }
    plots
}

/// What makes the texts fit into a frame.
struct Fit {
    stretch: f64,
    table: Option<Table>,
}

/// The least stretch and the first form of the legend with which the texts hide no data, or else the least.
fn fit(panel: &Panel, frame: &Frame, tables: Vec<Table>) -> Fit {
    let stretches = match panel.y.range {
        Range::Fixed(..) => &STRETCHES[..1],
        Range::Auto | Range::From(_) => &STRETCHES,
    };
    let mut forms: Vec<_> = tables.into_iter().map(Some).collect();
    if forms.is_empty() {
        forms.push(None);
    }
    let mut best = (f64::INFINITY, 1.0, 0);
    'search: for stretch in stretches {
        let frame = Frame { y: frame.y.stretched(*stretch), ..*frame };
        for (index, form) in forms.iter().enumerate() {
            let (_, hidden) = Arrangement::new(panel, &frame, form.as_ref());
            if hidden < 0.9 * best.0 {
                best = (hidden, *stretch, index);
            }
            if hidden < 1e-9 {
                break 'search;
            }
        }
    }
    Fit { stretch: best.1, table: forms.swap_remove(best.2) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Colour, Curve, Mark, Point, Scale, Style};

    fn panel(y: Axis) -> Panel {
        let points = (0..50).map(|x| Point::exact(f64::from(x), 100.0 + f64::from(x % 2))).collect();
        let curve = Curve::new("up and down", Style::line(Colour::BLACK), points);
        Panel::new(Axis::linear("x"), y, vec![Mark::Curve(curve)]).noted("note")
    }

    #[test]
    fn a_hanging_panel_takes_the_axis_from_above() {
        let upper = Panel { x: Axis::log("mass").within(10.0, 1000.0), ..panel(Axis::linear("counts")) };
        let lower = Panel { x: Axis::linear(""), ..panel(Axis::linear("residual")) };
        let picture = Picture::new(vec![Row::new(vec![upper]), Row::below(vec![lower])]);
        let plots = plots(&picture);
        assert_eq!(plots[0][0].frame.x, plots[1][0].frame.x);
        assert_eq!(plots[1][0].frame.x.scale, Scale::Log);
        assert_eq!((plots[0][0].below, plots[1][0].below), (Below::Panel, Below::Labels("mass")));
        assert_eq!((plots[0][0].above, plots[1][0].above), (Above::Page, Above::Panel));
    }

    #[test]
    fn axes_that_were_left_open_make_room_for_texts_together() {
        let high = |axis: Axis| {
            let second = Panel { note: None, ..panel(axis.clone()) };
            let picture = Picture::new(vec![Row::new(vec![panel(axis), second])]);
            plots(&picture)[0].iter().map(|plot| plot.frame.y.high).collect::<Vec<_>>()
        };
        let open = high(Axis::linear("y").starting_at(100.0));
        assert!(open[0] > 101.1);
        assert_eq!(open[0].to_bits(), open[1].to_bits());
        assert_eq!(high(Axis::linear("y").within(100.0, 101.0)), [101.0, 101.0]);
    }
}
