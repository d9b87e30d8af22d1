//! Axes that panels have in common: x from top to bottom of a stack, y along a row.

use super::{
    Guide, Hangs, Mark, Panel, Picture, Row,
    limits::{self, Extent, Margin},
    scale::Interval,
};

/// The panels that share an x axis with the one at a place, from top to bottom.
pub(crate) fn stack(picture: &Picture, row: usize, column: usize) -> Vec<&Panel> {
    let panel = |row: usize| picture.rows.get(row).and_then(|row| row.panels.get(column));
    let hangs =
        |row: &usize| *row > 0 && picture.rows[*row].hangs == Hangs::Below && panel(*row - 1).is_some();
    let first = (0..=row).rev().find(|row| !hangs(row)).unwrap_or(0);
    let below = (first + 1..picture.rows.len()).take_while(hangs).map_while(panel);
    panel(first).into_iter().chain(below).collect()
}

/// The x axis of a stack: described by its first panel, for the data of all.
pub(crate) fn x_axis(stack: &[&Panel]) -> Interval {
    let marks = || stack.iter().flat_map(|panel| &panel.marks).map(Mark::drawn);
    let mut extent = Extent::default();
    marks().for_each(|mark| mark.reach_x(&mut extent));
    let tight = marks().any(|mark| mark.margin() == Margin::Tight);
    limits::interval(&stack[0].x, &extent, if tight { Margin::Tight } else { Margin::Padded })
}

/// The y axes of a row, given the x axes; panels with the same description are compared and get one range.
pub(crate) fn y_axes(row: &Row, x: &[Interval]) -> Vec<Interval> {
    let panels = || row.panels.iter().zip(x);
    let axis = |column: usize| {
        let mut extent = Extent::default();
        for (other, (panel, x)) in panels().enumerate() {
            if same_y(row, column, other) {
                panel.marks.iter().for_each(|mark| mark.drawn().reach_y(x, &mut extent));
                panel.guides.iter().for_each(|guide| reach_of_guide(guide, &mut extent));
            }
        }
        limits::interval(&row.panels[column].y, &extent, Margin::Padded)
    };
    (0..row.panels.len()).map(axis).collect()
}

/// Whether two panels of a row share their y axis.
pub(crate) fn same_y(row: &Row, one: usize, other: usize) -> bool {
    one == other || row.panels[one].y == row.panels[other].y
}

/// The range of y is widened to include the guide.
fn reach_of_guide(guide: &Guide, y: &mut Extent) {
    match guide {
        Guide::Horizontal { y: value, .. } => y.add(*value),
        Guide::Vertical { .. } | Guide::Shade { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Colour, Curve, Point, Style};

    fn panel(y: Axis, value: f64) -> Panel {
        let curve = Curve::new("", Style::line(Colour::BLACK), vec![Point::exact(1.0, value)]);
        Panel::new(Axis::linear("x"), y, vec![Mark::Curve(curve)])
    }

    #[test]
    fn panels_to_compare_share_their_range_and_others_do_not() {
        let row = Row::new(vec![
            panel(Axis::linear("a"), 10.0),
            panel(Axis::linear("a"), 20.0),
            panel(Axis::linear("b"), 300.0),
        ]);
        let x: Vec<_> = row.panels.iter().map(|panel| x_axis(&[panel])).collect();
        let y = y_axes(&row, &x);
        assert_eq!(y[0], y[1]);
        assert!(y[0].low < 10.0 && y[0].high > 20.0 && y[0].high < 300.0);
    }

    #[test]
    fn stacks_end_where_a_row_stands_apart() {
        let row = || vec![panel(Axis::linear("a"), 1.0)];
        let rows = vec![Row::new(row()), Row::below(row()), Row::below(Vec::new()), Row::new(row())];
        let picture = Picture::new(rows);
        assert_eq!([0, 1, 3].map(|row| stack(&picture, row, 0).len()), [2, 2, 1]);
    }

    #[test]
    fn a_horizontal_guide_is_within_the_range() {
        let guide = Guide::Horizontal { y: 50.0, dash: crate::Dash::Solid, label: None };
        let row = Row::new(vec![Panel { guides: vec![guide], ..panel(Axis::linear("a"), 10.0) }]);
        assert!(y_axes(&row, &[x_axis(&[&row.panels[0]])])[0].shows(50.0));
    }
}
