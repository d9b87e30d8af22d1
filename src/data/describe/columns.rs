//! Columns that a search must treat with care, found on the way through a file.

use super::ColumnSummary;
use crate::data::columns::{self, Column};

/// Values that are kept to tell discrete columns from smooth ones, over all columns of a table: more would not tell more.
const MOST_VALUES: usize = 1 << 25;

/// The first finite values of some columns.
pub(super) struct Kept {
    columns: Vec<Vec<f32>>,
    most: usize,
}

impl Kept {
    /// A search for discrete columns among so many.
    pub fn of(columns: usize) -> Self {
        Self { columns: vec![Vec::new(); columns], most: MOST_VALUES / columns.max(1) }
    }

    /// Keeps a value of a column, in the precision of a run.
    pub fn add(&mut self, column: usize, value: f64) {
        let kept = &mut self.columns[column];
        if value.is_finite() && kept.len() < self.most {
            kept.push(value as f32);
        }
    }

    /// What is to be said of these columns as features; nothing of those that a search does not take for features.
    pub fn notes(self, summaries: &[ColumnSummary], not_features: &[&str]) -> Vec<String> {
        let suspicious = summaries.iter().zip(self.columns).filter(|(summary, _)| {
            // Names of other roles, spelt in whatever way.
            let plain = summary.name.to_lowercase().replace(['_', '-', ' '], "");
            !not_features.contains(&summary.name.as_str())
                && !["event", "weight", "weights", "run"].contains(&plain.as_str())
        });
        let notes = suspicious.map(|(summary, values)| {
            let varies_later = |column: &Column| column.distinct == 1 && summary.min < summary.max;
            let column = Column::of(values).filter(|column| !varies_later(column));
            column
                .map(|column| columns::notes(&format!("column {}", summary.name), &column))
                .unwrap_or_default()
        });
        notes.flatten().collect()
    }
}
