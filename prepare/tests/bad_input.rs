//! Files and options that are of no use: clear errors, no panics, nothing lost.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array2, Axis, s};
use support::{
    answer, column, columns, count, folder, prepare, raw_values, refusal, sample, write_axes, write_block,
    write_frame, write_raw,
};

/// What is said of a raw file that must be refused.
fn refused(raw: &Path) -> String {
    let place = folder();
    let out = place.path().join("out.h5");
    let (code, message) = refusal(prepare().arg(raw).arg("--out").arg(&out));
    assert_eq!(code, 2, "{message}");
    assert!(!out.exists());
    message
}

fn written(place: &Path, bytes: &[u8]) -> PathBuf {
    let path = place.join("raw.h5");
    fs::write(&path, bytes).expect("room");
    path
}

#[test]
fn files_that_are_no_raw_files() {
    let place = folder();
    let place = place.path();
    assert!(refused(&place.join("nowhere.h5")).contains("(No such file or directory"));
    assert!(refused(place).contains("cannot read"));
    assert!(refused(&written(place, b"")).contains("holds no raw events (it is empty)"));
    assert!(refused(&written(place, b"<!DOCTYPE html>")).contains("(it is a web page)"));
    assert!(refused(&written(place, b"m_jj,label\n1,2\n")).contains("(it is no HDF5 file)"));
    let whole = fs::read(sample()).expect("the sample");
    assert!(refused(&written(place, &whole[..whole.len() / 2])).contains("is cut short (it ends after"));
    assert!(refused(&written(place, &whole[..40])).contains("cannot read the header of"));
    let message = refused(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/demo_dijets.features.h5"));
    assert!(message.contains("(it has a column pxj1, as in a file of features"), "{message}");
}

#[test]
fn frames_of_another_form() {
    let place = folder();
    let path = place.path().join("raw.h5");
    let values = raw_values(&sample());
    write_raw(&path, &values.slice(s![.., ..300]).to_owned());
    assert!(refused(&path).contains("has 300 columns (a raw event has 2100"), "{}", refused(&path));
    write_raw(&path, &Array2::zeros((0, 2101)));
    assert!(refused(&path).contains("its frame has no rows"));

    write_frame(&path, "df", |group| drop(group.create_group("table").expect("a group")));
    assert!(refused(&path).contains("write it again with format=\"fixed\""));

    write_frame(&path, "events", |_| ());
    assert!(refused(&path).contains("it has no pandas frame"));

    // Blocks of different length.
    write_frame(&path, "df", |group| {
        write_axes(group, 60, 2101);
        write_block(group, 0, 0, values.slice(s![.., ..2100]));
        write_block(group, 1, 2100, values.slice(s![..50, 2100..]));
    });
    assert!(refused(&path).contains("60 and 50 rows in one frame"));
}

#[test]
fn damage_within_the_events_is_told() {
    let place = folder();
    let mut bytes = fs::read(sample()).expect("the sample");
    // Compressed events fill most of the file.
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4000].fill(0xff);
    let raw = written(place.path(), &bytes);
    let message = refused(&raw);
    assert!(message.contains("cannot read df/block0_values of"), "{message}");
}

#[test]
fn blocks_types_and_the_lack_of_a_label_do_not_matter() {
    let place = folder();
    let values = raw_values(&sample());
    let whole = place.path().join("whole.h5");
    answer(prepare().arg(sample()).arg("--out").arg(&whole));
    // Single precision holds the values of this file exactly.
    let path = place.path().join("blocks.h5");
    write_frame(&path, "frame", |group| {
        write_axes(group, 60, 2101);
        write_block(group, 0, 2100, values.slice(s![.., 2100..]).mapv(|label| label as i64).view());
        write_block(group, 1, 900, values.slice(s![.., 900..2100]).mapv(|value| value as f32).view());
        write_block(group, 2, 0, values.slice(s![.., ..900]));
    });
    let blocks = place.path().join("out.h5");
    answer(prepare().arg(&path).arg("--out").arg(&blocks));
    let path = place.path().join("unlabelled.h5");
    write_raw(&path, &values.slice(s![.., ..2100]).to_owned());
    let unlabelled = place.path().join("unlabelled.out.h5");
    answer(prepare().arg(&path).arg("--out").arg(&unlabelled));
    for name in ["event", "m_jj", "tau21_j2", "jets", "tau", "constituents", "n_particles"] {
        let expected = column(&whole, name);
        assert!(column(&blocks, name) == expected, "{name}");
        assert!(column(&unlabelled, name) == expected, "{name}");
    }
    assert_eq!(column(&whole, "label"), values.slice(s![.., 2100..]));
    assert!(column(&blocks, "label") == column(&whole, "label"));
    assert!(!columns(&unlabelled).contains(&"label".to_owned()));
}

