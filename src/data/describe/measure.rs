//! One pass over a table that counts events by region and label, and measures the range of each column.

use std::path::Path;

use drapes_analysis::job::hlv::{self, Variable};
use drapes_analysis::job::regions::{Region, Regions};

use super::super::dropped::{Dropped, Reason};
use super::super::error::DataError;
use super::super::labels::{LabelKind, LabelValues};
use super::super::recipe::{Read, Recipe, is_missing};
use super::super::remarks::{Extremes, looks_like_weights, repeated_names};
use super::super::rows::{repeated, row_hash};
use super::super::source::{self, Batch, Columns};
use super::super::wording::printable;
use super::columns::Kept;
use super::histogram::Histogram;
use super::recognise::{Content, Table, known_unit};
use super::{ColumnSummary, Counts, EventTable};

/// The resonant mass and the features of the paper: a row without them is dropped.
const HIGH_LEVEL: [&str; 6] = ["m_jj", "m_j1", "dm_jj", "tau21_j1", "tau21_j2", "dr_jj"];

/// How columns are called that number the events, so that no two rows are equal.
const NUMBERS: [&str; 5] = ["event", "eventnumber", "index", "unnamed:0", "id"];

/// Reads a table once and sums it up.
pub(super) fn event_table(
    path: &Path,
    table: &Table,
    regions: &Regions,
    missing: &[f64],
) -> Result<EventTable, DataError> {
    let columns = table.columns.as_ref();
    let mut pass = Pass::new(path, table, missing)?;
    let wanted = std::mem::take(&mut pass.wanted);
    columns.read(&wanted, &mut |batch| pass.add(batch))?;
    let remarks = remarks(&pass, columns, &wanted);
    let not_label = pass.without_false_label();
    let name_of = |position: usize| columns.names()[wanted[position]].clone();
    let (mut signal_region, mut side_bands) = (Counts::default(), Counts::default());
    for (mass, is_signal) in pass.masses.iter().zip(&pass.is_signal) {
        match regions.region(*mass) {
            Region::Signal => signal_region.add(*is_signal),
            Region::SideBand => side_bands.add(*is_signal),
            Region::Outside => {}
        }
    }
    let mut summaries: Vec<(usize, ColumnSummary)> = pass
        .columns
        .iter()
        .enumerate()
        .map(|(position, running)| {
            let unit = table.units[wanted[position]].clone();
            (wanted[position], running.summary(name_of(position), unit))
        })
        .collect();
    let variables = hlv::names().into_iter().zip(&pass.variables);
    let variables: Vec<ColumnSummary> = variables
        .map(|(name, running)| running.summary(name.to_owned(), known_unit(name).to_owned()))
        .collect();
    let (label, not_label) = (pass.label.map(name_of), not_label.map(name_of));
    let mass = if let Mass::Column(position) = pass.mass { Some(name_of(position)) } else { None };
    let not_features: Vec<&str> =
        label.iter().chain(&not_label).chain(&mass).map(String::as_str).chain([HIGH_LEVEL[0]]).collect();
    let notes = if table.content == Content::Features {
        pass.kept.notes(&variables, &not_features)
    } else {
        let columns: Vec<ColumnSummary> = summaries.iter().map(|(_, summary)| summary.clone()).collect();
        pass.kept.notes(&columns, &not_features)
    };
    summaries.sort_by_key(|(position, _)| *position);
    Ok(EventTable {
        name: table.name.clone(),
        label,
        resonant: match pass.mass {
            Mass::Jets(_) => Some(HIGH_LEVEL[0].to_owned()),
            Mass::Column(_) => mass,
            Mass::Unknown => None,
        },
        events: pass.events,
        signal_region,
        side_bands,
        dropped: pass.dropped,
        repeated: repeated(&mut pass.rows),
        columns: summaries.into_iter().map(|(_, summary)| summary).collect(),
        variables,
        notes,
        histogram: Histogram::new(&pass.masses, &pass.is_signal, regions),
        remarks,
    })
}

