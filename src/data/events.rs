//! The events that a search works on.

use std::path::Path;
use std::sync::mpsc::sync_channel;

use drapes_analysis::job::{Data, Layout};
use ndarray::{Array2, Axis};

use super::dropped::{Dropped, Reason};
use super::error::DataError;
use super::formulae::{EventRecipe, LabelSource, Scratch, users};
use super::jet_table::{Jets, Kinematics};
use super::jets::{JetEvents, read_jets};
use super::labels::{LabelKind, LabelValues};
use super::recipe::is_missing;
use super::remarks::{Extremes, looks_like_weights};
use super::source::{self, Batch, Columns};
use super::wording::printable;

/// Whether a file must tell signal from background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// It must.
    Expected,
    /// Where it does not, all events are background, and a remark says so.
    Told,
    /// Where it does not, all events are background.
    Optional,
    /// It may be there with whatever values, for nothing is asked of it: where it is no column of labels, or none at all, all events are
    /// data, and a remark says so.
    Unused,
    /// Of a file of simulated signal: all of its events may be labelled as that, or none.
    OfSignal,
}

/// Events in the order of their file.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// The resonant mass (GeV).
    pub mass: Vec<f64>,
    /// The features in the order of the job.
    pub features: Array2<f32>,
    /// What models generate in their place, where a job names it.
    pub generated: Option<Array2<f32>>,
    /// Whether an event is simulated signal.
    pub is_signal: Vec<bool>,
    /// Where in the file each of them lies.
    pub rows: Vec<u32>,
    /// Their jets, where they have been read; empty ones where an event has none that can be used.
    pub jets: Option<Jets>,
    /// The rows of the file that are left out.
    pub dropped: Dropped,
    /// What the user should know about the columns of the files.
    pub remarks: Vec<String>,
}

impl Events {
    /// The same events with their jets, from the file that they come from; those without usable jets have empty ones, and
    /// are counted.
    ///
    /// # Errors
    /// The file has no constituents, or none that can be used.
    pub fn with_jets(self, path: &Path, data: &Data) -> Result<Self, DataError> {
        let group = match &data.layout {
            Layout::Table { group } => group.as_str(),
            Layout::LhcoFeatures => "/",
        };
        let found = read_jets(path, group, Some(&self.rows))?;
        let dropped = Dropped { jets: found.dropped, ..self.dropped };
        let jets = if found.rows.len() == self.rows.len() { found.jets } else { spread(&found, &self.rows) };
        Ok(Self { jets: Some(jets), dropped, ..self })
    }

    /// Some of them, in this order.
    ///
    /// # Panics
    /// If there is no such event.
    pub fn only(&self, events: &[usize]) -> Self {
        let jets = self.jets.as_ref().map(|jets| {
            let events: Vec<u32> = events.iter().map(|event| *event as u32).collect();
            jets.select(&events)
        });
        Self {
            mass: events.iter().map(|event| self.mass[*event]).collect(),
            features: self.features.select(Axis(0), events),
            generated: self.generated.as_ref().map(|generated| generated.select(Axis(0), events)),
            is_signal: events.iter().map(|event| self.is_signal[*event]).collect(),
            rows: events.iter().map(|event| self.rows[*event]).collect(),
            jets,
            dropped: self.dropped,
            remarks: self.remarks.clone(),
        }
    }

    /// Adds those of another file; rows stay those of their own files.
    ///
    /// # Panics
    /// If one of them has features, coordinates or jets that the other has not.
    pub fn append(&mut self, other: &Self) {
        self.mass.extend(&other.mass);
        self.features.append(Axis(0), other.features.view()).expect("the same features");
        match (&mut self.generated, &other.generated) {
            (Some(own), Some(further)) => own.append(Axis(0), further.view()).expect("the same columns"),
            (None, None) => {}
            _ => panic!("columns to generate in both files or in none"),
        }
        self.is_signal.extend(&other.is_signal);
        self.rows.extend(&other.rows);
        self.dropped += other.dropped;
        self.remarks.extend(other.remarks.iter().cloned());
        match (&mut self.jets, &other.jets) {
            (Some(jets), Some(further)) => jets.append(further),
            (None, None) => {}
            _ => panic!("jets of both files or of none"),
        }
    }