/// The sample with events of no use among its own, and what becomes of it.
#[test]
fn events_of_no_use_are_dropped_and_counted() {
    let place = folder();
    let mut values = raw_values(&sample());
    let whole = place.path().join("whole.h5");
    answer(prepare().arg(sample()).arg("--out").arg(&whole));
    values.slice_mut(s![3, ..2100]).fill(0.0);
    values[[7, 31]] = f64::NAN;
    values[[8, 2100]] = f64::INFINITY;
    values[[20, 0]] = -values[[20, 0]];
    // One jet; a jet and a particle; a jet of which all particles go the same way, and another.
    for (row, particles) in [
        (30, vec![[500.0, 0.1, 0.0], [300.0, 0.3, 0.2]]),
        (31, vec![[500.0, 0.1, 0.0], [300.0, 0.3, 0.2], [400.0, 0.0, 3.0]]),
        (32, vec![[500.0, 0.1, 0.0], [300.0, 0.3, 0.2], [400.0, 0.0, 3.0], [100.0, 0.0, 3.0]]),
    ] {
        values.slice_mut(s![row, ..2100]).fill(0.0);
        for (index, particle) in particles.iter().flatten().enumerate() {
            values[[row, index]] = *particle;
        }
    }
    let path = place.path().join("raw.h5");
    write_raw(&path, &values);
    let out = place.path().join("out.h5");
    let told = answer(prepare().arg(&path).arg("--out").arg(&out).args(["--chunk", "9"]));
    assert!(told.contains("53 of 60 raw events"), "{told}");
    let dropped = "2 with NaN or infinity, 1 without particles, 1 with a negative pT, 1 with fewer than two jets, \
                   1 with a jet of a single particle, 1 with τ1 = 0";
    assert!(told.contains(dropped), "{told}");
    assert_eq!((count(&out, "read"), count(&out, "dropped_not_finite")), (60, 2));
    // The others are as they were, and say where they stood.
    let kept: Vec<usize> = (0..60).filter(|row| ![3, 7, 8, 20, 30, 31, 32].contains(row)).collect();
    for name in ["event", "m_jj", "label", "constituents"] {
        assert!(column(&out, name) == column(&whole, name).select(Axis(0), &kept), "{name}");
    }
}

#[test]
fn a_file_without_any_event_of_use() {
    let place = folder();
    let path = place.path().join("raw.h5");
    write_raw(&path, &Array2::zeros((30, 2101)));
    let message = refused(&path);
    assert!(message.contains("has no events to use (dropped: 30 without particles)"), "{message}");
}

#[test]
fn what_belongs_to_something_else_is_left_alone() {
    let place = folder();
    let (out, raw) = (place.path().join("out.h5"), place.path().join("raw.h5"));
    write_raw(&raw, &raw_values(&sample()).slice(s![..30, ..]).to_owned());
    let refused = |options: &[&str]| {
        let before = fs::read(&out).expect("what is there");
        let (code, message) = refusal(prepare().arg(&raw).arg("--out").arg(&out).args(options));
        assert_eq!(code, 2, "{message}");
        assert!(fs::read(&out).expect("what is there") == before && !out.with_extension("h5.parts").exists());
        message
    };
    fs::write(&out, "a letter").expect("room");
    assert!(refused(&[]).contains("(it exists and is no output of drapes-prepare) choose another --out"));
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/demo_dijets.features.h5"), &out)
        .expect("a copy");
    assert!(refused(&[]).contains("is no output of drapes-prepare"));
    fs::remove_file(&out).expect("a file");
    answer(prepare().arg(sample()).arg("--out").arg(&out));
    assert!(refused(&[]).contains("(the raw file has another number of events)"));
    fs::remove_file(&out).expect("a file");
    answer(prepare().arg(&raw).arg("--out").arg(&out));
    assert!(refused(&["--axes", "kt"]).contains("(it was made with --axes one-pass)"));

    let letter = place.path().join("letter.h5");
    fs::write(&letter, "a letter").expect("room");
    let message = refused(&["--features", letter.to_str().expect("a plain name")]);
    assert!(message.contains("no features file of drapes-prepare) choose another --features"), "{message}");
    assert_eq!(fs::read(&letter).expect("the letter"), b"a letter");
}

#[test]
fn the_raw_file_is_never_in_the_way() {
    let place = folder();
    let raw = place.path().join("raw.h5");
    fs::copy(sample(), &raw).expect("a copy");
    let (code, message) = refusal(prepare().arg(&raw).arg("--out").arg(&raw));
    assert!(code == 2 && message.contains("(it is the raw file itself) choose another --out"), "{message}");
    let out = place.path().join("out.h5");
    for features in [&raw, &out] {
        let (code, message) =
            refusal(prepare().arg(&raw).arg("--out").arg(&out).arg("--features").arg(features));
        assert!(code == 2 && message.contains("choose another --features"), "{message}");
    }
    assert!(fs::read(&raw).expect("the raw file") == fs::read(sample()).expect("the sample"));
}

#[test]
fn places_that_cannot_be_written_and_numbers_that_are_none() {
    let place = folder();
    let out = place.path().join("no/such/folder/out.h5");
    let (code, message) = refusal(prepare().arg(sample()).arg("--out").arg(&out));
    assert!(code == 3 && message.contains("cannot write"), "{message}");
    assert!(!place.path().join("no").exists());
    let out = place.path().join("out.h5");
    for option in [["--threads", "0"], ["--chunk", "0"], ["--axes", "antikt"]] {
        assert_eq!(refusal(prepare().arg(sample()).arg("--out").arg(&out).args(option)).0, 2);
    }
    let mut command = prepare();
    command.arg(sample()).arg("--out").arg(&out).env("PMI_RANK", "3").env("PMI_SIZE", "2");
    let (code, message) = refusal(&mut command);
    assert!(code == 3 && message.contains("PMI_RANK=3 PMI_SIZE=2"), "{message}");
}
