//! What the tests of the whole command share.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use hdf5::filters::BloscShuffle;
use ndarray::{Array2, ArrayView2, s};
use tempfile::TempDir;

/// The command under test, as a user without a launcher starts it.
pub fn prepare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drapes-prepare"));
    for name in ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"] {
        command.env_remove(name);
    }
    command
}

/// A temporary folder.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The folder of reference tables and of 60 raw events of our own simulation.
pub fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference")
}

/// The raw events that come with the program.
pub fn sample() -> PathBuf {
    reference().join("sim_raw_60.h5")
}

/// A file of the shared data; `None`, with a word to the user, where they are not.
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("DRAPES_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("no {} (set DRAPES_SHARED_DATA to the folder that holds it)", path.display()));
    None
}

/// Says why a test does nothing, past the test runner, which shows what a test prints only where it fails.
pub fn skipped(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

/// Only one thread of a test opens HDF5 files or starts programs at a time: a program that starts inherits the files
/// that are open, with their locks, and keeps them until it ends.
pub fn alone<T>(work: impl FnOnce() -> T) -> T {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    work()
}

/// Starts a program whose answers are kept.
pub fn started(command: &mut Command) -> Child {
    alone(|| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()).expect("the program starts")
}

/// What a program answers.
pub fn output(command: &mut Command) -> Output {
    started(command).wait_with_output().expect("the program ends")
}

/// Whether a Python can do this.
pub fn has(python: &str, script: &str) -> bool {
    let tried = alone(|| Command::new(python).args(["-c", script]).output());
    tried.is_ok_and(|output| output.status.success())
}

/// Standard output of a command that must end well.
pub fn answer(command: &mut Command) -> String {
    let output = output(command);
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Exit code and standard error of a command that must fail.
pub fn refusal(command: &mut Command) -> (i32, String) {
    let Output { status, stdout, stderr } = output(command);
    assert!(!status.success(), "it should fail, but says\n{}", text(&stdout));
    let message = text(&stderr);
    assert!(!message.contains("panicked at"), "{message}");
    (status.code().expect("an exit code, not a signal"), message)
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All numbers of a raw file.
pub fn raw_values(path: &Path) -> Array2<f64> {
    block_values(path).expect("raw events")
}

/// The values of a frame with one block.
pub fn block_values(path: &Path) -> hdf5::Result<Array2<f64>> {
    alone(|| hdf5::File::open(path)?.dataset("df/block0_values")?.read_2d())
}

/// These events over and over again.
pub fn repeated(values: &Array2<f64>, rows: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, values.ncols()), |(row, column)| values[[row % values.nrows(), column]])
}

/// Writes raw events as they are published.
pub fn write_raw(path: &Path, values: &Array2<f64>) {
    write_frame(path, "df", |group| {
        write_axes(group, values.nrows(), values.ncols());
        write_block(group, 0, 0, values.view());
    });
}

/// Writes a file of one group.
pub fn write_frame(path: &Path, key: &str, fill: impl FnOnce(&hdf5::Group)) {
    alone(|| {
        let file = hdf5::File::create(path).expect("a writable folder");
        fill(&file.create_group(key).expect("a new group"));
    });
}

/// The names of rows and columns.
pub fn write_axes(group: &hdf5::Group, rows: usize, columns: usize) {
    for (name, count) in [("axis0", columns), ("axis1", rows)] {
        let names: Vec<i64> = (0..).take(count).collect();
        group.new_dataset_builder().with_data(&names).create(name).expect("names");
    }
}

/// One block, whose columns are called by their numbers from `first` on.
pub fn write_block<T: hdf5::H5Type + Clone>(
    group: &hdf5::Group,
    index: usize,
    first: usize,
    values: ArrayView2<'_, T>,
) {
    let names: Vec<i64> = (first as i64..).take(values.ncols()).collect();
    let items = format!("block{index}_items");
    group.new_dataset_builder().with_data(&names).create(items.as_str()).expect("column names");
    let chunk = (values.nrows().clamp(1, 7), values.ncols());
    let builder = group.new_dataset_builder().chunk(chunk).blosc_blosclz(5, BloscShuffle::Byte);
    let name = format!("block{index}_values");
    builder.with_data(values.as_standard_layout().view()).create(name.as_str()).expect("values");
}

/// A dataset of an output as numbers, one row an event.
pub fn column(path: &Path, name: &str) -> Array2<f64> {
    let (rows, values) = alone(|| {
        let file = hdf5::File::open(path).expect("an output");
        let dataset = file.dataset(&format!("events/{name}")).expect("a dataset");
        (dataset.shape()[0], dataset.read_raw::<f64>().expect("numbers"))
    });
    Array2::from_shape_vec((rows, values.len() / rows), values).expect("rows of one length")
}

/// A count beside the events of an output.
pub fn count(path: &Path, name: &str) -> u64 {
    alone(|| hdf5::File::open(path)?.group("events")?.attr(name)?.read_scalar()).expect("a count")
}

/// The names of the datasets of an output.
pub fn columns(path: &Path) -> Vec<String> {
    alone(|| hdf5::File::open(path)?.group("events")?.member_names()).expect("an output")
}

/// A table of numbers with a line of names.
pub struct Numbers {
    names: Vec<String>,
    values: Array2<f64>,
}

impl Numbers {
    pub fn read(path: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(path).expect("a table"))
    }

    pub fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let names: Vec<String> =
            lines.next().expect("a line of names").split(',').map(str::to_owned).collect();
        let values: Vec<f64> =
            lines.flat_map(|line| line.split(',')).map(|cell| cell.parse().expect("a number")).collect();
        let rows = values.len() / names.len();
        Self { values: Array2::from_shape_vec((rows, names.len()), values).expect("a table"), names }
    }

    pub fn column(&self, name: &str) -> Vec<f64> {
        let place = self.names.iter().position(|found| found == name).expect("a column of this name");
        self.values.slice(s![.., place]).to_vec()
    }
}
