//! What users are told about files that cannot be used.

use std::path::Path;

use drapes_analysis::error::Exit;

use super::super::{DataError, Label, describe, read_events};
use super::sample_files::{
    Block, Names, Number, Storage, block, columns, frame, group, place, published, rows,
};
use super::{lhco, regions, table};

/// The message without the path, which differs from run to run.
fn message(path: &Path, result: Result<impl Sized, DataError>) -> String {
    let Err(error) = result else { panic!("{} is bad", path.display()) };
    error.to_string().replace(&path.display().to_string(), "FILE")
}

fn lhco_message(path: &Path) -> String {
    message(path, read_events(path, &lhco(path), Label::Expected))
}

fn table_message(path: &Path, group: &str, features: &[&str]) -> String {
    message(path, read_events(path, &table(path, group, features), Label::Expected))
}

#[test]
fn files_that_are_no_events() {
    let (folder, path) = place("missing.h5");
    assert_eq!(
        lhco_message(&path),
        "cannot read FILE (No such file or directory (os error 2)) check the path and its permissions"
    );
    assert!(lhco_message(folder.path()).starts_with("FILE is a directory"));
    for (text, reason) in [
        ("", "it is empty"),
        ("a b c\n", "its first line has no commas, semicolons or tabs"),
        ("1,2\n3,4\n", "its first line holds numbers instead of column names"),
        ("\0,1", "it is neither HDF5 nor text"),
    ] {
        std::fs::write(&path, text).expect("a writable folder");
        let expected = format!(
            "FILE is no file of events ({reason}) name an HDF5 file, or a CSV file with a header line"
        );
        assert_eq!(lhco_message(&path), expected);
        assert_eq!(message(&path, describe(&path, &regions())), expected);
    }
}

#[test]
fn a_file_that_is_cut_short() {
    let (_folder, path) = place("events.h5");
    published(&path, &rows(30));
    let bytes = std::fs::read(&path).expect("a readable file");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("a writable folder");
    let length = bytes.len() / 2;
    assert_eq!(
        lhco_message(&path),
        format!(
            "FILE is cut short (it ends after {length} bytes, its header says it is longer) copy or download it again"
        )
    );
    for length in (0..bytes.len()).step_by(97) {
        std::fs::write(&path, &bytes[..length]).expect("a writable folder");
        assert!(read_events(&path, &lhco(&path), Label::Expected).is_err(), "{length} bytes");
        assert!(describe(&path, &regions()).is_err(), "{length} bytes");
    }
}

#[test]
fn a_filter_that_nobody_has() {
    let (_folder, path) = place("events.h5");
    let names = columns();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    frame(&path, Names::FixedLength, &[block(&names, &rows(9), Number::F32, Storage::Gzip)]);
    let bytes = std::fs::read(&path).expect("a readable file");
    // The filter's number comes eight bytes before its name in the file.
    let name = bytes.windows(8).position(|text| text == b"deflate\0").expect("a compressed file");
    for (id, text) in
        [(32004_u16, "filter 32004, LZ4,"), (32015, "filter 32015, Zstandard,"), (999, "filter 999")]
    {
        let mut patched = bytes.clone();
        patched[name - 8..name - 6].copy_from_slice(&id.to_le_bytes());
        std::fs::write(&path, patched).expect("a writable folder");
        let text = text.trim_end_matches(',');
        let expected = format!(
            "cannot decompress df/block0_values of FILE (the HDF5 library lacks {text}) set HDF5_PLUGIN_PATH to the \
             folder of its plugin, or rewrite the file with gzip compression where the filter is known"
        );
        assert_eq!(lhco_message(&path), expected);
        let error = describe(&path, &regions()).expect_err("an unknown filter");
        assert_eq!(error.kind(), Exit::Environment);
    }
}

