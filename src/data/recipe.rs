//! How the values that a job names follow from the columns of a file.

use drapes_analysis::job::hlv::Variable;

use super::dijet::{Dijet, Jet};
use super::dropped::Reason;
use super::source::Batch;

/// The columns of one jet in the LHC Olympics features, without the jet's number.
const JET_COLUMNS: [&str; 7] = ["pxj", "pyj", "pzj", "mj", "tau1j", "tau2j", "tau3j"];

/// The columns of the LHC Olympics features without the label: seven for each of the two jets.
pub(super) fn lhco_columns() -> Vec<String> {
    (1..=2).flat_map(|jet| JET_COLUMNS.map(|column| format!("{column}{jet}"))).collect()
}

/// Which columns of the LHC Olympics features are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// Those that the variables depend on.
    Needed,
    /// All, so that other variables can be had as well.
    All,
}

/// The resonant mass and the features of a row, in this order.
pub(super) struct Recipe {
    columns: Vec<String>,
    /// Positions of the columns without which a row is no event.
    needed: Vec<usize>,
    values: Values,
    /// Numbers that stand for a missing value.
    missing: Vec<f64>,
}

enum Values {
    /// Positions among the recipe's columns.
    Columns(Vec<usize>),
    Dijet {
        variables: Vec<Variable>,
        /// Where the columns of [`lhco_columns`] lie among the recipe's.
        places: Box<[Option<usize>; 14]>,
    },
}

