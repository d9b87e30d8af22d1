//! The layout of a file that nobody has described yet.

use std::collections::HashMap;
use std::path::Path;

use super::super::error::DataError;
use super::super::recipe::lhco_columns;
use super::super::source::{
    self, Columns, CsvFile, Dataset, Frame, Group, Hdf5File, Kind, Node, Records, kind,
};
use super::{FileLayout, StoredDataset};

/// A file before its events are read.
pub(super) struct Contents {
    pub layout: FileLayout,
    /// How a text is written.
    pub form: Option<String>,
    pub datasets: Vec<StoredDataset>,
    pub tables: Vec<Table>,
}

/// A table before its rows are read.
pub(super) struct Table {
    /// The group or key; empty for a file that is one table.
    pub name: String,
    pub columns: Box<dyn Columns>,
    /// The unit of each column.
    pub units: Vec<String>,
    pub content: Content,
}

/// What the columns of a table are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Features,
    Particles,
    Columns,
}

/// Finds the tables of a file.
pub(super) fn contents(path: &Path) -> Result<Contents, DataError> {
    if kind(path)? == Kind::Csv {
        let file = CsvFile::open(path)?;
        let form = Some(file.form());
        let content = content(&file);
        let units = file.names().iter().map(|name| known_unit(name).to_owned()).collect();
        let table = Table { name: String::new(), columns: Box::new(file), units, content };
        return Ok(Contents { layout: FileLayout::Csv, form, datasets: Vec::new(), tables: vec![table] });
    }
    let file = Hdf5File::open(path)?;
    let keys = file.frame_keys()?;
    if keys.is_empty() { groups(&file) } else { frames(&file, &keys) }
}

fn frames(file: &Hdf5File, keys: &[String]) -> Result<Contents, DataError> {
    let (mut datasets, mut tables) = (Vec::new(), Vec::new());
    for key in keys {
        let frame = Frame::open(file, key)?;
        datasets.extend(frame.blocks().iter().map(stored));
        if !frame.has_pickled_names() {
            let content = if frame.holds_raw_particles() { Content::Particles } else { content(&frame) };
            let units = frame.names().iter().map(|name| known_unit(name).to_owned()).collect();
            tables.push(Table { name: key.clone(), columns: Box::new(frame), units, content });
        }
    }
    let layout = match tables.first().map(|table| table.content) {
        Some(Content::Features) => FileLayout::LhcoFeatures,
        Some(Content::Particles) => FileLayout::LhcoRaw,
        Some(Content::Columns) | None => FileLayout::PandasFrame,
    };
    Ok(Contents { layout, form: None, datasets, tables })
}

fn groups(file: &Hdf5File) -> Result<Contents, DataError> {
    let (mut datasets, mut tables) = (Vec::new(), Vec::new());
    let mut layout = FileLayout::OtherHdf5;
    for Node { name, datasets: arrays } in file.tree()? {
        datasets.extend(arrays.iter().map(stored));
        // What PyTables keeps beside its records to find them faster.
        if name.contains("/_i_") {
            continue;
        }
        let constituents = format!("{name}/constituents");
        let has_constituents = arrays
            .iter()
            .any(|array| array.shape().len() > 2 && array.name() == constituents.trim_matches('/'));
        let (columns, others): (Vec<_>, Vec<_>) =
            arrays.into_iter().partition(|array| array.is_column() && array.is_numeric());
        let columns = of_common_length(columns);
        let before = tables.len();
        tables.extend(others.into_iter().filter_map(records));
        if tables.len() > before && layout == FileLayout::OtherHdf5 {
            layout = FileLayout::Records;
        }
        if columns.is_empty() {
            continue;
        }
        if has_constituents {
            layout = FileLayout::Constituents;
        } else if layout != FileLayout::Constituents {
            layout = FileLayout::Groups;
        }
        let columns = Group::of(file, columns);
        let units = columns.names().iter().enumerate().map(|(index, column)| {
            columns.unit(index).map_or_else(|| known_unit(column).to_owned(), |unit| plain_unit(&unit))
        });
        let (units, content) = (units.collect(), content(&columns));
        tables.push(Table { name, columns: Box::new(columns), units, content });
    }
    Ok(Contents { layout, form: None, datasets, tables })
}

/// The table of a dataset of records, if it is one and its fields are columns.
fn records(dataset: Dataset) -> Option<Table> {
    let name = dataset.name().to_owned();
    let columns = Records::of(dataset)?;
    // The blocks of a pandas frame in table format hold columns whose names are elsewhere.
    if columns.names().iter().any(|name| name.starts_with("values_block_")) {
        return None;
    }
    let units = columns.names().iter().map(|name| known_unit(name).to_owned()).collect();
    let content = content(&columns);
    // What a job calls such a frame is its key.
    let name = name.strip_suffix("/table").map_or(name.clone(), str::to_owned);
    Some(Table { name, columns: Box::new(columns), units, content })
}

/// A group may hold more than a table: the arrays of the most common length are its columns.
fn of_common_length(arrays: Vec<Dataset>) -> Vec<Dataset> {
    let mut lengths: HashMap<usize, usize> = HashMap::new();
    for array in &arrays {
        *lengths.entry(array.rows()).or_default() += 1;
    }
    let common = lengths.into_iter().max_by_key(|(length, count)| (*count, *length)).map(|entry| entry.0);
    arrays.into_iter().filter(|array| Some(array.rows()) == common).collect()
}

fn content(columns: &dyn Columns) -> Content {
    let has_all = lhco_columns().iter().all(|name| source::position(columns, name).is_some());
    if has_all { Content::Features } else { Content::Columns }
}

fn stored(dataset: &Dataset) -> StoredDataset {
    StoredDataset {
        name: dataset.name().to_owned(),
        shape: dataset.shape().to_vec(),
        dtype: dataset.type_name(),
        filters: dataset.filters(),
        chunk: dataset.chunk(),
    }
}

/// The unit of a column that has its usual name.
pub(super) fn known_unit(name: &str) -> &'static str {
    let is_momentum = ["pxj", "pyj", "pzj", "mj"]
        .iter()
        .any(|start| name.strip_prefix(start).is_some_and(|jet| matches!(jet, "1" | "2")));
    let is_mass = matches!(name, "m_jj" | "mjj" | "m_j1" | "m_j2" | "dm_jj" | "m_j_light" | "m_j_heavy");
    let is_momentum = is_momentum || matches!(name, "pt_j1" | "pt_j2");
    if is_momentum || is_mass { "GeV" } else { "" }
}

fn plain_unit(unit: &str) -> String {
    // The unit of a pure number, as some writers spell it.
    if unit == "1" { String::new() } else { unit.to_owned() }
}
