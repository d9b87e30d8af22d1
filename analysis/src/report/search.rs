//! The table of a search: for each window and cut what was found, and what was expected by both estimates. It is made of `search.csv`,
//! so that it withholds what that does.

use std::collections::HashMap;

use serde::Serialize;

use super::methods::{Cell, Column};
use crate::figures::fit_quality::written;
use crate::figures::search::csv::csv;
use crate::figures::search::told_calibration::notes_of_control;
use crate::store::Results;
use crate::store::unblinding::Blinding;

/// The table; without rows where no window has been searched.
#[derive(Serialize)]
pub struct Search {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// Whether what data do behind cuts is withheld.
    pub is_blind: bool,
    /// Who has unblinded it, and when.
    pub unblinded: Option<String>,
    /// What has been added or taken away since.
    pub changed_since: Option<String>,
    /// What is to be known of its control windows and of other searches that measure its cuts, a sentence each.
    pub control_notes: Vec<String>,
    /// What is to be known of single rows.
    pub notes: Vec<RowNote>,
    /// Whether the job searches windows.
    pub is_asked: bool,
}

/// What is to be known of some rows, as `search.csv` has it: why numbers are missing, and which fits may err.
#[derive(Debug, PartialEq, Serialize)]
pub struct RowNote {
    pub text: String,
    /// The rows that it is of, by window and cut.
    pub rows: String,
}

/// The notes of the rows, each once, in the order of the table.
fn notes(rows: &[CsvRow]) -> Vec<RowNote> {
    let mut found: Vec<RowNote> = vec![];
    for row in rows {
        let note = text(row, "note");
        if note.is_empty() {
            continue;
        }
        let place = format!("{} at ε = {}", window(row).text, text(row, "efficiency"));
        match found.iter_mut().find(|known| known.text == note) {
            Some(known) => known.rows = format!("{}, {place}", known.rows),
            None => found.push(RowNote { text: note.to_owned(), rows: place }),
        }
    }
    found
}

/// A row of `search.csv` by its headings.
type CsvRow = HashMap<String, String>;

/// A column of the table: its heading, what it means, the column of `search.csv` without which it is left out, and its cell.
struct Shown {
    heading: &'static str,
    meaning: &'static str,
    of: &'static str,
    cell: fn(&CsvRow) -> Cell,
}

const fn shown(
    heading: &'static str,
    meaning: &'static str,
    of: &'static str,
    cell: fn(&CsvRow) -> Cell,
) -> Shown {
    Shown { heading, meaning, of, cell }
}