/// What a user should know about the columns of a table.
fn remarks(pass: &Pass, columns: &dyn Columns, wanted: &[usize]) -> Vec<String> {
    let name_of = |position: usize| &columns.names()[wanted[position]];
    let mut found: Vec<String> = repeated_names(columns.names()).into_iter().collect();
    if let Some(label) = pass.label {
        let label = printable(name_of(label));
        found.extend(match pass.labels.kind() {
            LabelKind::Labels => None,
            LabelKind::AllSignal => Some(format!("all events are signal: column {label} is 1 in each")),
            LabelKind::Other => Some(format!(
                "column {label} is no label, and `drapes run` refuses it where truth is needed: {}; only 0 and 1, or -1 and 1, are \
                 understood",
                pass.labels
            )),
        });
    }
    for (position, running) in pass.columns.iter().enumerate().filter(|(at, _)| Some(*at) != pass.label) {
        let name = name_of(position);
        if looks_like_weights(name) {
            found.extend(running.extremes.weights(name));
        } else {
            found.extend(running.extremes.missing(name));
        }
    }
    found
}

/// The column with one of these names, spelt in whatever way.
fn guess(columns: &dyn Columns, names: &[&str]) -> Option<usize> {
    let plain = |name: &str| name.to_lowercase().replace(['_', '-', ' '], "");
    names.iter().find_map(|wanted| columns.names().iter().position(|name| plain(name) == *wanted))
}

/// How the resonant mass of a row is computed from its columns.
enum Mass {
    Jets(Recipe),
    /// A position in the batch.
    Column(usize),
    Unknown,
}

/// Counts and ranges of the rows of a table that were read so far.
struct Pass {
    /// Positions in the file of what a batch holds.
    wanted: Vec<usize>,
    /// A position in the batch.
    label: Option<usize>,
    mass: Mass,
    /// One for each column of a batch; empty for particles, whose columns say nothing by themselves.
    columns: Vec<Running>,
    /// One for each high-level variable, if there are jets.
    variables: Vec<Running>,
    /// Values of what a search takes for features: of the variables if there are jets, else of the columns.
    kept: Kept,
    events: Counts,
    masses: Vec<f64>,
    is_signal: Vec<bool>,
    /// Columns by which duplicates are found (positions in the batch), and a hash of each event's values there.
    telling: Vec<usize>,
    rows: Vec<u64>,
    dropped: Dropped,
    labels: LabelValues,
    /// Numbers that stand for a missing value.
    missing: Vec<f64>,
}

impl Pass {
    fn new(path: &Path, table: &Table, missing: &[f64]) -> Result<Self, DataError> {
        let columns = table.columns.as_ref();
        let all: Vec<usize> =
            (0..columns.names().len()).filter(|column| columns.is_numeric(*column)).collect();
        let mut label = guess(columns, &["label", "labels", "issignal", "signal", "truth"]);
        let (wanted, mass): (Vec<usize>, Mass) = match table.content {
            Content::Features => {
                let recipe = Recipe::dijet(HIGH_LEVEL.into_iter(), Read::All).map_err(|missing| {
                    DataError::MissingColumns {
                        path: path.to_owned(),
                        missing,
                        present: Vec::new(),
                        users: String::new(),
                    }
                })?;
                let mut wanted = source::positions(path, columns, recipe.columns())?;
                let others: Vec<usize> = all.into_iter().filter(|column| !wanted.contains(column)).collect();
                wanted.extend(others);
                (wanted, Mass::Jets(recipe.without(missing)))
            }
            Content::Particles => {
                // Ranges of single particle columns would mean nothing; the column after the particles is the label.
                label = all.get(source::RAW_VALUES).copied();
                (label.into_iter().collect(), Mass::Unknown)
            }
            Content::Columns => {
                let mass = guess(columns, &["mjj"])
                    .and_then(|column| all.iter().position(|wanted| *wanted == column));
                (all, mass.map_or(Mass::Unknown, Mass::Column))
            }
        };
        let of = |count: usize| vec![Running::default(); count];
        let number = guess(columns, &NUMBERS);
        let tells = |position: &usize| {
            let column = Some(wanted[*position]);
            table.content == Content::Columns && column != label && column != number
        };
        let kept = match table.content {
            Content::Features => hlv::names().len(),
            Content::Particles => 0,
            Content::Columns => wanted.len(),
        };
        Ok(Self {
            kept: Kept::of(kept),
            label: label.and_then(|column| wanted.iter().position(|wanted| *wanted == column)),
            telling: (0..wanted.len()).filter(tells).collect(),
            rows: Vec::new(),
            columns: of(if table.content == Content::Particles { 0 } else { wanted.len() }),
            variables: of(if table.content == Content::Features { hlv::names().len() } else { 0 }),
            wanted,
            mass,
            events: Counts::default(),
            masses: Vec::new(),
            is_signal: Vec::new(),
            dropped: Dropped::default(),
            labels: LabelValues::default(),
            missing: missing.to_vec(),
        })
    }

