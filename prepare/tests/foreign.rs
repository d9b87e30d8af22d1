//! Files that are not the program's own, raw events in other units, and pipes.

mod support;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use ndarray::s;
use support::{alone, answer, folder, prepare, raw_values, refusal, sample, write_raw};

/// Everything below a folder, with its bytes.
fn bytes(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(bytes(&entry));
        } else {
            let content = fs::read(&entry).expect("a file");
            found.push((entry, content));
        }
    }
    found.sort();
    found
}

#[test]
fn nothing_of_others_is_deleted() {
    let place = folder();
    let out = place.path().join("out.h5");
    let parts = place.path().join("out.h5.parts");
    // Of every name that the program uses itself, but without its record; and one that nobody would take for its own.
    for name in ["notes.txt", "part-000000.h5", "lock", "thesis.draft", "work.json", "a folder/notes.txt"] {
        let file = parts.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("room");
        fs::write(&file, "mine").expect("room");
        let before = bytes(place.path());
        let (code, message) = refusal(prepare().arg(sample()).arg("--out").arg(&out));
        assert!(
            code == 2 && message.contains("out.h5.parts belongs to something else ("),
            "{name}: {message}"
        );
        assert_eq!(bytes(place.path()), before, "{name}");
        fs::remove_dir_all(&parts).expect("its own folder");
    }
    // A finished output beside such a folder: again, there is nothing to do.
    answer(prepare().arg(sample()).arg("--out").arg(&out));
    for name in ["notes.txt", "part-000000.h5", "lock"] {
        fs::create_dir_all(&parts).expect("room");
        fs::write(parts.join(name), "mine").expect("room");
    }
    let before = bytes(place.path());
    let told = answer(prepare().arg(sample()).arg("--out").arg(&out));
    assert!(told.contains("nothing to do: was there already"), "{told}");
    assert_eq!(bytes(place.path()), before);
}

#[test]
fn what_comes_into_the_folder_of_parts_while_it_is_used_stays() {
    let place = folder();
    let out = place.path().join("out.h5");
    let share = |rank: &str| {
        let mut command = prepare();
        command.arg(sample()).arg("--out").arg(&out).args(["--chunk", "20"]);
        command.env("PMI_RANK", rank).env("PMI_SIZE", "2");
        command
    };
    answer(&mut share("1"));
    let notes = place.path().join("out.h5.parts/notes.txt");
    fs::write(&notes, "mine").expect("room");
    // The next process says what is in its way; without it, the work goes on to its end.
    let (code, message) = refusal(&mut share("0"));
    assert!(
        code == 2 && message.contains("it holds notes.txt, which drapes-prepare has not made"),
        "{message}"
    );
    assert_eq!(fs::read(&notes).expect("the notes"), b"mine");
    fs::remove_file(&notes).expect("its own file");
    answer(&mut share("0"));
    assert!(out.exists() && !place.path().join("out.h5.parts").exists());
}

#[test]
fn folders_and_pipes_are_no_outputs() {
    let place = folder();
    let (out, fifo) = (place.path().join("out.h5"), place.path().join("fifo"));
    alone(|| Command::new("mkfifo").arg(&fifo).status()).expect("mkfifo");
    let before = bytes_of_names(place.path());
    for (arguments, words) in [
        (
            vec![sample().as_os_str().to_owned(), "--out".into(), fifo.clone().into()],
            "it exists and is no file",
        ),
        (
            vec![sample().as_os_str().to_owned(), "--out".into(), place.path().into()],
            "it exists and is no file",
        ),
        (
            vec![
                sample().as_os_str().to_owned(),
                "--out".into(),
                out.clone().into(),
                "--features".into(),
                fifo.clone().into(),
            ],
            "it exists and is no file",
        ),
        (vec![fifo.clone().into(), "--out".into(), out.clone().into()], "it is a pipe or device"),
    ] {
        let (code, message) = refusal(prepare().args(&arguments));
        assert!(code == 2 && message.contains(words), "{arguments:?}: {message}");
        assert_eq!(bytes_of_names(place.path()), before);
    }
}

fn bytes_of_names(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    names
}