const COLUMNS: [Shown; 22] = [
    shown("window", "edges of the window", "window_low_gev", window),
    shown("ε", "share of the template that passes the cut; 1 before any", "efficiency", |row| {
        plain(row, "efficiency")
    }),
    shown("N", "data in the window behind the cut", "n", |row| plain(row, "n")),
    shown("N_t", "template events behind the cut", "n_template_passing", |row| {
        plain(row, "n_template_passing")
    }),
    shown(
        "b ± σ",
        "background that the template expects; σ holds the scatter of counts",
        "background",
        |row| measured(row, "background", 1),
    ),
    shown("δ", "excess of background over the template that b allows for", "delta", |row| {
        measured(row, "delta", 3)
    }),
    shown("Z", "standard deviations of N over b, by the profile likelihood", "z", |row| rounded(row, "z", 1)),
    shown(
        "p",
        "local p-value of N over b: the larger of that of Z and the exact one of counts",
        "p",
        |row| p(row, ""),
    ),
    shown("global p", "p-value of the smallest local one of all windows and cuts", "global_p", |row| {
        small(row, "global_p")
    }),
    shown(
        "limit",
        "95% CLs upper limit on signal events that pass; below it what is expected",
        "limit",
        |row| limit(row, ""),
    ),
    shown("fit", "function that was fitted to the side-bands behind the same cut", "fit_function", function),
    shown(
        "b ± σ of the fit",
        "background that the fit of the side-bands expects",
        "fit_background",
        |row| measured(row, "fit_background", 1),
    ),
    shown(
        "bias of the fit",
        "by how much more the fit expects than another function of the same side-bands, and the mean of that over its error (pseudo-experiments)",
        "fit_bias",
        bias,
    ),
    shown("Z of the fit", "standard deviations of N over what the fit expects", "fit_z", |row| {
        rounded(row, "fit_z", 1)
    }),
    shown("p of the fit", "local p-value of N over what the fit expects", "fit_p", |row| p(row, "fit_")),
    shown(
        "limit of the fit",
        "95% CLs upper limit by the fit; below it what is expected",
        "fit_limit",
        |row| limit(row, "fit_"),
    ),
    shown(
        "peak",
        "signal events of a peak that was fitted to the spectrum, and its standard deviation",
        "peak_signal",
        peak,
    ),
    shown(
        "Z of the peak",
        "standard deviations of the fitted peak; too large where its width was fitted, too",
        "peak_z",
        |row| rounded(row, "peak_z", 1),
    ),
    shown(
        "feigned peak",
        "signal that the function of the background finds in the spectrum that another one expects",
        "peak_spurious",
        spurious,
    ),
    shown(
        "limit on the signal",
        "95% CLs upper limit on signal events in the window, by simulated signal; below it what is expected",
        "limit_signal",
        limit_on_signal,
    ),
    shown(
        "limit on σ [fb]",
        "the limit on the signal as a cross-section",
        "limit_fb",
        limit_on_cross_section,
    ),
    shown("purity", "share of the selected data that is simulated signal", "purity", |row| {
        percent(row, "purity")
    }),
];

impl Search {
    pub fn of(results: &Results) -> Self {
        let text = csv(results).unwrap_or_default();
        let rows: Vec<CsvRow> = csv::Reader::from_reader(&text[..]).deserialize().flatten().collect();
        // A column that says nothing anywhere, as that of the purity without labels, is left out.
        let is_told =
            |column: &&Shown| rows.iter().any(|row| row.get(column.of).is_some_and(|text| !text.is_empty()));
        let columns: Vec<&Shown> = COLUMNS.iter().filter(is_told).collect();
        let heading = |column: &&Shown| Column {
            heading: match column.heading {
                "window" => format!("window [{}]", results.job.unit),
                other => other.to_owned(),
            },
            meaning: column.meaning,
            is_number: column.of != "fit_function",
        };
        let cells = |row: &CsvRow| columns.iter().map(|column| (column.cell)(row)).collect();
        Self {
            columns: columns.iter().map(heading).collect(),
            rows: rows.iter().map(cells).collect(),
            is_blind: results.blinding() == Blinding::Blind,
            unblinded: results.unblinding.as_ref().map(ToString::to_string),
            changed_since: results
                .unblinding
                .as_ref()
                .and_then(|unblinding| unblinding.changed_since(&results.job, &results.control_searches)),
            control_notes: notes_of_control(results),
            notes: notes(&rows),
            is_asked: results.job.search.is_some(),
        }
    }

    /// Whether no window has been searched yet.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// A cell of `search.csv`: a number, a word such as *blind*, or nothing.
fn text<'a>(row: &'a CsvRow, column: &str) -> &'a str {
    row.get(column).map_or("", String::as_str)
}

fn number(row: &CsvRow, column: &str) -> Option<f64> {
    text(row, column).parse().ok().filter(|value: &f64| value.is_finite())
}

/// A cell of a number as it is written here; where there is none, the word in its place.
fn cell(row: &CsvRow, column: &str, write: impl Fn(f64) -> String) -> Cell {
    let value = number(row, column);
    let word = || Some(text(row, column)).filter(|word| !word.is_empty()).unwrap_or("–").to_owned();
    Cell { value, is_number: true, ..Cell::of(value.map_or_else(word, write)) }
}

fn plain(row: &CsvRow, column: &str) -> Cell {
    cell(row, column, |value| value.to_string())
}

