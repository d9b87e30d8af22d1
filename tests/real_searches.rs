//! Searches in real data whose hidden thing is known: the jobs of the repository find it, that of D0 mesons by a shorter training. They need files that
//! are not part of it, beside the repository or where `DRAPES_DATA` says, and are skipped without.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{answer, directory, drapes};

/// The folder of a file; none where it is absent, which is said.
fn folder_of(file: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("DRAPES_DATA").map_or_else(beside, PathBuf::from).join("real");
    let found = folder.join(file).exists();
    if !found {
        eprintln!("skipped: {file} is not in {} (set DRAPES_DATA to the folder above it)", folder.display());
    }
    found.then_some(folder)
}

/// A window of a search: its centre, the largest Z of both estimates behind cuts, and that of the mass alone.
#[derive(Debug)]
struct Window {
    centre: f64,
    z: f64,
    before: f64,
}

/// The windows that a job of the repository finds, the most significant first.
fn windows(job: &str, changes: &[&str], data: &Path) -> Vec<Window> {
    let place = directory();
    let out = place.path().join("out");
    let job = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs").join(job);
    let mut run = drapes();
    run.arg("run").arg(job).arg("--data-dir").arg(data).arg("--out").arg(&out);
    answer(run.args(changes.iter().flat_map(|change| ["--set", change])));
    let text = fs::read_to_string(out.join("search.csv")).expect("search.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut found: Vec<Window> = Vec::new();
    for row in reader.deserialize::<std::collections::HashMap<String, String>>() {
        let row = row.expect("a row");
        let number = |name: &str| row[name].parse::<f64>().ok();
        let edge = |name: &str| number(name).expect("an edge");
        let centre = f64::midpoint(edge("window_low_gev"), edge("window_high_gev"));
        if row["efficiency"] == "1.0" {
            let before = number("fit_z").expect("a fit of the whole spectrum");
            found.push(Window { centre, z: f64::NEG_INFINITY, before });
        } else {
            let window = found.last_mut().expect("no cut comes first");
            window.z = ["z", "fit_z"].into_iter().filter_map(number).fold(window.z, f64::max);
        }
    }
    found.sort_by(|one, other| other.z.total_cmp(&one.z));
    found
}

#[test]
fn the_z_is_found_among_electrons_of_equal_charge() {
    let Some(data) = folder_of("cms_zee_2011a.csv") else { return };
    let found = windows("search_zee.toml", &[], &data);
    assert!(found.len() == 9 && (found[0].centre - 91.0).abs() < 0.1, "{found:?}");
    // The next is its neighbour, which may hold what a photon has been lost from.
    assert!(found[0].z > 5.0 && found[0].before < 4.0 && found[1].z < 0.5 * found[0].z, "{found:?}");
}

#[test]
fn d0_mesons_are_found_where_the_mass_alone_has_no_bump() {
    let Some(data) = folder_of("lhcb_d0_kpi.csv") else { return };
    let found = windows("search_d0.toml", &["denoiser.epochs=40"], &data);
    assert!(found.len() == 5 && (found[0].centre - 1865.0).abs() < 0.1, "{found:?}");
    assert!(found[0].z > 3.0 && found[0].before < 3.0, "{found:?}");
}