#[test]
fn compressed_values_that_are_damaged() {
    let (_folder, path) = place("events.h5");
    let names = columns();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    frame(&path, Names::FixedLength, &[block(&names, &rows(50), Number::F64, Storage::Gzip)]);
    let mut bytes = std::fs::read(&path).expect("a readable file");
    // The two bytes with which zlib begins a chunk at level 6.
    let chunk = bytes.windows(2).rposition(|pair| pair == [0x78, 0x9c]).expect("a compressed chunk");
    bytes[chunk + 2..chunk + 22].fill(0xff);
    std::fs::write(&path, bytes).expect("a writable folder");
    let text = lhco_message(&path);
    assert!(text.starts_with("cannot read df/block0_values of FILE (H5Dread(): "), "{text}");
    assert!(text.ends_with(") copy or download the file again, or rewrite it"), "{text}");
}

#[test]
fn columns_that_are_not_there() {
    let (_folder, path) = place("events.h5");
    let names = ["pxj1", "pyj1"].map(str::to_owned).to_vec();
    let values = ndarray::Array2::zeros((3, 2));
    frame(
        &path,
        Names::FixedLength,
        &[Block { names, values, number: Number::F64, storage: Storage::Contiguous }],
    );
    let text = message(&path, read_events(&path, &lhco(&path), Label::Optional));
    assert!(text.starts_with("FILE lacks columns pzj1, mj1, tau1j1, tau2j1, pxj2, "), "{text}");
    assert!(text.contains("(it has pxj1, pyj1) use a features file as published, or set layout ="), "{text}");

    group(&path, "events", &[("mjj", vec![1.0]), ("x", vec![1.0]), ("label", vec![0.0])]);
    assert_eq!(
        table_message(&path, "events", &["x"]),
        "FILE lacks column m_jj (it has label, mjj, x) did you mean mjj for m_jj?"
    );

    let many: Vec<String> = (0..50).map(|index| format!("c{index}")).collect();
    let many: Vec<(&str, Vec<f64>)> = many.iter().map(|name| (name.as_str(), vec![1.0])).collect();
    group(&path, "events", &many);
    let text = table_message(&path, "events", &["x"]);
    assert!(text.contains(" and 30 more) name the columns in [data] of the job as the file does"), "{text}");

    published(&path, &rows(3));
    let mut data = lhco(&path);
    data.features = vec!["tau43_j1".to_owned()];
    let text = message(&path, read_events(&path, &data, Label::Expected));
    assert!(text.starts_with("FILE lacks column tau43_j1 (it has m_jj, m_j1, m_j2,"), "{text}");
}

#[test]
fn columns_that_do_not_belong_together() {
    let (_folder, path) = place("events.h5");
    group(&path, "events", &[("m_jj", vec![1.0; 4]), ("x", vec![1.0; 3]), ("label", vec![0.0; 4])]);
    assert_eq!(
        table_message(&path, "events", &["x"]),
        "columns of FILE do not belong together (events/m_jj has 4 rows, events/x has 3) use columns of one and the \
         same table"
    );
    let all = rows(5);
    let short = all.slice(ndarray::s![..4, ..]).to_owned();
    let names = columns();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let blocks = [
        block(&names[..14], &all, Number::F64, Storage::Contiguous),
        block(&names[14..], &short, Number::I64, Storage::Contiguous),
    ];
    frame(&path, Names::FixedLength, &blocks);
    assert!(lhco_message(&path).contains("(df/block0_values has 5 rows, df/block1_values has 4)"));
}

