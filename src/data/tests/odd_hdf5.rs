//! HDF5 files as h5py, pandas and other programs write them.

use std::path::Path;

use hdf5::types::FixedAscii;

use super::super::{DataError, Events, Label, describe, read_events};
use super::sample_files::{group, place};
use super::{regions, table};

fn read(path: &Path) -> Result<Events, DataError> {
    read_events(path, &table(path, "events", &["x"]), Label::Expected)
}

/// The message without the path; never longer than a screen.
fn message(path: &Path) -> String {
    let error = read(path).expect_err("a file that cannot be used").to_string();
    assert!(error.len() < 800 && !error.chars().any(char::is_control), "{error:?}");
    error.replace(&path.display().to_string(), "FILE")
}

const MASS: [f64; 4] = [3300.0, 3400.0, 3500.0, 3600.0];
const X: [f64; 4] = [0.5, -1.5, 2.5, 3.5];
const LABEL: [i8; 4] = [1, 0, 0, 1];

fn check(found: &Events) {
    assert_eq!(found.mass, MASS);
    assert_eq!(found.features.column(0).to_vec(), X.map(|x| x as f32));
    assert_eq!(found.is_signal, LABEL.map(|label| label == 1));
}

/// An event as a record.
#[allow(unsafe_code, reason = "derived; the type is plain numbers")]
mod record {
    #[derive(Clone, hdf5::H5Type)]
    #[repr(C)]
    pub struct Record {
        pub label: i8,
        pub x: f32,
        pub is_good: bool,
        pub name: hdf5::types::FixedAscii<4>,
        pub m_jj: f64,
    }

    /// As pandas writes a frame in table format.
    #[derive(Clone, hdf5::H5Type)]
    #[repr(C)]
    pub struct Blocks {
        pub index: i64,
        pub values_block_0: [f64; 3],
    }
}

fn records() -> Vec<record::Record> {
    let name = FixedAscii::from_ascii("ab").expect("two letters");
    (0..4)
        .map(|row| record::Record {
            label: LABEL[row],
            x: X[row] as f32,
            is_good: row > 1,
            name,
            m_jj: MASS[row],
        })
        .collect()
}

#[test]
fn columns_of_one_number_a_row() {
    let (_folder, path) = place("column.h5");
    let file = hdf5::File::create(&path).expect("a writable folder");
    let events = file.create_group("events").expect("a new group");
    let column = |name: &str, values: [f64; 4]| {
        let values = ndarray::Array2::from_shape_vec((4, 1), values.to_vec()).expect("four numbers");
        events.new_dataset_builder().with_data(&values).create(name).expect("a column");
    };
    column("m_jj", MASS);
    column("x", X);
    events.new_dataset_builder().with_data(&LABEL).create("label").expect("a column");
    events
        .new_dataset_builder()
        .with_data(&ndarray::Array2::<f64>::zeros((4, 3)))
        .create("p")
        .expect("an array");
    events
        .new_dataset_builder()
        .with_data(&ndarray::Array2::<f64>::zeros((1, 4)))
        .create("row")
        .expect("an array");
    events.link_soft("/nowhere", "lost").expect("a link");
    events.link_external("elsewhere.h5", "/x", "far").expect("a link");
    drop((events, file));
    check(&read(&path).expect("a good file"));
    let page = describe(&path, &regions()).expect("a good file");
    assert_eq!((page.tables.len(), page.tables[0].columns.len(), page.tables[0].events.all()), (1, 3, 4));
    for (name, expected) in [
        (
            "p",
            "p of FILE is no column (its shape is [4, 3], and a column has one number a row) write each of its columns as a dataset of its own",
        ),
        (
            "row",
            "row of FILE is no column (its shape is [1, 4], and a column has one number a row) write it as one-dimensional, in Python by a[0]",
        ),
        (
            "lost",
            "lost of FILE is no column (it is a link that leads nowhere: its target, perhaps in another file, is missing) put the target back, or copy it in place of the link",
        ),
        (
            "far",
            "far of FILE is no column (it is a link that leads nowhere: its target, perhaps in another file, is missing) put the target back, or copy it in place of the link",
        ),
    ] {
        let error =
            read_events(&path, &table(&path, "events", &[name]), Label::Expected).expect_err("no column");
        assert_eq!(error.to_string().replace(&path.display().to_string(), "FILE"), expected);
    }
}

