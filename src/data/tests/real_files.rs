//! Published and simulated samples, where they are at hand.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::super::{Counts, Dropped, FileLayout, Label, describe, digest, read_events};
use super::{lhco, regions, table};

/// A file of the shared data; `None`, with a word to the user, where they are not.
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("DRAPES_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    // Past the test runner, which shows what a test prints only where it fails.
    let _ = writeln!(
        std::io::stderr(),
        "skipped: no {} (set DRAPES_SHARED_DATA to the folder that holds it)",
        path.display()
    );
    None
}

fn counts(background: usize, signal: usize) -> Counts {
    Counts { background, signal }
}

#[test]
fn the_sample_that_comes_with_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo_dijets.features.h5");
    let events = read_events(&path, &lhco(&path), Label::Expected).expect("a good file");
    assert_eq!((events.n_background(), events.n_signal()), (60_000, 6_000));
    assert_eq!(events.dropped, Dropped::default());
    let found = describe(&path, &regions()).expect("a good file");
    assert_eq!(found.layout, FileLayout::LhcoFeatures);
    let [table] = &found.tables[..] else { panic!("one table, not {}", found.tables.len()) };
    assert_eq!(table.events, counts(60_000, 6_000));
    assert_eq!(table.signal_region, counts(8_612, 3_944));
    assert_eq!(table.side_bands.background, 29_600);
    assert_eq!((table.columns.len(), table.variables.len()), (15, 17));
    let digest = digest(&path, "demo").expect("a readable file");
    assert_eq!(digest.bytes, found.bytes);
}

#[test]
fn the_full_simulated_sample() {
    let Some(path) = shared("sim_dijets.features.h5") else { return };
    let events = read_events(&path, &lhco(&path), Label::Expected).expect("a good file");
    assert_eq!((events.n_background(), events.n_signal()), (220_084, 24_249));
    let Some(path) = shared("sim_dijets_alt.features.h5") else { return };
    let events = read_events(&path, &lhco(&path), Label::Optional).expect("a good file");
    assert_eq!((events.n_background(), events.n_signal()), (70_030, 0));
}

#[test]
fn published_events_of_the_signal_region() {
    let Some(path) = shared("lhco_sr_real.h5") else { return };
    let data = table(&path, "events", &["m_j_light", "dm_jj", "tau21_light", "tau21_heavy"]);
    let events = read_events(&path, &data, Label::Expected).expect("a good file");
    assert_eq!((events.n_background(), events.n_signal()), (119_236, 28_027));
    assert!(events.mass.iter().all(|mass| (3300.0..3700.0).contains(mass)));
    let found = describe(&path, &regions()).expect("a good file");
    assert_eq!(found.layout, FileLayout::Groups);
    assert_eq!(found.tables[0].signal_region, counts(119_236, 28_027));
}

#[test]
fn published_raw_events() {
    let Some(path) = shared("lhco_raw_tiny.h5") else { return };
    let found = describe(&path, &regions()).expect("a good file");
    assert_eq!(found.layout, FileLayout::LhcoRaw);
    assert_eq!(found.tables[0].events, counts(907, 93));
    assert_eq!(found.datasets[0].shape, [1000, 2101]);
    assert_eq!(found.datasets[0].filters, ["Blosc BloscLZ 5"]);
    let message = read_events(&path, &lhco(&path), Label::Expected).expect_err("no features").to_string();
    assert!(message.contains("it holds the particles of raw events"), "{message}");
}

#[test]
fn jets_with_their_constituents() {
    let Some(path) = shared("sim_constituents.h5") else { return };
    let found = describe(&path, &regions()).expect("a good file");
    assert_eq!(found.layout, FileLayout::Constituents);
    assert_eq!(found.datasets[0].shape, [23_000, 2, 128, 3]);
    assert_eq!(found.datasets[0].dtype, "float16");
    assert_eq!(found.tables[0].events.all(), 23_000);
}
