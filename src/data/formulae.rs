//! What a job makes of a row: the selection, the columns that it defines by formulae, and those of the file.

use std::path::Path;

use drapes_analysis::expression::Expression;
use drapes_analysis::job::{Data, Layout, hlv};

use super::dropped::Reason;
use super::error::DataError;
use super::recipe::{Read, Recipe};
use super::source::{Batch, Columns, only_position};

/// How the name of a selection reads in messages.
pub(super) const SELECT: &str = "select";

/// How the resonant mass, the features and the label of a row follow from the columns of a file, and whether it is selected.
pub(super) struct EventRecipe {
    /// All that is read.
    columns: Vec<String>,
    select: Option<Part>,
    event: Part,
    label: LabelSource,
    /// The formulae, as messages name them.
    formulae: Vec<String>,
}

/// Where the label of a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LabelSource {
    /// There is none.
    Nowhere,
    /// A column of the file, which stands behind those of the recipe.
    Column,
    /// A formula, whose value stands behind all others.
    Formula,
}

/// Numbers that follow from some columns.
struct Part {
    /// Columns of the file, or variables of jets: the first numbers of a row.
    basics: Recipe,
    /// The numbers behind them.
    steps: Vec<Step>,
    /// Where the numbers that are asked for lie among them.
    outputs: Vec<usize>,
}

/// A formula.
struct Step {
    expression: Expression,
    /// Where its arguments lie among the numbers of the row.
    arguments: Vec<usize>,
    /// Its place among all formulae.
    formula: usize,
}

/// Room for the numbers of a row.
#[derive(Default)]
pub(super) struct Scratch {
    numbers: Vec<f64>,
    arguments: Vec<f64>,
}

impl EventRecipe {
    /// The recipe of a job for a file with these columns; without a label where the file has none.
    pub fn new(path: &Path, data: &Data, columns: &dyn Columns) -> Result<Self, DataError> {
        check_clear(path, data, columns)?;
        let label = label_source(path, data, columns)?;
        let named = std::iter::once(&data.resonant).chain(&data.features).chain(data.generated.columns());
        let mut outputs: Vec<&str> = named.map(String::as_str).collect();
        if label == LabelSource::Formula {
            outputs.push(&data.label);
        }
        let selected: Vec<&str> =
            data.select.iter().flat_map(Expression::names).map(String::as_str).collect();
        let all: Vec<&str> = basics(data, outputs.iter().chain(&selected).copied());
        let all = recipe(path, data, &all)?;
        let mut formulae = Vec::new();
        let mut part = |outputs: &[&str]| -> Result<Part, DataError> {
            let names = basics(data, outputs.iter().copied());
            let basics = recipe(path, data, &names)?.within(&all);
            Ok(Part::new(basics, names, outputs, data, &mut formulae))
        };
        let event = part(&outputs)?;
        let select = match &data.select {
            None => None,
            Some(select) => Some(part(&selected)?.then(select, &mut formulae)),
        };
        Ok(Self { columns: all.columns().to_vec(), select, event, label, formulae })
    }

    /// The columns that a batch must hold, in this order; the label may follow.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many values a row gives.
    pub fn values(&self) -> usize {
        self.event.outputs.len()
    }

    /// Where the label comes from.
    pub fn label(&self) -> LabelSource {
        self.label
    }

    /// The formulae in which [`Reason::NotComputed`] counts.
    pub fn formulae(&self) -> &[String] {
        &self.formulae
    }

    /// Whether a row is selected.
    pub fn selects(&self, batch: &Batch, row: usize, scratch: &mut Scratch) -> Result<(), Reason> {
        let Some(select) = &self.select else { return Ok(()) };
        let mut truth = [0.0];
        if let Err(reason) = select.values_of(batch, row, scratch, &mut truth) {
            // What has no value may not matter: `n < 2 || pt2 > 30` of an event with one jet.
            truth[0] = select.last_of(batch, row, scratch).ok_or(reason)?;
        }
        if truth[0] == 0.0 { Err(Reason::NotSelected) } else { Ok(()) }
    }

    /// Writes the values of a row: mass, features, what is generated in their place, and the label if a formula gives it.
    pub fn values_of(
        &self,
        batch: &Batch,
        row: usize,
        scratch: &mut Scratch,
        values: &mut [f64],
    ) -> Result<(), Reason> {
        self.event.values_of(batch, row, scratch, values)
    }
}

impl Part {
    fn new(
        basics: Recipe,
        names: Vec<&str>,
        outputs: &[&str],
        data: &Data,
        formulae: &mut Vec<String>,
    ) -> Self {
        let mut known: Vec<&str> = names;
        let mut steps = Vec::new();
        for name in data.columns.behind(outputs.iter().copied()) {
            if let Some(expression) = data.columns.get(name) {
                steps.push(Step::new(expression, &known, name, formulae));
                known.push(name);
            }
        }
        let place = |name: &&str| place(&known, name);
        let outputs = outputs.iter().map(place).collect();
        Self { basics, steps, outputs }
    }