#[test]
fn records_are_columns_wherever_they_are() {
    for place_of in ["events", "events/data"] {
        let (_folder, path) = place("records.h5");
        let file = hdf5::File::create(&path).expect("a writable folder");
        if place_of.contains('/') {
            file.create_group("events").expect("a new group");
        }
        file.new_dataset_builder().with_data(&records()).create(place_of).expect("records");
        drop(file);
        check(&read(&path).expect("a good file"));
        let found = describe(&path, &regions()).expect("a good file");
        let page = found.to_string();
        assert!(
            page.contains("HDF5 records (structured datasets), whose fields are the columns\n"),
            "{page}"
        );
        assert!(page.contains("records of label, x, is_good, name, m_jj"), "{page}");
        let names: Vec<&str> = found.tables[0].columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!((names, found.tables[0].events.signal), (vec!["label", "x", "is_good", "m_jj"], 2));
        let both = table(&path, "events", &["x", "is_good", "x"]);
        let events = read_events(&path, &both, Label::Expected).expect("a good file");
        assert_eq!(events.features.row(2).to_vec(), [2.5, 1.0, 2.5]);
        let text = read_events(&path, &table(&path, "events", &["name"]), Label::Expected)
            .expect_err("text")
            .to_string();
        assert!(text.starts_with("column name of ") && text.contains("holds no numbers"), "{text}");
    }
    let (_folder, path) = place("elsewhere.h5");
    let file = hdf5::File::create(&path).expect("a writable folder");
    file.new_dataset_builder().with_data(&records()).chunk(3).deflate(3).create("data").expect("records");
    drop(file);
    assert_eq!(
        message(&path),
        "FILE holds no table in group events (its records: data) set layout = \"table\" and group = \"data\" in [data]"
    );
    check(&read_events(&path, &table(&path, "data", &["x"]), Label::Expected).expect("a good file"));
}

#[test]
fn records_longer_than_a_batch_are_read_to_the_end() {
    let (_folder, path) = place("long.h5");
    let name = FixedAscii::from_ascii("ab").expect("two letters");
    let records: Vec<record::Record> = (0..40_000_u16)
        .map(|row| record::Record {
            label: (row % 2) as i8,
            x: f32::from(row),
            is_good: true,
            name,
            m_jj: 3000.0,
        })
        .collect();
    let file = hdf5::File::create(&path).expect("a writable folder");
    file.new_dataset_builder().with_data(&records).create("events").expect("records");
    drop(file);
    let found = read(&path).expect("a good file");
    assert_eq!((found.len(), found.n_signal(), found.features[[39_999, 0]]), (40_000, 20_000, 39_999.0));
}

#[test]
fn frames_and_arrays_without_names_are_told_from_records() {
    let (_folder, path) = place("frame.h5");
    let file = hdf5::File::create(&path).expect("a writable folder");
    let frame = file.create_group("events").expect("a new group");
    let rows = [record::Blocks { index: 0, values_block_0: [1.0, 2.0, 3.0] }];
    frame.new_dataset_builder().with_data(&rows).create("table").expect("records");
    drop((frame, file));
    assert!(message(&path).contains("(the pandas frame events is in table format) write it again with format=\"fixed\" or data_columns=True"));
    let file = hdf5::File::create(&path).expect("a writable folder");
    file.new_dataset_builder()
        .with_data(&ndarray::Array2::<f64>::zeros((4, 3)))
        .create("events")
        .expect("an array");
    drop(file);
    assert_eq!(
        message(&path),
        "FILE holds no table in group events (that is an array of shape [4, 3], whose columns have no names) write each column \
         as a dataset of its own in a group, or as CSV"
    );
    let file = hdf5::File::create(&path).expect("a writable folder");
    file.create_group("events").expect("a new group");
    drop(file);
    assert_eq!(
        message(&path),
        "FILE lacks columns m_jj, x (it has no columns) write the columns there, each as a one-dimensional dataset"
    );
}

/// Columns in two files, and a file that joins them.
fn joined(folder: &Path) -> std::path::PathBuf {
    for (name, rows) in [("part0.h5", 0..3), ("part1.h5", 3..4)] {
        let label = LABEL.map(f64::from);
        let columns = [("m_jj", &MASS), ("x", &X), ("label", &label)]
            .map(|(name, values)| (name, values[rows.clone()].to_vec()));
        group(&folder.join(name), "events", &columns);
    }
    let path = folder.join("joined.h5");
    let file = hdf5::File::create(&path).expect("a writable folder");
    for column in ["m_jj", "x", "label"] {
        let name = format!("events/{column}");
        file.new_dataset::<f64>()
            .shape(4)
            .virtual_map("part0.h5", &name, 3, 0..3, 4, 0..3)
            .virtual_map("part1.h5", &name, 1, 0..1, 4, 3..4)
            .create(name.as_str())
            .expect("a virtual dataset");
    }
    path
}

