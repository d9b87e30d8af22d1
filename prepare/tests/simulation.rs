//! Jets against those that our own simulation found when it made the raw events, by other code.

mod support;

use std::path::Path;

use ndarray::{Array2, s};
use support::{answer, block_values, column, folder, prepare, shared};

/// Rows of a table of pairs of jets by their nearest momenta; `table` has x and y of both.
fn matched(wanted: &Array2<f64>, table: &Array2<f64>) -> Vec<Option<usize>> {
    let mut sorted: Vec<usize> = (0..table.nrows()).collect();
    sorted.sort_by(|a, b| table[[*a, 0]].total_cmp(&table[[*b, 0]]));
    let keys: Vec<f64> = sorted.iter().map(|row| table[[*row, 0]]).collect();
    wanted
        .outer_iter()
        .map(|row| {
            let start = keys.partition_point(|key| *key < row[0] - 0.01);
            let near = sorted[start..].iter().take_while(|found| table[[**found, 0]] < row[0] + 0.01);
            near.copied().find(|found| (0..4).all(|k| (table[[*found, k]] - row[k]).abs() < 0.01))
        })
        .collect()
}

/// x and y of both jets.
fn transverse(jets: &Array2<f64>) -> Array2<f64> {
    Array2::from_shape_fn((jets.nrows(), 4), |(event, k)| {
        let (pt, phi) = (jets[[event, 4 * (k / 2)]], jets[[event, 4 * (k / 2) + 2]]);
        pt * if k % 2 == 0 { phi.cos() } else { phi.sin() }
    })
}

fn made(place: &Path, axes: &str) -> Option<std::path::PathBuf> {
    let raw = shared("sim_raw.h5")?;
    let out = place.join("out.h5");
    answer(prepare().arg(raw).arg("--out").arg(&out).args(["--axes", axes]));
    Some(out)
}

#[test]
fn features_of_the_same_events() {
    let place = folder();
    let (Some(out), Some(path)) = (made(place.path(), "kt"), shared("sim_dijets.features.h5")) else {
        return;
    };
    let features = block_values(&path).expect("features");
    let table = Array2::from_shape_fn((features.nrows(), 4), |(row, k)| features[[row, 7 * (k / 2) + k % 2]]);
    let (jets, tau, label) = (column(&out, "jets"), column(&out, "tau"), column(&out, "label"));
    let found = matched(&transverse(&jets), &table);
    let mut ratios = Vec::new();
    for (event, row) in found.iter().enumerate() {
        let row = features.slice(s![row.unwrap_or_else(|| panic!("event {event} is not there")), ..]);
        assert_eq!(row[14].to_bits(), label[[event, 0]].to_bits());
        for jet in 0..2 {
            let (mass, expected) = (jets[[event, 4 * jet + 3]], row[7 * jet + 3]);
            assert!((mass - expected).abs() < 0.05, "event {event}: m {mass} is not {expected}");
            // The simulation divides by Σ pT, takes the pseudorapidity of axes, and kT with R = 1.
            for index in 0..3 {
                let of = |tau: f64, first: f64| tau / first;
                let found = of(tau[[event, 3 * jet + index]], tau[[event, 3 * jet]]);
                ratios.push(found / of(row[7 * jet + 4 + index], row[7 * jet + 4]) - 1.0);
            }
        }
    }
    assert_eq!(found.len(), 750);
    let mut sizes: Vec<f64> = ratios.iter().map(|ratio| ratio.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    let (median, most) = (sizes[sizes.len() / 2], sizes[sizes.len() * 95 / 100]);
    assert!(
        mean.abs() < 0.01 && median < 0.005 && most < 0.1,
        "mean {mean:.1e} median {median:.1e} 95% {most:.1e}"
    );
}

#[test]
fn constituents_of_the_same_events() {
    let place = folder();
    let (Some(out), Some(path)) = (made(place.path(), "one-pass"), shared("sim_constituents.h5")) else {
        return;
    };
    let (jets, table) = (column(&out, "jets"), column(&path, "jets"));
    let found = matched(&transverse(&jets), &transverse(&table));
    let (ours, theirs) = (column(&out, "constituents"), column(&path, "constituents"));
    let (kept, expected) = (column(&out, "n_constituents"), column(&path, "n_constituents"));
    let mut compared = 0;
    for (event, row) in found.iter().enumerate().filter_map(|(event, row)| Some((event, (*row)?))) {
        assert_eq!(kept.row(event), expected.row(row));
        let differences = ours.row(event).to_owned() - theirs.row(row);
        // Half precision, on both sides; constituents that are equally hard may change places.
        let far = differences.iter().filter(|difference| difference.abs() > 2e-3).count();
        assert!(far <= 12, "event {event}: {far} values differ");
        compared += 1;
    }
    assert!(compared > 700, "only {compared} events");
}
