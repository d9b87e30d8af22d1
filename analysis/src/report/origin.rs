//! The origin of the results: versions, machines, commands.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::store::Store;

/// Runs that the page names; a scan that was stopped often has hundreds.
const NAMED: usize = 20;

/// The origin of the results.
#[derive(Serialize)]
pub struct Origin {
    /// Names and versions.
    pub versions: Vec<(&'static str, String)>,
    /// The command that goes on with the scan.
    pub command: String,
    /// Every run that has worked here, the latest first.
    pub runs: Vec<Run>,
    /// Runs that are not listed.
    pub earlier: usize,
    /// The program that made this page.
    pub page_by: &'static str,
}

/// A run.
#[derive(Serialize)]
pub struct Run {
    pub began: String,
    /// Hosts, devices and how many ranks each had.
    pub places: String,
    pub revision: String,
}

impl Origin {
    pub fn of(store: &Store) -> Self {
        let read = |name: &str| std::fs::read(store.directory().join(name)).unwrap_or_default();
        let provenance: Value = serde_json::from_slice(&read("provenance.json")).unwrap_or_default();
        let names = [
            ("drapes", "drapes"),
            ("revision of its source", "revision"),
            ("libtorch", "libtorch"),
            ("CUDA of the driver", "cuda"),
            ("HDF5", "hdf5"),
            ("MPI", "mpi"),
        ];
        let versions =
            names.into_iter().filter_map(|(name, key)| Some((name, provenance[key].as_str()?.to_owned())));
        let mut runs = runs(store);
        runs.sort_by(|one, other| other.began.cmp(&one.began));
        let earlier = runs.len().saturating_sub(NAMED);
        runs.truncate(NAMED);
        Self {
            versions: versions.collect(),
            command: store.command(),
            runs,
            earlier,
            page_by: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// The runs of all shards, as their logs name them.
fn runs(store: &Store) -> Vec<Run> {
    let logs = std::fs::read_dir(store.directory().join("logs")).into_iter().flatten().flatten();
    let logs = logs.filter(|entry| entry.file_name().to_string_lossy().ends_with("runs.jsonl"));
    let texts = logs.filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
    texts.flat_map(|text| text.lines().filter_map(run).collect::<Vec<_>>()).collect()
}

fn run(line: &str) -> Option<Run> {
    let run: Value = serde_json::from_str(line).ok()?;
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for rank in run["ranks"].as_array()? {
        let place =
            format!("{} ({})", rank["host"].as_str().unwrap_or("?"), rank["device"].as_str().unwrap_or("?"));
        *places.entry(place).or_default() += 1;
    }
    let places = places
        .into_iter()
        .map(|(place, count)| if count == 1 { place } else { format!("{count} × {place}") });
    let text = |key: &str| run[key].as_str().unwrap_or("?").to_owned();
    let began = text("began").replace('T', " ").replace('Z', " UTC");
    Some(Run { began, places: places.collect::<Vec<_>>().join(", "), revision: text("revision") })
}
