//! What users are told of columns that are discrete, constant, or dominated by outliers.

use drapes_analysis::text::number::short as number;

use super::{Atom, Column, Nature};

/// Values that a note names.
const NAMED: usize = 3;

/// What is to be said of a column, which is called as `what` says, and how a run treats it; nothing of an ordinary one.
pub fn notes(what: &str, column: &Column) -> Vec<String> {
    let events = grouped(column.events);
    let mut notes = Vec::new();
    match &column.nature {
        Nature::Smooth => {}
        Nature::Constant(value) => notes.push(format!(
            "{what} is {} in all {events} events: a run refuses it as a feature",
            number(*value)
        )),
        Nature::Mixed(atoms) => notes.push(format!(
            "{what} is mixed: {} of {events} events; templates keep such values exact, and the others smooth",
            shares(atoms, column.events)
        )),
        Nature::Discrete(atoms) => notes.push(format!(
            "{what} has only {} different values{} in {events} events ({}); templates have no others",
            grouped(column.distinct),
            if atoms.iter().all(|atom| atom.value.fract() == 0.0) { ", whole numbers," } else { "" },
            shares(atoms, column.events)
        )),
        Nature::Lattice(lattice) => notes.push(format!(
            "{what} has {} different values in {events} events, all in steps of {}; templates are rounded to them",
            grouped(column.distinct),
            number(lattice.step)
        )),
    }
    if let Some(outliers) = &column.outliers {
        notes.push(format!(
            "{what}: {} of {events} events {} its standard deviation, the furthest at {}, where the central 68% lie \
             within {} ± {}; it is scaled by ranks: check {}",
            grouped(outliers.events),
            if outliers.events == 1 { "rules" } else { "rule" },
            number(outliers.furthest),
            number(outliers.centre),
            number(outliers.half_width),
            if outliers.events == 1 { "it" } else { "them" }
        ));
    }
    notes
}

/// The values that hold most, with their shares.
fn shares(atoms: &[Atom], events: usize) -> String {
    let mut ranked = atoms.to_vec();
    ranked.sort_by_key(|atom| std::cmp::Reverse(atom.events));
    let named = ranked.iter().take(NAMED).map(|atom| {
        format!("{} in {:.1}%", number(atom.value), 100.0 * atom.events as f64 / events.max(1) as f64)
    });
    named.collect::<Vec<_>>().join(", ")
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
