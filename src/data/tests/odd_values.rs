//! Labels, missing values and weights.

use std::path::Path;

use super::super::{Counts, DataError, Dropped, Events, Label, describe, describe_without, read_events};
use super::sample_files::{columns, group, place, published, rows};
use super::{lhco, regions, table};

/// A group with 100 events: masses, a feature from 0 to 1, labels by `label`, and further columns.
fn write(path: &Path, label: impl Fn(usize) -> f64, more: &[(&str, Vec<f64>)]) {
    let mass: Vec<f64> = (0..100).map(|row| 2800.0 + 30.0 * f64::from(row)).collect();
    let x: Vec<f64> = (0..100).map(|row| (f64::from(row) * 0.618_034).fract()).collect();
    let label: Vec<f64> = (0..100).map(label).collect();
    let mut all = vec![("m_jj", mass), ("x", x), ("label", label)];
    all.extend(more.iter().cloned());
    group(path, "events", &all);
}

fn read(path: &Path) -> Result<Events, DataError> {
    read_events(path, &table(path, "events", &["x"]), Label::Expected)
}

fn message(path: &Path) -> String {
    read(path).expect_err("labels that are none").to_string().replace(&path.display().to_string(), "FILE")
}

fn page(path: &Path) -> String {
    // Folded lines as one.
    let page = describe(path, &regions()).expect("a good file").to_string();
    page.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
fn labels_are_0_and_1_or_minus_1_and_1() {
    let (_folder, path) = place("labels.h5");
    for low in [0.0, -1.0] {
        write(&path, |row| if row < 10 { 1.0 } else { low }, &[]);
        assert_eq!(read(&path).expect("labels").n_signal(), 10, "{low}");
    }
    write(&path, |row| (row % 3) as f64, &[]);
    assert_eq!(
        message(&path),
        "column label of FILE tells no signal from background (it holds 0 in 34 rows, 1 in 33, 2 in 33; only 0 and 1, or -1 \
         and 1, are understood) write 1 for simulated signal and 0 for all else, or name another column in `label` of [data]"
    );
    assert!(
        page(&path).contains(
            "column label is no label, and `drapes run` refuses it where truth is needed: 0 in 34 rows"
        ),
        "{}",
        page(&path)
    );
    // Where nothing asks for the truth the column may be what it likes, and an event of it is no signal.
    let all =
        read_events(&path, &table(&path, "events", &["x"]), Label::Unused).expect("events without truth");
    assert_eq!((all.len(), all.n_signal()), (100, 0));
    assert!(
        all.remarks[0].contains(
            "column label tells no signal from background (it holds 0 in 34 rows, 1 in 33, 2 in 33)"
        ) && all.remarks[0].contains("all events are data"),
        "{:?}",
        all.remarks
    );
    // Where events must be told apart, or a job says that none is signal, it is refused all the same.
    assert!(read_events(&path, &table(&path, "events", &["x"]), Label::Told).is_err());
    // A file of signal may be labelled as that throughout.
    let of_signal = |path: &Path| read_events(path, &table(path, "events", &["x"]), Label::OfSignal);
    let signal = of_signal(&path).expect("signal");
    assert!(signal.remarks[0].contains("all events are simulated signal"), "{:?}", signal.remarks);
    assert!((0..100).all(signal.is_simulated()));
    let (_other, all_signal) = place("signal.h5");
    write(&all_signal, |_| 1.0, &[]);
    assert_eq!(of_signal(&all_signal).expect("signal").n_signal(), 100);
    assert!(read(&all_signal).is_err(), "as data it is refused");
    // What is no label counts nothing, and the page does not print a column of signal that is none.
    let described = describe(&path, &regions()).expect("a good file");
    let table = &described.tables[0];
    assert_eq!((table.label.as_deref(), table.events), (None, Counts { background: 100, signal: 0 }));
    assert_eq!((table.signal_region.signal, table.side_bands.signal), (0, 0));
    assert!(table.notes.iter().all(|note| !note.contains("label")), "{:?}", table.notes);
    let shown = page(&path);
    assert!(shown.contains("unlabelled") && shown.contains("No column tells signal"), "{shown}");
    write(&path, |row| if row < 10 { 34.0 } else { 21.0 }, &[]);
    assert!(message(&path).contains("(it holds 21 in 90 rows, 34 in 10;"), "{}", message(&path));
    write(&path, |row| row as f64 / 100.0, &[]);
    assert!(message(&path).contains(", others in ") && message(&path).len() < 500, "{}", message(&path));
    write(&path, |_| 1.0, &[]);
    assert!(message(&path).starts_with("all 100 events of FILE are signal (column label is 1 in each)"));
    assert!(page(&path).contains("all events are signal: column label is 1 in each"));
    write(&path, |_| 0.0, &[]);
    assert_eq!(read(&path).expect("background").n_background(), 100);
}

#[test]
fn missing_values_are_left_out_where_the_job_names_them() {
    let (_folder, path) = place("missing.h5");
    write(
        &path,
        |row| (row % 2) as f64,
        &[("y", (0..100).map(|row| if row < 20 { -999.0 } else { f64::from(row) + 0.5 }).collect())],
    );
    let mut data = table(&path, "events", &["x", "y"]);
    let found = read_events(&path, &data, Label::Expected).expect("a good file");
    assert_eq!(found.len(), 100);
    assert_eq!(
        found.remarks,
        [
            "missing.h5: column y is -999 in 20 of 100 rows (20%), far outside of the rest: if that stands for a missing value, \
          write missing = -999 in [data] of the job; else it counts as a value like any other"
        ]
    );
    assert!(page(&path).contains("column y is -999 in 20 of 100 rows (20%)"), "{}", page(&path));
    data.missing = vec![-999.0];
    let found = read_events(&path, &data, Label::Expected).expect("a good file");
    assert_eq!((found.len(), found.remarks.len()), (80, 0));
    assert_eq!(found.dropped, Dropped { missing: 20, ..Dropped::default() });
    assert_eq!(found.dropped.to_string(), "20 rows with a value that stands for a missing one");
    // A column that the job does not use may lack its values.
    data.features = vec!["x".to_owned()];
    assert_eq!(read_events(&path, &data, Label::Expected).expect("a good file").len(), 100);
    let described = describe_without(&path, &regions(), &[-999.0]).expect("a good file");
    assert_eq!((described.tables[0].events.all(), described.tables[0].dropped.missing), (80, 20));
    assert!(described.tables[0].remarks.is_empty(), "{:?}", described.tables[0].remarks);
    assert!(described.to_string().contains("  20 missing\n"));
}

#[test]
fn missing_values_of_the_published_layout() {
    let (_folder, path) = place("features.h5");
    let mut values = rows(50);
    let place_of = |name: &str| columns().iter().position(|column| column == name).expect("a known column");
    values[[3, place_of("mj1")]] = -999.0;
    values[[4, place_of("tau3j1")]] = -999.0;
    published(&path, &values);
    let mut data = lhco(&path);
    data.missing = vec![9999.0, -999.0];
    let found = read_events(&path, &data, Label::Expected).expect("a good file");
    assert_eq!(found.dropped, Dropped { missing: 1, ..Dropped::default() }, "τ3 is not used");
}

#[test]
fn weights_are_pointed_out() {
    let (_folder, path) = place("weights.h5");
    let weights = |low: f64| (0..100).map(|row| if row % 4 == 0 { low } else { 1.3 }).collect::<Vec<f64>>();
    write(&path, |row| (row % 2) as f64, &[("mcWeight", weights(-1.0))]);
    let expected = "column mcWeight looks like weights (-1 to 1.3, 25% negative): drapes uses none, each event counts once";
    assert_eq!(read(&path).expect("a good file").remarks, [format!("weights.h5: {expected}")]);
    assert!(page(&path).contains(expected), "{}", page(&path));
    write(&path, |row| (row % 2) as f64, &[("weight", weights(1.3))]);
    assert!(read(&path).expect("a good file").remarks.is_empty());
    // A column of weights that cannot be read is nobody's business.
    write(&path, |row| (row % 2) as f64, &[("weight", vec![1.0, 2.0])]);
    assert_eq!(read(&path).expect("a good file").len(), 100);
}

#[test]
fn a_file_without_labels_says_what_it_serves() {
    let (_folder, path) = place("unlabelled.h5");
    group(&path, "events", &[("m_jj", vec![3300.0, 3400.0]), ("x", vec![0.5, 1.5])]);
    let page = page(&path);
    assert!(
        page.contains("these events are unlabelled") && page.contains("train on it need a column"),
        "{page}"
    );
    let error = read(&path).expect_err("no label").to_string();
    assert!(
        error.contains("has no column label (simulated signal is told from background by it)"),
        "{error}"
    );
}
