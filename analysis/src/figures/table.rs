//! The table behind a figure: one row a point, nothing drawn that is not in it.

mod saved;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::statistics::band::Band;

/// A row of a figure's table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The figure.
    pub figure: String,
    /// The panel within the figure.
    pub panel: String,
    /// The curve within the panel.
    pub curve: String,
    /// Where on the horizontal axis.
    pub x: f64,
    /// Mean.
    pub mean: f64,
    /// 16% quantile.
    pub low: f64,
    /// 84% quantile.
    pub high: f64,
    /// Values behind mean and band.
    pub n: usize,
    /// True background events that pass, where the value rests on them.
    pub background_events: Option<f64>,
}

/// The table behind a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureTable {
    /// The figure, also the stem of its files.
    pub figure: String,
    /// The rows, curve by curve.
    pub rows: Vec<Row>,
    /// Warnings that the picture carries; most tables have none, and then no column for them either.
    pub notes: Vec<String>,
}

/// The column of a table that carries warnings, one in each of the first rows.
const NOTES: &str = "warning";

impl FigureTable {
    /// An empty table.
    pub fn new(figure: &str) -> Self {
        Self { figure: figure.to_owned(), rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a point.
    pub fn push(&mut self, panel: &str, curve: &str, x: f64, band: Band, background_events: Option<f64>) {
        self.rows.push(Row {
            figure: self.figure.clone(),
            panel: panel.to_owned(),
            curve: curve.to_owned(),
            x,
            mean: band.mean,
            low: band.low,
            high: band.high,
            n: band.n,
            background_events,
        });
    }

    /// Adds a single value without a band.
    pub fn push_value(&mut self, panel: &str, curve: &str, x: f64, value: f64) {
        self.push(panel, curve, x, Band { mean: value, low: value, high: value, n: 1 }, None);
    }

    /// The same table if it has a row of this kind, else an empty one: a figure without its main curve is not drawn.
    pub fn only_if(self, wanted: impl Fn(&Row) -> bool) -> Self {
        if self.rows.iter().any(wanted) { self } else { Self::new(&self.figure) }
    }

    /// The same table if one of its curves has two points at least, else an empty one.
    pub fn only_if_some_curve_runs(self) -> Self {
        let runs = self
            .panels()
            .iter()
            .any(|panel| self.curves(panel).iter().any(|curve| self.curve(panel, curve).len() > 1));
        self.only_if(|_| runs)
    }

    /// The panels, in order.
    pub fn panels(&self) -> Vec<&str> {
        distinct(self.rows.iter().map(|row| row.panel.as_str()))
    }

    /// The curves of a panel, in order.
    pub fn curves(&self, panel: &str) -> Vec<&str> {
        distinct(self.rows.iter().filter(|row| row.panel == panel).map(|row| row.curve.as_str()))
    }

    /// The points of a curve, in order.
    pub fn curve(&self, panel: &str, curve: &str) -> Vec<&Row> {
        self.rows.iter().filter(|row| row.panel == panel && row.curve == curve).collect()
    }

    /// The table as CSV, numbers rounded to seven digits.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &self.rows {
            // Writing to memory cannot fail, and every row has the same fields.
            let _ = writer.serialize(row.rounded());
        }
        let plain = writer.into_inner().unwrap_or_default();
        if self.notes.is_empty() { plain } else { self.with_notes(&plain) }
    }

    /// A table with one more column: a warning in each of the first rows, as many in the last as there are left.
    fn with_notes(&self, plain: &[u8]) -> Vec<u8> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(plain);
        let mut writer = csv::Writer::from_writer(Vec::new());
        for (line, record) in reader.records().flatten().enumerate() {
            let note = match line.checked_sub(1) {
                None => NOTES.to_owned(),
                Some(row) if row + 1 == self.rows.len() => {
                    self.notes.get(row..).unwrap_or_default().join("; ")
                }
                Some(row) => self.notes.get(row).cloned().unwrap_or_default(),
            };
            let _ = writer.write_record(record.iter().chain([note.as_str()]));
        }
        writer.into_inner().unwrap_or_default()
    }

    /// The table as it reads back from its file.
    pub fn rounded(self) -> Self {
        Self { rows: self.rows.iter().map(Row::rounded).collect(), ..self }
    }

    /// Reads a table back, also one that a spreadsheet has saved: with a byte order mark, semicolons and decimal commas.
    ///
    /// # Errors
    /// The file cannot be read, is not such a table (line and column are named), or has no rows.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::CannotRead {
            what: "the figure's table",
            path: path.to_owned(),
            source,
        })?;
        let directory = path.parent().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
        let wrong = |(place, reason)| Error::Table { path: path.to_owned(), place, reason, directory };
        let (rows, notes) = saved::rows(&bytes).map_err(wrong)?;
        let figure = rows.first().map_or_else(String::new, |row| row.figure.clone());
        Ok(Self { figure, rows, notes })
    }
}

impl Row {
    fn rounded(&self) -> Self {
        Self {
            x: round(self.x),
            mean: round(self.mean),
            low: round(self.low),
            high: round(self.high),
            background_events: self.background_events.map(round),
            ..self.clone()
        }
    }
}

/// Seven significant digits: more than any figure shows, few enough that a table is the same everywhere.
pub(crate) fn round(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_survives_its_file() {
        let mut table = FigureTable::new("fig05");
        let band = Band { mean: 1.0 / 3.0, low: 0.25, high: 0.5, n: 50 };
        table.push("a", "noise", 1000.0, band, Some(12.5));
        table.push_value("a", "fit", 1.0, 2.0);
        table.push_value("b", "fit", 1.0, 2.0);
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("fig05.csv");
        std::fs::write(&path, table.to_csv()).expect("room");
        let read = FigureTable::read(&path).expect("the table");
        assert_eq!(read.panels(), ["a", "b"]);
        assert_eq!(read.curves("a"), ["noise", "fit"]);
        assert!((read.curve("a", "noise")[0].mean - 0.333_333_3).abs() < 1e-12);
        assert_eq!(read.to_csv(), table.to_csv());
        for count in [1, 2, 7] {
            table.notes = (0..count).map(|note| format!("closure fails, {note}")).collect();
            std::fs::write(&path, table.to_csv()).expect("room");
            let noted = FigureTable::read(&path).expect("the table");
            assert_eq!(noted.notes.join("; "), table.notes.join("; "));
            assert_eq!(noted.rows, read.rows);
        }
        std::fs::write(&path, "figure,panel\nx,y\n").expect("room");
        assert!(matches!(FigureTable::read(&path), Err(Error::Table { .. })));
    }
}