    fn add(&mut self, batch: &Batch) {
        for (position, running) in self.columns.iter_mut().enumerate() {
            let is_kept = !matches!(self.mass, Mass::Jets(_));
            for value in batch.column(position) {
                if is_missing(*value, &self.missing) {
                    running.missing += 1;
                    continue;
                }
                running.add(*value);
                if is_kept {
                    self.kept.add(position, *value);
                }
            }
        }
        let variables: Vec<Option<Variable>> = hlv::names().into_iter().map(Variable::named).collect();
        for row in 0..batch.rows() {
            if let Mass::Jets(recipe) = &self.mass
                && let Some(jets) = recipe.jets_of(batch, row)
            {
                for (place, (variable, running)) in variables.iter().zip(&mut self.variables).enumerate() {
                    let value = variable.map_or(f64::NAN, |variable| jets.value(variable));
                    running.add(value);
                    self.kept.add(place, value);
                }
            }
            self.add_row(batch, row);
        }
    }

    /// Counts all events as unlabelled where the values of the label column are no labels. Returns that column.
    fn without_false_label(&mut self) -> Option<usize> {
        if self.labels.kind() != LabelKind::Other {
            return None;
        }
        self.events = Counts { background: self.events.all(), signal: 0 };
        self.is_signal.fill(false);
        self.label.take()
    }

    fn add_row(&mut self, batch: &Batch, row: usize) {
        let label = self.label.map_or(0.0, |label| batch.column(label)[row]);
        let mut values = [0.0; HIGH_LEVEL.len()];
        let is_finite = |column: usize| batch.column(column)[row].is_finite();
        let mass = match &self.mass {
            _ if !label.is_finite() => Err(Reason::NotFinite),
            Mass::Jets(recipe) => recipe.values_of(batch, row, &mut values).map(|()| Some(values[0])),
            _ if !(0..batch.width()).all(is_finite) => Err(Reason::NotFinite),
            _ if (0..batch.width()).any(|column| is_missing(batch.column(column)[row], &self.missing)) => {
                Err(Reason::Missing)
            }
            Mass::Column(column) => Ok(Some(batch.column(*column)[row])),
            Mass::Unknown => Ok(None),
        };
        match mass {
            Err(reason) => self.dropped.count(reason),
            Ok(mass) => {
                if self.label.is_some() {
                    self.labels.add(label);
                }
                self.events.add(label > 0.5);
                if matches!(self.mass, Mass::Jets(_)) {
                    self.rows.push(row_hash(values.map(|value| value as f32)));
                } else if !self.telling.is_empty() {
                    let telling = self.telling.iter().map(|column| batch.column(*column)[row] as f32);
                    self.rows.push(row_hash(telling));
                }
                if let Some(mass) = mass {
                    self.masses.push(mass);
                    self.is_signal.push(label > 0.5);
                }
            }
        }
    }
}

/// The finite values of a column so far.
#[derive(Clone, Copy, Default)]
struct Running {
    min: f64,
    max: f64,
    sum: f64,
    finite: usize,
    not_finite: usize,
    missing: usize,
    extremes: Extremes,
}

impl Running {
    fn add(&mut self, value: f64) {
        self.extremes.add(value);
        if !value.is_finite() {
            self.not_finite += 1;
        } else if self.finite == 0 {
            *self = Self { min: value, max: value, sum: value, finite: 1, ..*self };
        } else {
            self.min = self.min.min(value);
            self.max = self.max.max(value);
            self.sum += value;
            self.finite += 1;
        }
    }

    fn summary(&self, name: String, unit: String) -> ColumnSummary {
        let known = |value: f64| if self.finite == 0 { f64::NAN } else { value };
        ColumnSummary {
            name,
            unit,
            min: known(self.min),
            mean: self.sum / self.finite as f64,
            max: known(self.max),
            not_finite: self.not_finite,
            missing: self.missing,
        }
    }
}