fn rounded(row: &CsvRow, column: &str, digits: usize) -> Cell {
    cell(row, column, |value| format!("{value:.digits$}"))
}

fn small(row: &CsvRow, column: &str) -> Cell {
    // A probability that no double holds reads as 0, and is told as it stands.
    cell(row, column, |value| match value {
        0.0 => text(row, column).to_owned(),
        small if small < 0.01 => format!("{small:.1e}"),
        value => format!("{value:.2}"),
    })
}

fn percent(row: &CsvRow, column: &str) -> Cell {
    cell(row, column, |share| format!("{:.0}%", 100.0 * share))
}

fn window(row: &CsvRow) -> Cell {
    let edges = ["window_low_gev", "window_high_gev"].map(|column| number(row, column).unwrap_or(f64::NAN));
    let [low, high] = edges;
    Cell { value: Some(f64::midpoint(low, high)), is_number: true, ..Cell::of(format!("{low}–{high}")) }
}

fn function(row: &CsvRow) -> Cell {
    let p = number(row, "fit_quality_p").map(|p| format!("χ² with p = {}", written(p)));
    Cell { value: None, beside: p, ..Cell::of(text(row, "fit_function").to_owned()) }
}

/// A number with its error.
fn measured(row: &CsvRow, column: &str, digits: usize) -> Cell {
    match number(row, &format!("{column}_error")) {
        Some(error) if error > 0.0 => {
            cell(row, column, |value| format!("{value:.digits$} ± {error:.digits$}"))
        }
        _ => plain(row, column),
    }
}

/// The bias of the fit, and below it the mean pull and the function that it is against.
fn bias(row: &CsvRow) -> Cell {
    let against = text(row, "fit_bias_function");
    let pull = number(row, "fit_pull").map(|pull| format!("pull {pull:.2}, {against}"));
    Cell { beside: pull, ..measured(row, "fit_bias", 1) }
}

/// The larger of both p-values, which is quoted.
fn p(row: &CsvRow, estimate: &str) -> Cell {
    let [by_z, exact] = ["p", "p_exact"].map(|column| format!("{estimate}{column}"));
    let is_larger = number(row, &exact) > number(row, &by_z);
    small(row, if is_larger { &exact } else { &by_z })
}

/// A fitted peak, and how wide it is.
fn peak(row: &CsvRow) -> Cell {
    let width = number(row, "peak_width").map(|width| format!("of width {}", short(width)));
    Cell { beside: width, ..rounded(row, "peak_signal", 1) }
}

/// The limit on the signal of a window, and below it the expected one.
fn limit_on_signal(row: &CsvRow) -> Cell {
    let expected =
        number(row, "limit_signal_expected").map(|expected| format!("{} expected", short(expected)));
    Cell { beside: expected, ..cell(row, "limit_signal", short) }
}

/// The same as a cross-section.
fn limit_on_cross_section(row: &CsvRow) -> Cell {
    let expected = number(row, "limit_fb_expected").map(|expected| format!("{} expected", short(expected)));
    Cell { beside: expected, ..cell(row, "limit_fb", short) }
}

/// The signal that the function of the background feigns, with its error.
fn spurious(row: &CsvRow) -> Cell {
    let error = number(row, "peak_spurious_error").map(short);
    cell(row, "peak_spurious", |value| match &error {
        Some(error) => format!("{} ± {error}", short(value)),
        None => short(value),
    })
}

/// A number in three digits, in whatever unit it is.
fn short(value: f64) -> String {
    let digits = 2 - value.abs().max(f64::MIN_POSITIVE).log10().floor().clamp(-6.0, 2.0) as i32;
    format!("{value:.*}", digits.max(0) as usize)
}

/// The observed limit, and below it the expected one.
fn limit(row: &CsvRow, estimate: &str) -> Cell {
    let expected = number(row, &format!("{estimate}limit_expected"));
    Cell {
        beside: expected.map(|expected| format!("{expected:.1} expected")),
        ..rounded(row, &format!("{estimate}limit"), 1)
    }
}