    /// The same numbers, of which a formula makes one, which alone is asked for.
    fn then(mut self, select: &Expression, formulae: &mut Vec<String>) -> Self {
        // What was asked for are the names of this formula, in their order.
        let arguments = std::mem::take(&mut self.outputs);
        self.outputs = vec![self.basics.values() + self.steps.len()];
        let formula = known_formula(SELECT, formulae);
        self.steps.push(Step { expression: select.clone(), arguments, formula });
        self
    }

    fn values_of(
        &self,
        batch: &Batch,
        row: usize,
        scratch: &mut Scratch,
        values: &mut [f64],
    ) -> Result<(), Reason> {
        if self.steps.is_empty() && self.basics.values() == self.outputs.len() {
            return self.basics.values_of(batch, row, values);
        }
        let Scratch { numbers, arguments } = scratch;
        numbers.clear();
        numbers.resize(self.basics.values(), 0.0);
        self.basics.values_of(batch, row, numbers)?;
        for step in &self.steps {
            arguments.clear();
            arguments.extend(step.arguments.iter().map(|place| numbers[*place]));
            let value = step.expression.value(arguments);
            // Features are kept in single precision.
            if !(value as f32).is_finite() {
                return Err(Reason::NotComputed(step.formula));
            }
            numbers.push(value);
        }
        for (value, place) in values.iter_mut().zip(&self.outputs) {
            *value = numbers[*place];
        }
        Ok(())
    }
}

impl Part {
    /// The value of the last formula of a row whose other numbers may be NaN; none where it has no finite value either.
    fn last_of(
        &self,
        batch: &Batch,
        row: usize,
        Scratch { numbers, arguments }: &mut Scratch,
    ) -> Option<f64> {
        numbers.clear();
        numbers.resize(self.basics.values(), f64::NAN);
        self.basics.as_found(batch, row, numbers);
        for step in &self.steps {
            arguments.clear();
            arguments.extend(step.arguments.iter().map(|place| numbers[*place]));
            let value = step.expression.value(arguments);
            numbers.push(if value.is_finite() { value } else { f64::NAN });
        }
        numbers.last().copied().filter(|value| value.is_finite())
    }
}

impl Step {
    fn new(expression: &Expression, known: &[&str], name: &str, formulae: &mut Vec<String>) -> Self {
        let arguments = expression.names().iter().map(|name| place(known, name)).collect();
        Self { expression: expression.clone(), arguments, formula: known_formula(name, formulae) }
    }
}

fn known_formula(name: &str, formulae: &mut Vec<String>) -> usize {
    formulae.iter().position(|known| known == name).unwrap_or_else(|| {
        formulae.push(name.to_owned());
        formulae.len() - 1
    })
}

fn place(known: &[&str], name: &str) -> usize {
    known
        .iter()
        .position(|other| *other == name)
        .expect("a checked job has no circles: all that is needed comes before")
}

/// The columns of the file, or variables of jets, that these names need.
fn basics<'a>(data: &'a Data, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    data.columns.behind(names).into_iter().filter(|name| data.columns.get(name).is_none()).collect()
}

/// The recipe of columns or variables of these names.
fn recipe(path: &Path, data: &Data, names: &[&str]) -> Result<Recipe, DataError> {
    let recipe = match data.layout {
        Layout::LhcoFeatures => Recipe::dijet(names.iter().copied(), Read::Needed).map_err(|missing| {
            DataError::MissingColumns {
                path: path.to_owned(),
                users: users(data, &missing),
                missing,
                present: hlv::names().into_iter().map(str::to_owned).collect(),
            }
        })?,
        Layout::Table { .. } => Recipe::table(names.iter().copied()),
    };
    Ok(recipe.without(&data.missing))
}

/// The formulae that need any of these columns, in words; nothing where none does.
pub(super) fn users(data: &Data, columns: &[String]) -> String {
    let mut users: Vec<&str> = columns.iter().flat_map(|column| data.columns.users(column)).collect();
    let is_selected = |column: &String| data.select.iter().any(|select| select.names().contains(column));
    users.extend(columns.iter().any(is_selected).then_some(SELECT));
    users.dedup();
    match users[..] {
        [] => String::new(),
        [one] => format!("; the formula of {one} needs it"),
        _ => format!("; formulae of {} need it", users.join(", ")),
    }
}

/// Refuses a definition of what the file has.
fn check_clear(path: &Path, data: &Data, columns: &dyn Columns) -> Result<(), DataError> {
    match data.columns.iter().find(|(name, _)| columns.names().iter().any(|column| column == name)) {
        Some((name, _)) => Err(DataError::DefinedTwice { path: path.to_owned(), column: name.to_owned() }),
        None => Ok(()),
    }
}

/// Where the label comes from in this file.
fn label_source(path: &Path, data: &Data, columns: &dyn Columns) -> Result<LabelSource, DataError> {
    if data.columns.get(&data.label).is_none() {
        let found = only_position(path, columns, &data.label)?;
        return Ok(found.map_or(LabelSource::Nowhere, |_| LabelSource::Column));
    }
    // Variables of jets are there where the layout is.
    let is_there = |name: &&str| {
        data.layout == Layout::LhcoFeatures || columns.names().iter().any(|column| column == name)
    };
    let all = basics(data, std::iter::once(data.label.as_str())).iter().all(is_there);
    Ok(if all { LabelSource::Formula } else { LabelSource::Nowhere })
}
