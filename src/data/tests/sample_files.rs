//! Small files in the published layouts.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use hdf5::filters::BloscShuffle;
use hdf5::types::{FixedAscii, VarLenUnicode};
use ndarray::{Array2, Axis};
use tempfile::TempDir;

use super::super::recipe::lhco_columns;

/// How the values of a block lie in the file.
#[derive(Clone, Copy, Debug)]
pub enum Storage {
    Contiguous,
    Gzip,
    Blosc,
}

/// The type of a block.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    F32,
    F64,
    I64,
}

/// How column names are written.
#[derive(Clone, Copy, Debug)]
pub enum Names {
    FixedLength,
    VariableLength,
}

/// One block of a pandas frame.
pub struct Block {
    pub names: Vec<String>,
    pub values: Array2<f64>,
    pub number: Number,
    pub storage: Storage,
}

/// A folder that is removed in the end, with one file to be written.
pub fn place(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    (folder, path)
}

/// The LHC Olympics columns and the label.
pub fn columns() -> Vec<String> {
    lhco_columns().into_iter().chain(["label".to_owned()]).collect()
}

/// Events in the order of [`columns`], every fifth of them signal.
pub fn rows(count: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, 15), |(row, column)| {
        // Numbers that differ from row to row and that single precision holds exactly.
        let step = ((row * 37 + column * 11) % 128) as f64;
        match column {
            0 | 7 => (1200.0 + 8.0 * step) * if column == 0 { 1.0 } else { -1.0 },
            1 | 8 | 2 | 9 => 4.0 * step - 256.0,
            3 | 10 => 60.0 + 2.0 * step,
            14 => f64::from(u8::from(row % 5 == 0)),
            _ => 0.25 + step / 256.0,
        }
    })
}

/// The published form: one block.
pub fn published(path: &Path, values: &Array2<f64>) {
    let block =
        Block { names: columns(), values: values.clone(), number: Number::F64, storage: Storage::Contiguous };
    frame(path, Names::FixedLength, &[block]);
}

/// Some columns of a matrix that has these columns.
pub fn block(names: &[&str], all: &Array2<f64>, number: Number, storage: Storage) -> Block {
    let known = columns();
    let places: Vec<usize> = names
        .iter()
        .map(|name| known.iter().position(|known| known == name).expect("a known column"))
        .collect();
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Block { names, values: all.select(Axis(1), &places), number, storage }
}

/// Writes a frame as pandas does in its fixed layout.
pub fn frame(path: &Path, names: Names, blocks: &[Block]) {
    let file = hdf5::File::create(path).expect("a writable folder");
    let group = file.create_group("df").expect("a new group");
    let all: Vec<String> = blocks.iter().flat_map(|block| block.names.clone()).collect();
    write_names(&group, "axis0", &all, names);
    let rows: Vec<i64> = (0..).take(blocks[0].values.nrows()).collect();
    group.new_dataset_builder().with_data(&rows).create("axis1").expect("row names");
    for (index, block) in blocks.iter().enumerate() {
        write_names(&group, &format!("block{index}_items"), &block.names, names);
        let name = format!("block{index}_values");
        match block.number {
            Number::F32 => write_values(&group, &name, &block.values.mapv(|x| x as f32), block.storage),
            Number::F64 => write_values(&group, &name, &block.values, block.storage),
            Number::I64 => write_values(&group, &name, &block.values.mapv(|x| x as i64), block.storage),
        }
    }
}

fn write_names(group: &hdf5::Group, name: &str, names: &[String], kind: Names) {
    match kind {
        Names::FixedLength => {
            let names: Vec<FixedAscii<6>> =
                names.iter().map(|name| FixedAscii::from_ascii(name).expect("at most 6 letters")).collect();
            group.new_dataset_builder().with_data(&names).create(name).expect("column names");
        }
        Names::VariableLength => {
            let names: Vec<VarLenUnicode> =
                names.iter().map(|name| VarLenUnicode::from_str(name).expect("no zero byte")).collect();
            group.new_dataset_builder().with_data(&names).create(name).expect("column names");
        }
    }
}

fn write_values<T: hdf5::H5Type + Clone>(
    group: &hdf5::Group,
    name: &str,
    values: &Array2<T>,
    storage: Storage,
) {
    let builder = group.new_dataset_builder();
    let chunk = (values.nrows().clamp(1, 7), values.ncols());
    let builder = match storage {
        Storage::Contiguous => builder,
        Storage::Gzip => builder.chunk(chunk).shuffle().deflate(6),
        Storage::Blosc => builder.chunk(chunk).blosc_blosclz(5, BloscShuffle::Byte),
    };
    builder.with_data(values.as_standard_layout().view()).create(name).expect("values");
}

/// Writes a group of one-dimensional arrays.
pub fn group(path: &Path, name: &str, columns: &[(&str, Vec<f64>)]) {
    let file = hdf5::File::create(path).expect("a writable folder");
    let group = file.create_group(name).expect("a new group");
    for (column, values) in columns {
        group.new_dataset_builder().with_data(values).create(*column).expect("a column");
    }
}
