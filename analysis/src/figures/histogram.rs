//! Histograms in tables: `x` is the lower edge of a bin and `mean` its content; a last row of zero ends the last bin.

use crate::figures::FigureTable;
use drapes_draw::{Steps, Style};

/// The axis of histograms.
pub const SHARE: &str = "share of events";

/// Adds a histogram.
pub fn push(table: &mut FigureTable, panel: &str, curve: &str, edges: &[f64], contents: &[f64]) {
    for (edge, content) in edges.iter().zip(contents) {
        table.push_value(panel, curve, *edge, *content);
    }
    if let Some(end) = edges.get(contents.len()) {
        table.push_value(panel, curve, *end, 0.0);
    }
}

/// The edges and contents of a histogram.
pub fn read(table: &FigureTable, panel: &str, curve: &str) -> (Vec<f64>, Vec<f64>) {
    let rows = table.curve(panel, curve);
    let edges = rows.iter().map(|row| row.x).collect();
    let contents = rows[..rows.len().saturating_sub(1)].iter().map(|row| row.mean).collect();
    (edges, contents)
}

/// The outline of a histogram.
pub fn steps(table: &FigureTable, panel: &str, curve: &str, label: &str, style: Style) -> Steps {
    let (edges, contents) = read(table, panel, curve);
    Steps::new(label, style, edges, contents)
}

/// The highest content in a panel.
pub fn highest(table: &FigureTable, panel: &str) -> f64 {
    table.rows.iter().filter(|row| row.panel == panel).map(|row| row.mean).fold(1e-9, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_survives_its_table() {
        let mut table = FigureTable::new("");
        push(&mut table, "a", "b", &[0.0, 1.0, 3.0], &[0.25, 0.75]);
        assert_eq!(read(&table, "a", "b"), (vec![0.0, 1.0, 3.0], vec![0.25, 0.75]));
        assert_eq!(read(&table, "a", "none"), (vec![], vec![]));
        assert!((highest(&table, "a") - 0.75).abs() < 1e-12);
    }
}
