//! Files of jets with their constituents, good and bad.

use std::path::{Path, PathBuf};

use half::f16;
use ndarray::{Array2, Array3, Array4};
use tempfile::TempDir;

use super::super::{DataError, JetEvents, read_jets};
use super::real_files::shared;
use super::sample_files::{group, place};
use crate::sample::jets::{FourVector, MOST_CONSTITUENTS};

const EVENTS: usize = 600;
const SLOTS: usize = 7;

struct File {
    constituents: Array4<f32>,
    jets: Array3<f32>,
    counts: Array2<u16>,
}

/// Jets whose numbers tell event, jet and constituent; slots that are not filled hold NaN.
fn good() -> File {
    let counts = Array2::from_shape_fn((EVENTS, 2), |(event, jet)| 2 + ((event + jet) % 5) as u16);
    let constituents = Array4::from_shape_fn((EVENTS, 2, SLOTS, 3), |(event, jet, slot, column)| {
        let filled = slot < counts[[event, jet]] as usize;
        let share = 0.5_f32.powi(slot as i32);
        match column {
            _ if !filled => f32::NAN,
            0 => share,
            1 => event as f32,
            _ => jet as f32,
        }
    });
    let jets = Array3::from_shape_fn((EVENTS, 2, 4), |(event, jet, column)| match column {
        0 => 1000.0 + event as f32,
        3 => 100.0,
        _ => jet as f32,
    });
    File { constituents, jets, counts }
}

fn write(file: &File, half: bool) -> (TempDir, PathBuf) {
    let (folder, path) = place("jets.h5");
    let group = hdf5::File::create(&path).expect("room").create_group("events").expect("a group");
    let builder = group.new_dataset_builder().chunk((256, 2, SLOTS, 3)).deflate(1);
    if half {
        builder.with_data(&file.constituents.mapv(f16::from_f32)).create("constituents").expect("values");
    } else {
        builder.with_data(&file.constituents).create("constituents").expect("values");
    }
    group.new_dataset_builder().with_data(&file.jets).create("jets").expect("values");
    group.new_dataset_builder().with_data(&file.counts).create("n_constituents").expect("values");
    (folder, path)
}

fn read(file: &File, half: bool, rows: Option<&[u32]>) -> Result<JetEvents, DataError> {
    let (_folder, path) = write(file, half);
    read_jets(&path, "events", rows)
}

fn message(path: &Path, rows: Option<&[u32]>) -> String {
    let error = read_jets(path, "events", rows).expect_err("a bad file");
    error.to_string().replace(&path.display().to_string(), "FILE")
}

#[test]
fn jets_come_back_in_either_precision() {
    for half in [false, true] {
        let found = read(&good(), half, None).expect("a good file");
        assert_eq!((found.jets.events(), found.dropped.total()), (EVENTS, 0));
        assert_eq!(found.rows, (0..EVENTS as u32).collect::<Vec<_>>());
        for jet in 0..2 * EVENTS {
            let (event, side) = (jet / 2, jet % 2);
            assert_eq!(found.jets.count(jet), 2 + (event + side) % 5);
            let expected = [0.25, event as f32, side as f32].map(f16::from_f32);
            assert_eq!(found.jets.constituents(jet).get(2).unwrap_or(&expected), &expected);
            assert!((found.jets.kinematics(jet).pt - 1000.0 - event as f32).abs() < 1e-3);
        }
    }
}

#[test]
fn rows_are_those_asked_for_in_their_order() {
    let all = read(&good(), true, None).expect("a good file").jets;
    let rows = [599, 3, 300, 3];
    let found = read(&good(), true, Some(&rows)).expect("a good file");
    assert_eq!((found.jets, found.rows), (all.select(&rows), rows.to_vec()));
}

#[test]
fn events_that_cannot_be_used_are_counted() {
    let mut file = good();
    file.counts[[2, 1]] = 1;
    file.counts[[3, 0]] = 0;
    file.jets[[5, 1, 2]] = f32::NAN;
    file.jets[[6, 0, 0]] = 0.0;
    file.constituents[[8, 0, 1, 2]] = f32::NAN;
    file.constituents[[9, 1, 0, 0]] = 0.0;
    let found = read(&file, false, Some(&[1, 2, 3, 4, 5, 6, 7, 8, 9])).expect("some good events");
    assert_eq!(found.rows, [1, 4, 7]);
    assert_eq!((found.dropped.few_constituents, found.dropped.not_finite), (2, 4));
    let expected = read(&good(), false, Some(&[1, 4, 7])).expect("a good file");
    assert_eq!(found.jets, expected.jets);
    let (_folder, path) = write(&file, false);
    assert_eq!(
        message(&path, Some(&[2, 9])),
        "FILE has no jets to use (of the events asked for, left out: 1 with a jet of fewer than two constituents, 1 with \
         NaN or infinity or without transverse momentum) use another file"
    );
}

#[test]
fn the_hardest_come_first_and_none_loses_all_its_momentum() {
    let mut file = good();
    file.constituents[[0, 0, 1, 0]] = 2.0;
    file.constituents[[1, 0, 2, 0]] = 1e-9;
    let found = read(&file, false, Some(&[0, 1])).expect("a good file").jets;
    let shares: Vec<f32> = found.constituents(0).iter().map(|constituent| constituent[0].to_f32()).collect();
    assert_eq!(shares, [2.0, 1.0]);
    assert_eq!(found.constituents(2)[2][0], f16::MIN_POSITIVE_SUBNORMAL);
}

