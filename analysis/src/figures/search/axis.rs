//! The axis of the mass in figures of a search. A picture is drawn from its table alone: where the axis is not that of the di-jet mass
//! in GeV, its label stands in the table as the name of a panel.

use crate::figures::FigureTable;
use crate::job::{Job, MassWindow, hlv};
use drapes_draw::Point;

/// The curve of the row that has the label.
const AXIS: &str = "axis";

/// Adds the label to a table, where it has rows and the label is not the usual one.
pub fn push(table: &mut FigureTable, job: &Job) {
    let label = job.mass_label();
    if !table.rows.is_empty() && label != hlv::label("m_jj") {
        table.push_value(&label, AXIS, 0.0, 1.0);
    }
}

/// The label.
pub fn read(table: &FigureTable) -> String {
    let named = table.rows.iter().find(|row| row.curve == AXIS).map(|row| row.panel.clone());
    named.unwrap_or_else(|| hlv::label("m_jj"))
}

/// The centre of a window, where figures show it.
pub fn centre(window: MassWindow) -> f64 {
    f64::midpoint(window.low.0, window.high.0)
}

/// The curve of rows that stand for windows without a value.
const WITHOUT: &str = "window without a value";

/// Adds windows that no curve has a value of, where the table has rows: a picture, which is drawn from the table alone, breaks its lines
/// there.
pub fn push_windows(table: &mut FigureTable, centres: impl Iterator<Item = f64>) {
    let mut known: Vec<f64> = table.rows.iter().map(|row| row.x).collect();
    if known.is_empty() {
        return;
    }
    for centre in centres {
        if !known.iter().any(|x| x.to_bits() == centre.to_bits()) {
            table.push_value(WITHOUT, WITHOUT, centre, 1.0);
            known.push(centre);
        }
    }
}

/// The windows of these curves, and those without a value, by their centres.
pub fn windows(table: &FigureTable, is_curve: impl Fn(&str, &str) -> bool) -> Vec<f64> {
    let rows = table.rows.iter().filter(|row| is_curve(&row.panel, &row.curve) || row.curve == WITHOUT);
    let mut masses: Vec<f64> = rows.map(|row| row.x).collect();
    masses.sort_by(f64::total_cmp);
    masses.dedup();
    masses
}

/// The points of a curve with a gap at every window that it has no value of: a line through such a window would be read as one.
pub fn with_gaps(points: Vec<Point>, windows: &[f64]) -> Vec<Point> {
    let mut points = points.into_iter().peekable();
    let mut found = vec![];
    for window in windows {
        while let Some(point) = points.next_if(|point| point.x < *window) {
            found.push(point);
        }
        let before = found.len();
        while let Some(point) = points.next_if(|point| point.x.to_bits() == window.to_bits()) {
            found.push(point);
        }
        if found.len() == before {
            found.push(Point::exact(*window, f64::NAN));
        }
    }
    found.extend(points);
    found
}

/// Whether a window has a value and no neighbour with one, so that no line or band passes it.
pub fn is_any_alone(points: &[Point]) -> bool {
    let has = |place: Option<usize>| {
        place.and_then(|place| points.get(place)).is_some_and(|point| !point.mean.is_nan())
    };
    (0..points.len()).any(|place| has(Some(place)) && !has(place.checked_sub(1)) && !has(Some(place + 1)))
}

/// The unit in a label.
pub fn unit(label: &str) -> String {
    let bracket = label.rsplit_once('[').map(|(_, rest)| rest.trim_end_matches(']'));
    bracket.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_without_a_value_leaves_a_gap() {
        let of = |masses: &[f64]| masses.iter().map(|mass| Point::exact(*mass, 1.0)).collect::<Vec<_>>();
        let windows = [1.0, 2.0, 3.0, 4.0];
        let broken = with_gaps(of(&[1.0, 3.0, 4.0]), &windows);
        let means: Vec<bool> = broken.iter().map(|point| point.mean.is_nan()).collect();
        assert_eq!(means, [false, true, false, false]);
        assert!(broken.iter().zip(windows).all(|(point, window)| point.x.to_bits() == window.to_bits()));
        assert!(is_any_alone(&broken), "the first has no neighbour");
        assert!(!is_any_alone(&with_gaps(of(&[3.0, 4.0]), &windows)));
        assert!(!is_any_alone(&with_gaps(of(&windows), &windows)));
        // Two windows around one mass, and a value beside all windows, take no gap away.
        let twice = with_gaps(of(&[1.0, 1.0, 1.5, 2.0, 4.0]), &windows);
        let xs: Vec<(f64, bool)> = twice.iter().map(|point| (point.x, point.mean.is_nan())).collect();
        let expected = [(1.0, false), (1.0, false), (1.5, false), (2.0, false), (3.0, true), (4.0, false)];
        assert_eq!(format!("{xs:?}"), format!("{expected:?}"));
        let mut table = FigureTable::new("a");
        push_windows(&mut table, [1.0].into_iter());
        assert!(table.rows.is_empty(), "no row, no figure");
        table.push_value("p", "c", 1.0, 0.5);
        push_windows(&mut table, [1.0, 2.0].into_iter());
        assert_eq!(super::windows(&table, |panel, _| panel == "p").len(), 2);
        assert!(with_gaps(vec![], &windows).iter().all(|point| point.mean.is_nan()));
    }
}