    /// Which events of a file of simulated signal are that: those of its label, or all where none has it.
    pub fn is_simulated(&self) -> impl Fn(usize) -> bool {
        let is_labelled = self.is_signal.contains(&true);
        move |event| !is_labelled || self.is_signal[event]
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.mass.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.mass.is_empty()
    }

    /// Number of signal events.
    pub fn n_signal(&self) -> usize {
        self.is_signal.iter().filter(|signal| **signal).count()
    }

    /// Number of background events.
    pub fn n_background(&self) -> usize {
        self.len() - self.n_signal()
    }
}

/// The jets of these rows; empty ones where there are none. Both lists of rows are in the order of the file.
fn spread(found: &JetEvents, rows: &[u32]) -> Jets {
    let none = Kinematics { pt: 0.0, eta: 0.0, phi: 0.0, mass: 0.0 };
    let mut jets = Jets::with_capacity(2 * rows.len(), found.jets.all_constituents().len());
    let mut usable = found.rows.iter().enumerate().peekable();
    for row in rows {
        if let Some((event, _)) = usable.next_if(|(_, found)| *found == row) {
            for jet in [2 * event, 2 * event + 1] {
                jets.push(found.jets.kinematics(jet), found.jets.constituents(jet).iter().copied());
            }
        } else {
            jets.push(none, []);
            jets.push(none, []);
        }
    }
    jets
}

/// Reads the events of a file as a job describes them.
///
/// Rows for which a value that the job uses does not exist are dropped and counted.
///
/// # Shapes
/// n masses, features (n, features of the job), n labels.
///
/// # Units
/// Masses and momenta in GeV, as in the file.
///
/// # Errors
/// The file is missing, damaged, of another layout, or lacks what the job names; labels are others than 0 and 1, or −1 and 1;
/// all events are signal; no event is left.
pub fn read_events(path: &Path, data: &Data, label: Label) -> Result<Events, DataError> {
    let columns = source::open(path, &data.layout)?;
    let recipe = EventRecipe::new(path, data, columns.as_ref())?;
    let mut wanted =
        source::positions(path, columns.as_ref(), recipe.columns()).map_err(|error| match error {
            DataError::MissingColumns { path, missing, present, .. } => {
                DataError::MissingColumns { users: users(data, &missing), path, missing, present }
            }
            other => other,
        })?;
    let labels = recipe.label();
    match labels {
        LabelSource::Column => {
            wanted.extend(source::only_position(path, columns.as_ref(), &data.label)?);
        }
        LabelSource::Nowhere if label == Label::Expected => {
            return Err(DataError::NoLabel { path: path.to_owned(), label: data.label.clone() });
        }
        LabelSource::Nowhere | LabelSource::Formula => {}
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).display().to_string();
    let reader = Reader { columns: columns.as_ref(), recipe, wanted: wanted.clone(), data, label };
    let mut events = reader.events(path)?;
    events.remarks.splice(0..0, columns.unusual_form());
    if labels == LabelSource::Nowhere && matches!(label, Label::Told | Label::Unused) {
        events.remarks.push(format!(
            "there is no column {}: all events are data, and nothing is known of signal",
            printable(&data.label)
        ));
    }
    events.remarks.extend(weights(columns.as_ref(), &wanted));
    events.remarks.iter_mut().for_each(|remark| *remark = format!("{name}: {remark}"));
    Ok(events)
}

/// What to say about columns of weights, which nothing else reads.
fn weights(columns: &dyn Columns, used: &[usize]) -> Vec<String> {
    let names = columns.names();
    let is_weight = |column: &usize| {
        looks_like_weights(&names[*column]) && columns.is_numeric(*column) && !used.contains(column)
    };
    (0..names.len())
        .filter(is_weight)
        .filter_map(|column| {
            let mut extremes = Extremes::default();
            let each =
                &mut |batch: &source::Batch| batch.column(0).iter().for_each(|value| extremes.add(*value));
            // Columns that the job does not use may hold anything.
            columns.read(&[column], each).ok()?;
            extremes.weights(&names[column])
        })
        .collect()
}

/// A pass over a file.
struct Reader<'a> {
    columns: &'a dyn Columns,
    recipe: EventRecipe,
    /// The recipe's columns, then the label's.
    wanted: Vec<usize>,
    data: &'a Data,
    label: Label,
}

/// Batches that are read ahead of the events that are made of them.
const AHEAD: usize = 2;

