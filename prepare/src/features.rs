//! The published features layout: a pandas frame of the two jets.

use std::path::Path;
use std::str::FromStr;

use hdf5::types::{FixedAscii, FixedUnicode, TypeDescriptor};
use hdf5::{Group, Location};
use ndarray::{Array2, s};

use crate::error::PrepareError;
use crate::output::{describe, difference};
use crate::parts::Work;
use crate::raw::RawFile;
use crate::table::{Table, TableReader, text};
use crate::whole::Whole;

/// The key of the frame, as published.
const KEY: &str = "df";

/// The columns of one jet, without the jet's number.
const JET_COLUMNS: [&str; 7] = ["pxj", "pyj", "pzj", "mj", "tau1j", "tau2j", "tau3j"];

/// Rows that are in memory at the same time.
const ROWS: usize = 2048;

/// A column's name, a text of PyTables, and what Python has pickled.
type Name = FixedAscii<6>;
type Text = FixedUnicode<32>;
type Pickled = FixedAscii<2>;

/// Whether the features of this work are at a path already.
///
/// # Errors
/// Something else is there.
pub fn is_finished(path: &Path, raw: &RawFile, work: &Work) -> Result<bool, PrepareError> {
    if !path.exists() {
        return Ok(false);
    }
    hdf5::silence_errors(true);
    // A pipe would be waited for.
    let group = path.is_file().then(|| hdf5::File::open(path).and_then(|file| file.group(KEY)));
    let reason = match group {
        None => Some("it exists and is no file".to_owned()),
        Some(Ok(group)) => difference(&group, raw, work)?,
        Some(Err(error)) => match PrepareError::locked(path, &error) {
            Some(locked) => return Err(locked),
            None => Some("it exists and is no features file of drapes-prepare".to_owned()),
        },
    };
    reason.map_or(Ok(true), |reason| {
        Err(PrepareError::OtherResult {
            path: path.to_owned(),
            reason,
            advice: "choose another --features, or delete the file".to_owned(),
        })
    })
}

/// Writes the features of a finished output.
///
/// Four-vectors (GeV) and τ1 to τ3 of the two jets in order of transverse momentum, and the label where there is one.
/// The rows are named by the rows of the raw file.
///
/// # Errors
/// The output cannot be read, or the features cannot be written.
pub fn write(out: &Path, path: &Path, raw: &RawFile, work: &Work) -> Result<(), PrepareError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = Whole::begin(path, folder)?;
    let reader = TableReader::open(out).map_err(|error| PrepareError::damaged(out, "its events", &error))?;
    let sha256 = text(reader.group(), "source_sha256").unwrap_or_default();
    let describe = |group: &Group| describe(group, raw.path(), &sha256, work);
    fill(&reader, draft.draft(), describe).map_err(|error| PrepareError::cannot_write(path, &error))?;
    match draft.finish_new() {
        // By another process of the same work, a moment ago.
        Err(_) if is_finished(path, raw, work)? => Ok(()),
        finished => finished,
    }
}