impl Recipe {
    /// Columns as they are.
    pub fn table<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut columns: Vec<String> = Vec::new();
        let values = names
            .map(|name| {
                columns.iter().position(|column| column == name).unwrap_or_else(|| {
                    columns.push(name.to_owned());
                    columns.len() - 1
                })
            })
            .collect();
        Self {
            needed: (0..columns.len()).collect(),
            columns,
            values: Values::Columns(values),
            missing: Vec::new(),
        }
    }

    /// High-level variables from the LHC Olympics features; fails with the names that are none.
    pub fn dijet<'a>(names: impl Iterator<Item = &'a str>, read: Read) -> Result<Self, Vec<String>> {
        let (mut variables, mut unknown) = (Vec::new(), Vec::new());
        for name in names {
            match Variable::named(name) {
                Some(variable) => variables.push(variable),
                None => unknown.push(name.to_owned()),
            }
        }
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let (mut columns, mut needed, mut places) = (Vec::new(), Vec::new(), Box::new([None; 14]));
        for (index, name) in lhco_columns().into_iter().enumerate() {
            let is_needed = is_needed(index % 7, &variables);
            if is_needed {
                needed.push(columns.len());
            }
            if is_needed || read == Read::All {
                places[index] = Some(columns.len());
                columns.push(name);
            }
        }
        Ok(Self { columns, needed, values: Values::Dijet { variables, places }, missing: Vec::new() })
    }

    /// The same recipe for batches of another one, which reads more.
    ///
    /// # Panics
    /// If the other one lacks a column of this.
    pub fn within(self, other: &Self) -> Self {
        let place = |column: usize| {
            let known = other.columns.iter().position(|known| *known == self.columns[column]);
            known.expect("a recipe that reads all that this one does")
        };
        let needed = self.needed.iter().map(|column| place(*column)).collect();
        let values = match &self.values {
            Values::Columns(positions) => {
                Values::Columns(positions.iter().map(|column| place(*column)).collect())
            }
            Values::Dijet { variables, places } => Values::Dijet {
                variables: variables.clone(),
                places: Box::new(places.map(|column| column.map(place))),
            },
        };
        Self { columns: other.columns.clone(), needed, values, missing: self.missing }
    }

    /// The same recipe, where rows are no events if one of these numbers is among what they need.
    pub fn without(self, missing: &[f64]) -> Self {
        Self { missing: missing.to_vec(), ..self }
    }

    /// The columns that a batch must hold, in this order; further ones may follow.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many values a row gives.
    pub fn values(&self) -> usize {
        match &self.values {
            Values::Columns(positions) => positions.len(),
            Values::Dijet { variables, .. } => variables.len(),
        }
    }

    /// Writes the values of a row.
    pub fn values_of(&self, batch: &Batch, row: usize, values: &mut [f64]) -> Result<(), Reason> {
        if self.needed.iter().any(|column| !batch.column(*column)[row].is_finite()) {
            return Err(Reason::NotFinite);
        }
        if !self.missing.is_empty()
            && self.needed.iter().any(|column| is_missing(batch.column(*column)[row], &self.missing))
        {
            return Err(Reason::Missing);
        }
        match &self.values {
            Values::Columns(positions) => {
                for (value, position) in values.iter_mut().zip(positions) {
                    *value = batch.column(*position)[row];
                }
            }
            Values::Dijet { variables, places } => {
                let event = dijet(batch, row, places);
                // Exactly zero is what the files hold for a jet of a single particle.
                let is_zero =
                    |variable: &Variable| event.denominator(*variable).is_some_and(|tau| tau == 0.0);
                if variables.iter().any(is_zero) {
                    return Err(Reason::ZeroTau);
                }
                for (value, variable) in values.iter_mut().zip(variables) {
                    *value = event.value(*variable);
                }
            }
        }
        // Features are kept in single precision, where a large number may become infinite.
        if values.iter().all(|value| (*value as f32).is_finite()) { Ok(()) } else { Err(Reason::NotFinite) }
    }

    /// Writes the values of a row, NaN for each that it does not have.
    pub fn as_found(&self, batch: &Batch, row: usize, values: &mut [f64]) {
        let known = |column: usize| {
            let value = batch.column(column)[row];
            if value.is_finite() && !is_missing(value, &self.missing) { value } else { f64::NAN }
        };
        match &self.values {
            Values::Columns(positions) => {
                for (value, position) in values.iter_mut().zip(positions) {
                    *value = known(*position);
                }
            }
            // Each variable needs both jets.
            Values::Dijet { .. } => {
                if self.values_of(batch, row, values).is_err() {
                    values.fill(f64::NAN);
                }
            }
        }
    }

    /// The two jets of a row, whether or not it is an event; values that were not read are NaN.
    pub fn jets_of(&self, batch: &Batch, row: usize) -> Option<Dijet> {
        match &self.values {
            Values::Columns(_) => None,
            Values::Dijet { places, .. } => Some(dijet(batch, row, places)),
        }
    }
}

/// Whether a number stands for a missing value; it may have been stored in single precision.
pub(super) fn is_missing(value: f64, missing: &[f64]) -> bool {
    let bits = |number: f64| [number.to_bits(), f64::from(number as f32).to_bits()];
    missing.iter().any(|number| bits(*number).contains(&value.to_bits()))
}

fn is_needed(column_of_jet: usize, variables: &[Variable]) -> bool {
    use Variable::{HeavyTau21, HeavyTau32, LightTau21, LightTau32};
    let any = |group: [Variable; 2]| variables.iter().any(|variable| group.contains(variable));
    match column_of_jet {
        // Which jet is the heavier one is known only row by row: a ratio of one needs the columns of both.
        4 => any([HeavyTau21, LightTau21]),
        5 => any([HeavyTau21, LightTau21]) || any([HeavyTau32, LightTau32]),
        6 => any([HeavyTau32, LightTau32]),
        _ => true,
    }
}

fn dijet(batch: &Batch, row: usize, places: &[Option<usize>; 14]) -> Dijet {
    let get = |index: usize| places[index].map_or(f64::NAN, |place| batch.column(place)[row]);
    let jet = |first: usize| Jet {
        px: get(first),
        py: get(first + 1),
        pz: get(first + 2),
        mass: get(first + 3),
        tau: [get(first + 4), get(first + 5), get(first + 6)],
    };
    Dijet::new(jet(0), jet(7))
}