impl Reader<'_> {
    fn events(self, path: &Path) -> Result<Events, DataError> {
        let columns = self.columns;
        let made = self.made()?;
        // Without rows no column is to blame.
        if made.dropped.total() > 0
            && let Some(position) = made.finite.iter().position(|finite| !finite)
        {
            let column = columns.names()[self.wanted[position]].clone();
            return Err(DataError::NoFiniteValue { path: path.to_owned(), column });
        }
        if made.mass.is_empty() && made.dropped.not_computed > made.dropped.total() / 2 {
            let (rows, formula) = made.not_computed().next().expect("a formula that was counted");
            let (path, formula) = (path.to_owned(), formula.to_owned());
            return Err(DataError::NothingComputed { path, formula, rows, dropped: made.dropped });
        }
        if made.mass.is_empty() {
            return Err(DataError::NoEvents { path: path.to_owned(), dropped: made.dropped });
        }
        let mut remarks = made.told_of_formulae();
        let shape = (made.mass.len(), self.data.features.len());
        let is_label = match (made.labels.kind(), self.label) {
            (LabelKind::Other, Label::Unused | Label::OfSignal) => {
                let label = printable(&self.data.label);
                let taken = match self.label {
                    Label::OfSignal => "all events are simulated signal",
                    _ => "all events are data, and nothing is known of signal",
                };
                let found = &made.labels;
                remarks.push(format!(
                    "column {label} tells no signal from background (it holds {found}): {taken}"
                ));
                false
            }
            (LabelKind::AllSignal, Label::OfSignal) => true,
            _ => check_labels(made.labels, path, &self.data.label).map(|()| true)?,
        };
        let name = |position: usize| &columns.names()[self.wanted[position]];
        remarks.extend(
            made.extremes.iter().enumerate().flat_map(|(position, found)| found.missing(name(position))),
        );
        let features = Array2::from_shape_vec(shape, made.features)
            .expect("each event adds one mass and as many features as the recipe has");
        let columns = self.data.generated.columns().len();
        let generated = (columns > 0).then(|| {
            let shape = (made.mass.len(), columns);
            Array2::from_shape_vec(shape, made.generated)
                .expect("each event adds as many numbers as there are columns")
        });
        let Making { mass, mut is_signal, rows, dropped, .. } = made;
        if !is_label {
            is_signal.fill(false);
        }
        Ok(Events { mass, features, generated, is_signal, rows, jets: None, dropped, remarks })
    }

    /// The events of all batches. A thread makes them while this one reads on, which takes longer: values lie compressed.
    fn made(&self) -> Result<Making<'_>, DataError> {
        // A damaged file may announce any number of rows: beyond this, memory follows what is really read.
        let room = self.columns.rows().unwrap_or(0).min(1 << 22);
        let Self { columns, recipe, wanted, data, .. } = self;
        let making = move || Making::new(recipe, wanted.len(), data, room);
        std::thread::scope(|scope| {
            let (batches, received) = sync_channel::<Batch>(AHEAD);
            let make = move || {
                let mut making = making();
                for batch in &received {
                    making.take_all(&batch);
                }
                making
            };
            let Ok(maker) = std::thread::Builder::new().name("events".to_owned()).spawn_scoped(scope, make)
            else {
                // Where the system allows no thread, this one does both.
                let mut making = making();
                columns.read(wanted, &mut |batch| making.take_all(batch))?;
                return Ok(making);
            };
            // The receiver lasts as long as the sender, unless it panics, which is passed on below.
            let read = columns.read(wanted, &mut |batch| drop(batches.send(batch.clone())));
            drop(batches);
            let made = maker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            read.map(|()| made)
        })
    }
}

/// What becomes of the rows of a file.
struct Making<'a> {
    recipe: &'a EventRecipe,
    data: &'a Data,
    /// Whether each column has had a finite value, and what else is known of those of the recipe.
    finite: Vec<bool>,
    extremes: Vec<Extremes>,
    /// Mass and features of one event.
    values: Vec<f64>,
    scratch: Scratch,
    labels: LabelValues,
    mass: Vec<f64>,
    features: Vec<f32>,
    generated: Vec<f32>,
    is_signal: Vec<bool>,
    /// The row of each event, and how many rows have been looked at.
    rows: Vec<u32>,
    seen: u32,
    dropped: Dropped,
    /// Rows in which each formula has no value.
    not_computed: Vec<usize>,
}

