//! The published features layout.

mod support;

use std::process::Command;

use hdf5::types::FixedAscii;
use support::{
    alone, answer, block_values, column, folder, has, output, prepare, refusal, sample, skipped, text,
};

#[test]
fn features_are_those_of_the_output() {
    let place = folder();
    let (out, features) = (place.path().join("out.h5"), place.path().join("features.h5"));
    answer(prepare().arg(sample()).arg("--out").arg(&out).arg("--features").arg(&features));
    let names =
        alone(|| hdf5::File::open(&features)?.dataset("df/block0_items")?.read_raw::<FixedAscii<6>>());
    let names: Vec<String> = names.expect("names").iter().map(|name| name.as_str().to_owned()).collect();
    assert_eq!(
        names.join(" "),
        "pxj1 pyj1 pzj1 mj1 tau1j1 tau2j1 tau3j1 pxj2 pyj2 pzj2 mj2 tau1j2 tau2j2 tau3j2 label"
    );
    let values = block_values(&features).expect("features");
    let (jets, tau, m_jj) = (column(&out, "jets"), column(&out, "tau"), column(&out, "m_jj"));
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-5 * b.abs() + 1e-3, "{a} is not {b}");
    for (event, row) in values.outer_iter().enumerate() {
        let mut sum = [0.0; 4];
        for jet in 0..2 {
            let [px, py, pz, mass] = [0, 1, 2, 3].map(|index| row[7 * jet + index]);
            close(px.hypot(py), jets[[event, 4 * jet]]);
            close((pz / px.hypot(py)).asinh(), jets[[event, 4 * jet + 1]]);
            close(mass, jets[[event, 4 * jet + 3]]);
            (0..3).for_each(|index| close(row[7 * jet + 4 + index], tau[[event, 3 * jet + index]]));
            let energy = (px * px + py * py + pz * pz + mass * mass).sqrt();
            sum.iter_mut().zip([px, py, pz, energy]).for_each(|(sum, value)| *sum += value);
        }
        let [px, py, pz, energy] = sum;
        close((energy * energy - px * px - py * py - pz * pz).sqrt(), m_jj[[event, 0]]);
    }
    // It is known again, and not written again.
    let before = std::fs::metadata(&features).and_then(|file| file.modified()).expect("features");
    answer(prepare().arg(sample()).arg("--out").arg(&out).arg("--features").arg(&features));
    assert_eq!(std::fs::metadata(&features).and_then(|file| file.modified()).expect("features"), before);
    // Features made in another way are not taken for these, and not overwritten.
    let other = place.path().join("other.h5");
    let mut command = prepare();
    command.arg(sample()).arg("--out").arg(&other).args(["--axes", "kt"]).arg("--features").arg(&features);
    let (code, message) = refusal(&mut command);
    assert!(code == 2 && message.contains("(it was made with --axes one-pass)"), "{message}");
    assert!(!other.exists());
}

#[test]
fn pandas_reads_them() {
    let python = std::env::var("DRAPES_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if !has(&python, "import pandas, tables") {
        skipped(&format!("{python} lacks pandas or tables (pip install them, or set DRAPES_PYTHON)"));
        return;
    }
    let place = folder();
    let (out, features) = (place.path().join("out.h5"), place.path().join("features.h5"));
    answer(prepare().arg(sample()).arg("--out").arg(&out).arg("--features").arg(&features));
    let script = "import sys, pandas\nframe = pandas.read_hdf(sys.argv[1])\n\
                  print(frame.shape, list(frame.columns)[3], frame.index[59], int(frame.label.sum()))";
    let output = output(Command::new(&python).args(["-c", script]).arg(&features));
    assert_eq!(text(&output.stdout).trim(), "(60, 15) mj1 59 9", "{}", text(&output.stderr));
}