fn fill(
    reader: &TableReader,
    draft: &Path,
    describe: impl Fn(&Group) -> hdf5::Result<()>,
) -> hdf5::Result<()> {
    let mut names: Vec<String> =
        (1..=2).flat_map(|jet| JET_COLUMNS.map(|column| format!("{column}{jet}"))).collect();
    if reader.is_labelled() {
        names.push("label".to_owned());
    }
    let file = hdf5::File::create(draft)?;
    tables_node(&file, "GROUP", "1.0")?;
    set_word(&file, "PYTABLES_FORMAT_VERSION", "2.1")?;
    let group = file.create_group(KEY)?;
    describe_frame(&group)?;
    describe(&group)?;
    let ascii = |name: &String| Name::from_ascii(name).unwrap_or_default();
    let columns: Vec<Name> = names.iter().map(ascii).collect();
    for name in ["axis0", "block0_items"] {
        let dataset = group.new_dataset_builder().obj_track_times(false).with_data(&columns).create(name)?;
        axis(&dataset, "string")?;
    }
    let rows = reader.rows();
    let compressed = || group.new_dataset_builder().obj_track_times(false).shuffle().deflate(4);
    let index = compressed().chunk([rows.min(8192)]).empty::<i64>().shape([rows]).create("axis1")?;
    axis(&index, "integer")?;
    let chunk = [rows.min(ROWS), names.len()];
    let values =
        compressed().chunk(chunk).empty::<f32>().shape([rows, names.len()]).create("block0_values")?;
    tables_node(&values, "CARRAY", "1.1")?;
    values.new_attr::<i64>().create("transposed")?.write_scalar(&1)?;
    for start in (0..rows).step_by(ROWS) {
        let end = rows.min(start + ROWS);
        let table = reader.read(start..end)?;
        let events: Vec<i64> = table.event.iter().map(|event| *event as i64).collect();
        index.write_slice(&events, s![start..end])?;
        values.write_slice(&features(&table, names.len()), s![start..end, ..])?;
    }
    drop((group, index, values));
    file.close()
}

fn features(table: &Table, width: usize) -> Array2<f32> {
    let mut values = Array2::zeros((table.len(), width));
    for (event, mut row) in values.outer_iter_mut().enumerate() {
        for jet in 0..2 {
            let place = 2 * event + jet;
            let [pt, eta, phi, mass] = [0, 1, 2, 3].map(|index| table.jets[4 * place + index]);
            let momentum = [f64::from(phi).cos(), f64::from(phi).sin(), f64::from(eta).sinh()];
            for (column, direction) in momentum.iter().enumerate() {
                row[7 * jet + column] = (f64::from(pt) * direction) as f32;
            }
            row[7 * jet + 3] = mass;
            for index in 0..3 {
                row[7 * jet + 4 + index] = table.tau[3 * place + index];
            }
        }
        if let Some(label) = &table.label {
            row[14] = label[event];
        }
    }
    values
}

/// What pandas asks of a frame.
fn describe_frame(group: &Group) -> hdf5::Result<()> {
    tables_node(group, "GROUP", "1.0")?;
    for (name, value) in [
        ("pandas_type", "frame"),
        ("pandas_version", "0.15.2"),
        ("encoding", "UTF-8"),
        ("errors", "strict"),
        ("axis0_variety", "regular"),
        ("axis1_variety", "regular"),
        ("block0_items_variety", "regular"),
    ] {
        set_word(group, name, value)?;
    }
    for (name, value) in [("ndim", 2), ("nblocks", 1)] {
        group.new_attr::<i64>().create(name)?.write_scalar(&value)?;
    }
    Ok(())
}

fn axis(dataset: &Location, kind: &str) -> hdf5::Result<()> {
    tables_node(dataset, "CARRAY", "1.1")?;
    set_word(dataset, "kind", kind)?;
    let none = Pickled::from_ascii("N.").unwrap_or_default();
    dataset.new_attr::<Pickled>().create("name")?.write_scalar(&none)?;
    if kind == "string" {
        set_word(dataset, "nan_rep", "nan")?;
    }
    dataset.new_attr::<i64>().create("transposed")?.write_scalar(&1)
}

/// What PyTables, which pandas reads with, asks of a group or array.
fn tables_node(place: &Location, class: &str, version: &str) -> hdf5::Result<()> {
    set_word(place, "CLASS", class)?;
    set_word(place, "VERSION", version)?;
    set_word(place, "TITLE", "")
}

fn set_word(place: &Location, name: &str, value: &str) -> hdf5::Result<()> {
    let text = Text::from_str(value).unwrap_or_default();
    // As long as the word: Python would take padding for a part of it.
    let exact = TypeDescriptor::FixedUnicode(value.len().max(1));
    place.new_attr_builder().empty_as(&exact).create(name)?.write_scalar(&text)
}