impl<'a> Making<'a> {
    fn new(recipe: &'a EventRecipe, columns: usize, data: &'a Data, room: usize) -> Self {
        Self {
            data,
            finite: vec![false; columns],
            extremes: vec![Extremes::default(); recipe.columns().len()],
            values: vec![0.0; recipe.values()],
            scratch: Scratch::default(),
            labels: LabelValues::default(),
            mass: Vec::with_capacity(room),
            features: Vec::with_capacity(room * data.features.len()),
            generated: Vec::with_capacity(room * data.generated.columns().len()),
            is_signal: Vec::with_capacity(room),
            rows: Vec::with_capacity(room),
            seen: 0,
            dropped: Dropped::default(),
            not_computed: vec![0; recipe.formulae().len()],
            recipe,
        }
    }

    fn take_all(&mut self, batch: &Batch) {
        for (position, finite) in self.finite.iter_mut().enumerate() {
            *finite = *finite || batch.column(position).iter().any(|value| value.is_finite());
        }
        for (position, extremes) in self.extremes.iter_mut().enumerate() {
            let known = &self.data.missing;
            let values = batch.column(position).iter().filter(|value| !is_missing(**value, known));
            values.for_each(|value| extremes.add(*value));
        }
        for row in 0..batch.rows() {
            self.take(batch, row);
        }
    }

    fn take(&mut self, batch: &Batch, row: usize) {
        match self.event(batch, row) {
            Ok(label) => {
                let (features, more) = self.values[1..].split_at(self.data.features.len());
                let generated = &more[..self.data.generated.columns().len()];
                self.mass.push(self.values[0]);
                self.features.extend(features.iter().map(|value| *value as f32));
                self.generated.extend(generated.iter().map(|value| *value as f32));
                self.labels.add(label);
                self.is_signal.push(label > 0.5);
                self.rows.push(self.seen);
            }
            Err(reason) => {
                self.dropped.count(reason);
                if let Reason::NotComputed(formula) = reason {
                    self.not_computed[formula] += 1;
                }
            }
        }
        self.seen += 1;
    }

    /// Writes the values of an event, and returns its label.
    fn event(&mut self, batch: &Batch, row: usize) -> Result<f64, Reason> {
        let Self { recipe, scratch, values, .. } = self;
        recipe.selects(batch, row, scratch)?;
        let label = match recipe.label() {
            LabelSource::Column => batch.column(batch.width() - 1)[row],
            LabelSource::Nowhere | LabelSource::Formula => 0.0,
        };
        if !label.is_finite() {
            return Err(Reason::NotFinite);
        } else if is_missing(label, &self.data.missing) {
            return Err(Reason::Missing);
        }
        recipe.values_of(batch, row, scratch, values)?;
        Ok(match recipe.label() {
            LabelSource::Formula => values[values.len() - 1],
            LabelSource::Nowhere | LabelSource::Column => label,
        })
    }

    /// Formulae without a value in some rows, and in how many, the most first.
    fn not_computed(&self) -> impl Iterator<Item = (usize, &str)> {
        let names = self.recipe.formulae().iter().map(String::as_str);
        let mut found: Vec<(usize, &str)> = self.not_computed.iter().copied().zip(names).collect();
        found.sort_by_key(|(rows, _)| std::cmp::Reverse(*rows));
        found.into_iter().filter(|(rows, _)| *rows > 0)
    }

    /// What to say of formulae without a value in some rows.
    fn told_of_formulae(&self) -> Vec<String> {
        let told = self.not_computed().map(|(rows, name)| {
            format!(
                "the formula of {} has no value in {rows} of {} rows, as where one divides by zero or takes the root of a \
                 negative number: they are left out",
                printable(name),
                self.seen
            )
        });
        told.collect()
    }
}

/// Refuses values that are no labels, and samples without background.
fn check_labels(found: LabelValues, path: &Path, label: &str) -> Result<(), DataError> {
    let (path, label) = (path.to_owned(), label.to_owned());
    match found.kind() {
        LabelKind::Labels => Ok(()),
        LabelKind::AllSignal => Err(DataError::AllSignal { path, label, events: found.ones() }),
        LabelKind::Other => Err(DataError::OtherLabels { path, label, found }),
    }
}
