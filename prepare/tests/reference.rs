//! Jets against those of FastJet's own Python package.
//!
//! `tests/reference/reference.py` makes the tables; that of real events holds no events, but numbers that follow from
//! them.

mod support;

use std::path::Path;
use std::process::Command;

use support::{
    Numbers, answer, column, folder, has, output, prepare, reference, sample, shared, skipped, text,
};

const JETS: [&str; 2] = ["first", "second"];

/// The largest relative difference of two columns.
fn largest(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| (a - b).abs() / b.abs().max(1e-3)).fold(0.0, f64::max)
}

fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share) as usize]
}

/// A column of one jet, of an array whose rows hold both jets.
fn of_jet(path: &Path, name: &str, jet: usize, index: usize) -> Vec<f64> {
    let values = column(path, name);
    values.column(jet * values.ncols() / 2 + index).to_vec()
}

fn compare(raw: &Path, table: &Numbers) {
    let place = folder();
    let (kt, one_pass) = (place.path().join("kt.h5"), place.path().join("one-pass.h5"));
    answer(prepare().arg(raw).arg("--out").arg(&kt).args(["--axes", "kt"]));
    answer(prepare().arg(raw).arg("--out").arg(&one_pass));
    for (jet, which) in JETS.iter().enumerate() {
        let expected = |name: &str| table.column(&format!("{name}_{which}"));
        for (index, name) in ["pt", "eta", "phi", "m"].into_iter().enumerate() {
            let difference = largest(&of_jet(&kt, "jets", jet, index), &expected(name));
            // Single precision; η and φ near zero are compared absolutely, a thousandth of a radian at most.
            assert!(difference < 2e-4, "{name} of the {which} jet differs by {difference:.1e}");
        }
        assert_eq!(of_jet(&kt, "n_particles", jet, 0), expected("n"));
        for index in 0..3 {
            let name = format!("tau{}", index + 1);
            let difference = largest(&of_jet(&kt, "tau", jet, index), &expected(&format!("kt_{name}")));
            assert!(difference < 1e-6, "{name} on kT axes of the {which} jet differs by {difference:.1e}");
            // How far a minimum is followed is a matter of taste: ours are a little lower.
            let (found, expected) = (of_jet(&one_pass, "tau", jet, index), expected(&name));
            let differences: Vec<f64> = found.iter().zip(&expected).map(|(a, b)| a / b - 1.0).collect();
            let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
            let mean = differences.iter().sum::<f64>() / differences.len() as f64;
            let (median, most) = (quantile(sizes.clone(), 0.5), quantile(sizes, 0.95));
            assert!(
                mean.abs() < 3e-3 && median < 1e-3 && most < 1e-2,
                "one-pass {name} of the {which} jet differs by {mean:.1e}, median {median:.1e}, 95% {most:.1e}"
            );
        }
    }
}

#[test]
fn simulated_events() {
    compare(&sample(), &Numbers::read(&reference().join("sim_raw_60.csv")));
}

#[test]
fn real_events() {
    let Some(raw) = shared("lhco_raw_tiny.h5") else { return };
    compare(&raw, &Numbers::read(&reference().join("lhco_raw_tiny.csv")));
}

#[test]
fn the_tables_are_what_the_script_gives() {
    let python = std::env::var("DRAPES_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if !has(&python, "import fastjet, pandas, tables") {
        skipped(&format!(
            "{python} lacks fastjet, pandas or tables (pip install them, or set DRAPES_PYTHON to another Python)"
        ));
        return;
    }
    for (raw, table) in
        [(Some(sample()), "sim_raw_60.csv"), (shared("lhco_raw_tiny.h5"), "lhco_raw_tiny.csv")]
    {
        let Some(raw) = raw else { continue };
        let output = output(Command::new(&python).arg(reference().join("reference.py")).arg(raw));
        let found = Numbers::parse(&text(&output.stdout));
        let written = Numbers::read(&reference().join(table));
        for which in JETS {
            for name in ["pt", "m", "kt_tau1", "kt_tau2", "kt_tau3", "tau1", "n"] {
                let name = format!("{name}_{which}");
                let difference = largest(&found.column(&name), &written.column(&name));
                assert!(difference < 1e-4, "{name} of {table} differs by {difference:.1e}");
            }
        }
    }
}

#[test]
fn constituents_add_up_to_their_jet() {
    let raw = shared("lhco_raw_tiny.h5").unwrap_or_else(sample);
    let place = folder();
    let out = place.path().join("out.h5");
    answer(prepare().arg(raw).arg("--out").arg(&out));
    let (jets, all) = (column(&out, "jets"), column(&out, "constituents"));
    let (kept, particles) = (column(&out, "n_constituents"), column(&out, "n_particles"));
    let mut truncated = 0;
    for event in 0..jets.nrows() {
        for jet in 0..2 {
            let [pt, eta, phi, mass] = [0, 1, 2, 3].map(|index| jets[[event, 4 * jet + index]]);
            let mut sum = [0.0; 4];
            for constituent in 0..128 {
                let place = (jet * 128 + constituent) * 3;
                let [share, d_eta, d_phi] = [0, 1, 2].map(|index| all[[event, place + index]]);
                assert_eq!(share > 0.0, (constituent as f64) < kept[[event, jet]], "event {event}");
                let (pt, eta, phi) = (share * pt, eta + d_eta, phi + d_phi);
                let of_one = [pt * phi.cos(), pt * phi.sin(), pt * eta.sinh(), pt * eta.cosh()];
                sum.iter_mut().zip(of_one).for_each(|(sum, value)| *sum += value);
            }
            let found_pt = sum[0].hypot(sum[1]);
            let square = sum[3] * sum[3] - sum[2] * sum[2] - found_pt * found_pt;
            let found_mass = square.max(0.0).sqrt();
            // None of those that are left out is harder than the softest that is kept.
            let left_out = particles[[event, jet]] - kept[[event, jet]];
            let softest = all[[event, (jet * 128 + kept[[event, jet]] as usize - 1) * 3]];
            let missing = left_out * softest;
            // Half precision of the shares.
            let share = found_pt / pt;
            assert!(share < 1.002 && share > 0.998 - missing, "event {event}: pT {found_pt} of {pt}");
            assert!(found_mass < 1.01 * mass + 1.0, "event {event}: m {found_mass} of {mass}");
            let is_whole = left_out < 0.5;
            if is_whole {
                assert!(found_mass > 0.99 * mass - 1.0, "event {event}: m {found_mass} of {mass}");
            }
            truncated += usize::from(!is_whole);
        }
    }
    assert!(truncated > 0, "no jet has more than 128 particles");
}