#[test]
fn names_that_hdf5_does_not_take_are_refused_at_once() {
    let place = folder();
    let odd = place.path().join(OsStr::from_bytes(b"o\xff.h5"));
    let (code, message) = refusal(prepare().arg(sample()).arg("--out").arg(&odd));
    assert!(code == 2 && message.contains("--out") && message.contains("is not UTF-8"), "{message}");
    assert!(bytes_of_names(place.path()).is_empty());
}

/// The sample with a change of every third column, from this one on, of so many events.
fn changed(place: &Path, first: usize, change: impl Fn(f64) -> f64, rows: usize) -> PathBuf {
    let mut values = raw_values(&sample());
    values.slice_mut(s![..rows, first..2100;3]).mapv_inplace(change);
    let path = place.join("raw.h5");
    write_raw(&path, &values);
    path
}

#[test]
fn degrees_and_mev_are_refused_with_the_conversion() {
    let place = folder();
    let out = place.path().join("out.h5");
    let refused = |raw: &Path| {
        let (code, message) = refusal(prepare().arg(raw).arg("--out").arg(&out));
        assert_eq!(code, 2, "{message}");
        assert!(!out.exists() && !place.path().join("out.h5.parts").exists());
        message
    };
    let raw = changed(place.path(), 2, f64::to_degrees, 60);
    let message = refused(&raw);
    assert!(
        message.contains("has other units (in 60 of 60 events looked at |φ| is above 2π, up to 1"),
        "{message}"
    );
    assert!(message.contains("convert degrees by π/180"), "{message}");
    let raw = changed(place.path(), 0, |momentum| 1000.0 * momentum, 60);
    let message = refused(&raw);
    assert!(message.contains("transverse momenta sum to more than √s = 13000 GeV, up to "), "{message}");
    assert!(message.contains("divide MeV by 1000"), "{message}");
    // Azimuth from 0 to 2π is as good as from -π to π, and a single odd event is no reason to refuse the others.
    let raw = changed(place.path(), 2, |phi| phi.rem_euclid(std::f64::consts::TAU), 60);
    answer(prepare().arg(&raw).arg("--out").arg(place.path().join("turned.h5")));
    let raw = changed(place.path(), 2, f64::to_degrees, 1);
    answer(prepare().arg(&raw).arg("--out").arg(place.path().join("odd.h5")));
}

#[test]
fn an_unknown_filter_is_named() {
    let place = folder();
    let path = place.path().join("raw.h5");
    let values = raw_values(&sample());
    support::write_frame(&path, "df", |group| {
        support::write_axes(group, values.nrows(), values.ncols());
        let builder = group.new_dataset_builder().chunk([60, 2101]).deflate(4);
        builder.with_data(&values).create("block0_values").expect("room");
        let names: Vec<i64> = (0..2101).collect();
        group.new_dataset_builder().with_data(&names).create("block0_items").expect("room");
    });
    // The filter's number comes eight bytes before its name in the file.
    let mut bytes = fs::read(&path).expect("the file");
    let at = bytes.windows(8).position(|window| window == b"deflate\0").expect("the filter") - 8;
    for (number, words) in [(32004_u16, "lacks filter 32004, LZ4)"), (999, "lacks filter 999)")] {
        bytes[at..at + 2].copy_from_slice(&number.to_le_bytes());
        fs::write(&path, &bytes).expect("room");
        let (code, message) = refusal(prepare().arg(&path).arg("--out").arg(place.path().join("out.h5")));
        assert!(code == 3 && message.contains(words), "{message}");
    }
}

#[test]
fn a_standard_error_that_nobody_reads_ends_nothing() {
    let place = folder();
    let full = || fs::File::options().write(true).open("/dev/full").expect("Linux");
    let out = place.path().join("out.h5");
    let mut command = prepare();
    command.arg(sample()).arg("--out").arg(&out).stdout(full()).stderr(full());
    assert!(alone(|| command.status()).expect("it starts").success());
    let mut command = prepare();
    command.arg(&out).arg("--out").arg(&out).stdout(full()).stderr(full());
    assert_eq!(alone(|| command.status()).expect("it starts").code(), Some(2));
}