#[test]
fn columns_without_numbers() {
    let (_folder, path) = place("events.h5");
    let mut values = rows(6);
    values.column_mut(5).fill(f64::NAN);
    published(&path, &values);
    assert_eq!(
        lhco_message(&path),
        "column tau2j1 of FILE is empty (each of its values is NaN or infinite) write the file again, or leave the \
         column out of the job"
    );

    let (_folder, csv) = place("events.csv");
    std::fs::write(&csv, "m_jj,x,label\n1,2,0\n1,two,0\n").expect("a writable folder");
    assert_eq!(
        table_message(&csv, "", &["x"]),
        "column x of FILE holds no numbers (found `two` in line 3) store it as floats or integers"
    );
    std::fs::write(&csv, "m_jj,x,label\n1,2,0\n1,2\n").expect("a writable folder");
    let text = table_message(&csv, "", &["x"]);
    assert!(text.starts_with("cannot read line 3 of FILE (2 values where the header names 3)"), "{text}");

    let file = hdf5::File::create(&path).expect("a writable folder");
    let events = file.create_group("events").expect("a new group");
    let words = [hdf5::types::FixedAscii::<3>::from_ascii("two").expect("three letters")];
    events.new_dataset_builder().with_data(&words).create("x").expect("a column");
    for column in ["m_jj", "label"] {
        events.new_dataset_builder().with_data(&[1.0]).create(column).expect("a column");
    }
    drop((events, file));
    assert_eq!(
        table_message(&path, "events", &["x"]),
        "column events/x of FILE holds no numbers (found text) store it as floats or integers"
    );
}

#[test]
fn files_without_events() {
    let (_folder, path) = place("events.h5");
    published(&path, &rows(0));
    assert_eq!(lhco_message(&path), "FILE has no events to use (it has no rows) use another file");
    let mut values = rows(3);
    values.column_mut(4).fill(0.0);
    values[[0, 0]] = f64::NAN;
    published(&path, &values);
    assert_eq!(
        lhco_message(&path),
        "FILE has no events to use (dropped: 2 rows with τ = 0 in a ratio, 1 row with NaN or infinity) use another file"
    );
}

#[test]
fn layouts_that_are_taken_for_another() {
    let (_folder, path) = place("events.h5");
    group(&path, "events", &[("m_jj", vec![1.0])]);
    assert_eq!(
        lhco_message(&path),
        "FILE holds no LHC Olympics features (its groups: events) set layout = \"table\" and group = \"events\" in \
         [data]"
    );
    assert_eq!(
        table_message(&path, "jets", &["x"]),
        "FILE holds no table in group jets (its groups: events) set layout = \"table\" and group = \"events\" in [data]"
    );
    published(&path, &rows(2));
    assert_eq!(
        table_message(&path, "events", &["x"]),
        "FILE holds no table in group events (it is a pandas frame with key df) set layout = \"lhco_features\", or \
         group = \"df\", in [data]"
    );
    let file = hdf5::File::open_rw(&path).expect("a good file");
    file.create_group("more").expect("a new group");
    file.link_hard("/df", "again").expect("a link");
    file.unlink("df").expect("a group");
    file.link_hard("/again", "more_of_it").expect("a link");
    drop(file);
    assert_eq!(
        lhco_message(&path),
        "FILE holds no LHC Olympics features (its pandas frames: again, more_of_it) keep the events in one frame with \
         key df"
    );
    let names = (0..2101).map(|index: usize| index.to_string()).collect();
    let values = ndarray::Array2::zeros((2, 2101));
    frame(
        &path,
        Names::FixedLength,
        &[Block { names, values, number: Number::F64, storage: Storage::Blosc }],
    );
    assert_eq!(
        lhco_message(&path),
        "FILE holds no LHC Olympics features (it holds the particles of raw events) use the features file of the same \
         events, or make one with `drapes-prepare`"
    );
}

#[test]
fn no_byte_of_a_damaged_file_makes_the_reader_panic() {
    let (_folder, path) = place("events.h5");
    let names = columns();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    frame(&path, Names::FixedLength, &[block(&names, &rows(20), Number::F32, Storage::Contiguous)]);
    let bytes = std::fs::read(&path).expect("a readable file");
    for position in (0..bytes.len()).step_by(31) {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0x10;
        std::fs::write(&path, damaged).expect("a writable folder");
        // Whether it is an error depends on the byte.
        let _ = read_events(&path, &lhco(&path), Label::Expected);
        let _ = describe(&path, &regions());
    }
}