#[test]
fn the_leading_jet_comes_first_whatever_the_file_says() {
    let mut file = good();
    file.jets[[4, 1, 0]] = 9000.0;
    let found = read(&file, true, Some(&[3, 4])).expect("a good file").jets;
    let expected = read(&good(), true, Some(&[3, 4])).expect("a good file").jets;
    assert!((found.kinematics(2).pt - 9000.0).abs() < 1.0 && found.kinematics(3).pt < 2000.0);
    assert_eq!([found.count(2), found.count(3)], [expected.count(3), expected.count(2)]);
    assert_eq!(found.constituents(2), expected.constituents(3));
    assert_eq!(found.constituents(1), expected.constituents(1), "others stay");
}

#[test]
fn jets_that_were_cut_short_are_refused() {
    let mut file = good();
    file.counts[[7, 0]] = 9;
    let (_folder, path) = write(&file, true);
    assert_eq!(
        message(&path, None),
        "events/constituents of FILE has room for 7 constituents, and 1 events have a jet that fills it (the models know jets that \
         keep up to 128) make the file anew from raw events with `drapes-prepare`"
    );
}

#[test]
fn files_without_jets_are_told_what_they_lack() {
    let (_folder, path) = place("table.h5");
    group(&path, "events", &[("m_jj", vec![1.0]), ("jets", vec![2.0])]);
    assert_eq!(
        message(&path, None),
        "FILE lacks constituents, n_constituents in group events (there is jets, m_jj) use a file with constituents, as \
         `drapes-prepare` makes it from raw events"
    );
    let (_folder, path) = place("other.h5");
    group(&path, "df", &[]);
    assert!(
        message(&path, None)
            .contains("lacks constituents, jets, n_constituents in group events (there is df)")
    );
    let (_folder, path) = place("table.csv");
    std::fs::write(&path, "a,b\n1,2\n").expect("room");
    assert!(message(&path, None).contains("(there is text)"));
    let missing = Path::new("nowhere.h5");
    assert!(message(missing, None).starts_with("cannot read FILE (No such file"));
}

#[test]
fn arrays_of_other_shapes_are_refused() {
    let (_folder, path) = place("jets.h5");
    let events = hdf5::File::create(&path).expect("room").create_group("events").expect("a group");
    let add = |name: &str, shape: &[usize]| {
        let values = ndarray::ArrayD::<f32>::zeros(shape);
        events.new_dataset_builder().with_data(&values).create(name).expect("a dataset");
    };
    add("jets", &[9, 2, 4]);
    add("n_constituents", &[9, 2]);
    add("constituents", &[9, 2, 128, 4]);
    drop(events);
    assert_eq!(
        message(&path, None),
        "events/constituents of FILE has the shape [9, 2, 128, 4] ((events, 2, slots, 3) is expected) use a file as \
         `drapes-prepare` makes it from raw events"
    );
    let (_folder, path) = write(&good(), true);
    let found = message(&path, Some(&[4, 600]));
    assert!(found.contains("the table of events has 601 rows, events/jets has 600"), "{found}");
}

#[test]
fn a_file_that_is_cut_short_is_an_error_and_nothing_worse() {
    let (_folder, path) = write(&good(), true);
    let bytes = std::fs::read(&path).expect("a readable file");
    for length in (0..bytes.len()).step_by(997) {
        std::fs::write(&path, &bytes[..length]).expect("a writable folder");
        assert!(read_jets(&path, "events", None).is_err(), "{length} bytes");
    }
}

#[test]
fn constituents_add_up_to_their_jets() {
    let Some(path) = shared("demo_constituents.h5") else { return };
    let found = read_jets(&path, "events", None).expect("a good file");
    assert_eq!((found.jets.events(), found.dropped.total()), (5000, 0));
    let jets = &found.jets;
    let mut lost = 0.0_f64;
    for jet in 0..jets.len() {
        let (sum, whole) = (jets.sum_of_constituents(jet), jets.kinematics(jet));
        let [pt, mass] = [sum.pt() / f64::from(whole.pt), sum.mass() / f64::from(whole.mass)];
        if jets.count(jet) < MOST_CONSTITUENTS {
            // Nothing but half precision between them.
            assert!((pt - 1.0).abs() < 2e-3 && (mass - 1.0).abs() < 5e-3, "{jet}: {pt} {mass}");
        } else {
            // The softest are not there.
            assert!(pt > 0.8 && pt < 1.002 && mass > 0.7 && mass < 1.003, "{jet}: {pt} {mass}");
            lost = lost.max(1.0 - pt);
        }
    }
    assert!(lost > 0.01, "some jets have more than 128 constituents: {lost}");
    let first = FourVector::from(jets.kinematics(0)) + FourVector::from(jets.kinematics(1));
    assert!((jets.dijet_mass(0) - first.mass()).abs() < 1e-9);
    assert!((0..jets.events()).all(|event| (1000.0..9000.0).contains(&jets.dijet_mass(event))));
}
