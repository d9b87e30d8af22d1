//! Reading the published amount of events: 1.1 million rows in the layout of the LHC Olympics features.
//!
//! `cargo bench --bench results`, a line a figure; `-- --json` for programs. The file is made first, in a folder of
//! its own, by a process of its own, so that its memory does not count.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use drapes::data::{Label, read_events};
use drapes_analysis::job::{DEFAULTS, JobFile};
use ndarray::{Array1, Array2};

const EVENTS: usize = 1_100_000;
/// Columns of the published file, the label last.
const COLUMNS: usize = 15;
/// Says to the process what it is there for: to make the file.
const MAKE: &str = "--make-file";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = arguments.iter().position(|argument| argument == MAKE) {
        return make(Path::new(&arguments[at + 1]));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.features.h5");
    let program = std::env::current_exe().expect("this program");
    let made = Command::new(program).arg(MAKE).arg(&path).status().expect("a second process");
    assert!(made.success(), "the file was made");
    let job = JobFile::from_text("defaults", DEFAULTS.as_str()).check().expect("the defaults are a job");
    let before = peak_megabytes();
    let start = Instant::now();
    let events = read_events(&path, &job.data, Label::Expected).expect("a good file");
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(events.mass.len(), EVENTS);
    let figures = [("seconds", seconds), ("peak_megabytes", peak_megabytes()), ("of_them_before", before)];
    for (name, value) in figures {
        if arguments.iter().any(|argument| argument == "--json") {
            println!("{}", serde_json::json!({ "figure": format!("reading_{name}"), "value": value }));
        } else {
            println!("reading_{name:<20} {value:>10.2}");
        }
    }
}

/// Writes events of plausible size in pandas' fixed layout: double precision, shuffled and deflated.
fn make(path: &Path) {
    let jet = ["px", "py", "pz", "m", "tau1", "tau2", "tau3"];
    let names: Vec<String> = ["j1", "j2"].iter().flat_map(|j| jet.map(|name| format!("{name}{j}"))).collect();
    let file = hdf5::File::create(path).expect("a file");
    let frame = file.create_group("df").expect("a group");
    let labels: Array1<hdf5::types::FixedAscii<8>> = names
        .iter()
        .map(String::as_str)
        .chain(["label"])
        .map(|name| hdf5::types::FixedAscii::from_ascii(name.as_bytes()).expect("short names"))
        .collect();
    for name in ["axis0", "block0_items"] {
        frame.new_dataset_builder().with_data(&labels).create(name).expect("column names");
    }
    let builder = frame.new_dataset::<f64>().shape((EVENTS, COLUMNS)).chunk((4096, COLUMNS));
    let values = builder.shuffle().deflate(4).create("block0_values").expect("values");
    let mut state = 1_u64;
    let mut uniform = move || {
        // A generator for the shape of the data, not for physics.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for first in (0..EVENTS).step_by(100_000) {
        let rows = Array2::from_shape_fn((100_000, COLUMNS), |(row, column)| match column {
            0 => 1500.0 + 100.0 * uniform(),
            7 => -1500.0 - 100.0 * uniform(),
            3 | 10 => 100.0 + 400.0 * uniform(),
            14 => f64::from(u8::from((first + row) % 11 == 0)),
            4..=6 | 11..=13 => 0.05 + 0.1 * uniform(),
            _ => 1000.0 * (uniform() - 0.5),
        });
        values.write_slice(&rows, (first..first + 100_000, ..)).expect("room");
    }
}

/// The largest resident memory of this process so far.
fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1e3
}