#[test]
fn virtual_datasets_are_read_and_never_filled_up_with_zeros() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = joined(folder.path());
    check(&read(&path).expect("a good file"));
    assert_eq!(describe(&path, &regions()).expect("a good file").tables[0].events.all(), 4);
    let part = folder.path().join("part1.h5");
    let expected = |reason: &str| {
        format!(
            "events/m_jj of FILE is a virtual dataset without its values ({reason}) put its source files where they were when \
             it was made, beside this file as a rule, or name their folder in HDF5_VDS_PREFIX"
        )
    };
    group(&part, "events", &[("x", vec![1.0]), ("label", vec![1.0])]);
    assert_eq!(message(&path), expected("its source part1.h5 has no dataset events/m_jj"));
    group(&part, "events", &[("m_jj", vec![]), ("x", vec![1.0]), ("label", vec![1.0])]);
    assert_eq!(
        message(&path),
        expected(
            "events/m_jj of its source part1.h5 has shape [0], too small for the 1 values that are taken from it"
        )
    );
    std::fs::remove_file(&part).expect("a file");
    assert_eq!(
        message(&path),
        expected("its source part1.h5 cannot be read: No such file or directory (os error 2)")
    );
    let made = std::process::Command::new("mkfifo").arg(&part).status().expect("mkfifo");
    assert!(made.success());
    assert_eq!(message(&path), expected("its source part1.h5 is no file"));
    let (_other, path) = place("itself.h5");
    let file = hdf5::File::create(&path).expect("a writable folder");
    for column in ["m_jj", "x", "label"] {
        let name = format!("events/{column}");
        let builder = file.new_dataset::<f64>().shape(4).virtual_map(".", &name, 4, 0..4, 4, 0..4);
        builder.create(name.as_str()).expect("a virtual dataset");
    }
    drop(file);
    assert_eq!(
        message(&path),
        expected("it leads through more than four virtual datasets, or back to itself")
    );
}

#[test]
fn a_file_that_is_newer_than_the_library() {
    let (_folder, path) = place("newer.h5");
    // Made by h5py with libver="latest" of HDF5 2.0, whose layout messages have version 5.
    std::fs::write(&path, include_bytes!("newer.h5")).expect("a writable folder");
    let (major, minor, patch) = hdf5::library_version();
    if major < 2 {
        assert_eq!(
            message(&path),
            format!(
                "cannot read events/m_jj of FILE (it is newer than the HDF5 library here, {major}.{minor}.{patch}: bad version \
                 number for layout message; its superblock has version 3) rewrite it with the Python that made it: python -c \
                 \"import h5py; a = h5py.File('FILE'); b = h5py.File('older.h5', 'w'); a.visititems(lambda n, d: \
                 b.__setitem__(n, d[()]) if hasattr(d, 'shape') else None)\""
            )
        );
        assert!(matches!(describe(&path, &regions()), Err(DataError::Newer { .. })));
    }
    // A superblock of a version that nobody knows yet.
    let mut bytes = include_bytes!("newer.h5").to_vec();
    bytes[8] = 9;
    std::fs::write(&path, bytes).expect("a writable folder");
    assert!(
        message(&path)
            .starts_with("cannot read the header of FILE (it is newer than the HDF5 library here, ")
    );
    // An old file has no parts that are newer: there, such a version is damage.
    group(&path, "events", &[("m_jj", MASS.to_vec())]);
    let mut bytes = std::fs::read(&path).expect("a readable file");
    bytes[8] = 1;
    bytes[9] = 9;
    std::fs::write(&path, bytes).expect("a writable folder");
    assert!(matches!(read(&path), Err(DataError::Damaged { .. })), "{}", message(&path));
}

#[test]
fn a_file_that_another_program_holds_is_busy() {
    let (folder, path) = place("held.h5");
    group(
        &path,
        "events",
        &[("m_jj", MASS.to_vec()), ("x", X.to_vec()), ("label", LABEL.map(f64::from).to_vec())],
    );
    // What the library does for a file that is open for writing.
    let holder = std::fs::File::open(&path).expect("a readable file");
    holder.lock().expect("a file system with locks");
    assert_eq!(
        message(&path),
        "FILE is busy (another program holds it open for writing) close it there, in a notebook by file.close() or a restart of \
         the kernel, and start again"
    );
    drop(holder);
    check(&read(&path).expect("a good file"));
    // A file whose writer was killed.
    let open = hdf5::File::with_options()
        .with_fapl(|plist| plist.libver_latest())
        .create(folder.path().join("open.h5"))
        .expect("a writable folder");
    open.new_dataset_builder().with_data(&MASS).create("m_jj").expect("a column");
    open.flush().expect("room on the disk");
    let marked = folder.path().join("marked.h5");
    std::fs::copy(folder.path().join("open.h5"), &marked).expect("a writable folder");
    let text = message(&marked);
    assert!(
        text.starts_with("FILE is busy (its writer has not closed it, or was killed)")
            && text.contains("h5clear -s FILE"),
        "{text}"
    );
}
