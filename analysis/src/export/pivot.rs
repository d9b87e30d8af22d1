//! A figure's table with its curves side by side, as HEPData shows tables.

use std::collections::HashMap;

use crate::figures::FigureTable;
use crate::figures::table::Row;

/// Curves stand side by side if at least this share of the cells is filled; else they stand below each other.
const LEAST_FILLED: f64 = 0.25;

/// A table whose lines are points and whose columns are curves.
pub struct Pivot<'a> {
    /// The panel, the place on the horizontal axis, and the curve where all are in one column.
    pub lines: Vec<Line<'a>>,
    /// The columns.
    pub columns: Vec<Column<'a>>,
}

/// The panel, horizontal position and curve of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line<'a> {
    /// The panel.
    pub panel: &'a str,
    /// The curve, where its column holds all.
    pub curve: Option<&'a str>,
    /// Position on the horizontal axis.
    pub x: f64,
}

/// A column of values, a cell a line.
pub struct Column<'a> {
    /// The curve; none where all are in one column.
    pub curve: Option<&'a str>,
    /// The values; none where the curve has no point.
    pub cells: Vec<Option<&'a Row>>,
}

impl<'a> Pivot<'a> {
    /// Puts the curves of a table side by side where they share most of their places.
    pub fn of(table: &'a FigureTable) -> Self {
        let wide = Self::wide(table);
        let cells = (wide.lines.len() * wide.columns.len()).max(1);
        if table.rows.len() as f64 >= LEAST_FILLED * cells as f64 { wide } else { Self::long(table) }
    }

    fn wide(table: &'a FigureTable) -> Self {
        let panels = table.panels();
        let mut curves: Vec<&str> = Vec::new();
        for panel in &panels {
            let new = table.curves(panel).into_iter().filter(|curve| !curves.contains(curve));
            curves.extend(new.collect::<Vec<_>>());
        }
        let (mut lines, mut cells) = (Vec::new(), HashMap::new());
        for panel in panels {
            // A curve may come to the same place more than once: such points get lines of their own.
            let mut places: Vec<(f64, usize)> = Vec::new();
            let mut points: Vec<(&str, (f64, usize), &Row)> = Vec::new();
            for curve in table.curves(panel) {
                let mut seen: HashMap<u64, usize> = HashMap::new();
                for row in table.curve(panel, curve) {
                    let times = seen.entry(row.x.to_bits()).or_default();
                    points.push((curve, (row.x, *times), row));
                    *times += 1;
                }
            }
            places.extend(points.iter().map(|(_, place, _)| *place));
            places.sort_by(|one, next| one.0.total_cmp(&next.0).then(one.1.cmp(&next.1)));
            places.dedup_by_key(|place| (place.0.to_bits(), place.1));
            let first = lines.len();
            let known: HashMap<(u64, usize), usize> = places
                .iter()
                .enumerate()
                .map(|(line, place)| ((place.0.to_bits(), place.1), first + line))
                .collect();
            lines.extend(places.iter().map(|place| Line { panel, curve: None, x: place.0 }));
            for (curve, (x, times), row) in points {
                cells.insert((known[&(x.to_bits(), times)], curve), row);
            }
        }
        let column = |curve: &'a str| Column {
            curve: Some(curve),
            cells: (0..lines.len()).map(|line| cells.get(&(line, curve)).copied()).collect(),
        };
        let columns = curves.into_iter().map(column).collect();
        Self { lines, columns }
    }

    fn long(table: &'a FigureTable) -> Self {
        let line = |row: &'a Row| Line { panel: &row.panel, curve: Some(&row.curve), x: row.x };
        let cells = table.rows.iter().map(Some).collect();
        Self { lines: table.rows.iter().map(line).collect(), columns: vec![Column { curve: None, cells }] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_stand_side_by_side_where_they_share_their_places() {
        let mut table = FigureTable::new("");
        for (curve, x, value) in [("a", 2.0, 1.0), ("a", 1.0, 2.0), ("b", 2.0, 3.0), ("b", 2.0, 4.0)] {
            table.push_value("p", curve, x, value);
        }
        let pivot = Pivot::of(&table);
        assert_eq!(pivot.lines.iter().map(|line| line.x).collect::<Vec<_>>(), [1.0, 2.0, 2.0]);
        let values = |column: usize| -> Vec<Option<f64>> {
            pivot.columns[column].cells.iter().map(|cell| cell.map(|row| row.mean)).collect()
        };
        assert_eq!(values(0), [Some(2.0), Some(1.0), None]);
        assert_eq!(values(1), [None, Some(3.0), Some(4.0)]);
    }

    #[test]
    fn curves_that_share_nothing_stand_below_each_other() {
        let mut table = FigureTable::new("");
        for curve in 0..5 {
            table.push_value("p", &curve.to_string(), f64::from(curve), 1.0);
        }
        let pivot = Pivot::of(&table);
        assert_eq!((pivot.lines.len(), pivot.columns.len()), (5, 1));
        assert_eq!(pivot.lines[3], Line { panel: "p", curve: Some("3"), x: 3.0 });
    }
}
