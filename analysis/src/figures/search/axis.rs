//! The axis of the mass in figures of a search. A picture is drawn from its table alone: where the axis is not that of the di-jet mass
//! in GeV, its label stands in the table as the name of a panel.

use crate::figures::FigureTable;
use crate::job::{Job, hlv};

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

/// The unit in a label.
pub fn unit(label: &str) -> String {
    let bracket = label.rsplit_once('[').map(|(_, rest)| rest.trim_end_matches(']'));
    bracket.unwrap_or_default().to_owned()
}
