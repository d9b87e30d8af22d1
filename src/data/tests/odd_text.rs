//! Text as spreadsheets, R and people write it.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::{DataError, Events, Label, describe, digest, read_events};
use super::sample_files::{group, place};
use super::{regions, table};

const PLAIN: &str = "m_jj,x,label\n3300,0.5,1\n3400,-1.5,0\n3500,2,0\n";

fn read(path: &Path) -> Result<Events, DataError> {
    read_events(path, &table(path, "events", &["x"]), Label::Expected)
}

/// The message without the path; never longer than a screen.
fn message(path: &Path) -> String {
    let error = read(path).expect_err("a file that cannot be used").to_string();
    let shown = describe(path, &regions()).err().map(|error| error.to_string());
    for text in [Some(&error), shown.as_ref()].into_iter().flatten() {
        assert!(text.len() < 800 && !text.chars().any(char::is_control), "{text:?}");
    }
    error.replace(&path.display().to_string(), "FILE")
}

#[test]
fn however_a_table_is_written_the_events_are_the_same() {
    let (_folder, path) = place("plain.csv");
    std::fs::write(&path, PLAIN).expect("a writable folder");
    let expected = read(&path).expect("a good file");
    assert_eq!((expected.len(), expected.n_signal(), expected.features[[1, 0]]), (3, 1, -1.5));
    for (text, form) in [
        (PLAIN.to_owned(), "CSV text: commas between values\n"),
        (PLAIN.replace('\n', "\r\n"), "CSV text: commas between values\n"),
        (format!("\u{feff}{PLAIN}"), "CSV text: commas between values\n"),
        (
            format!(
                "\u{feff}{}",
                PLAIN.replace('\n', "\r\n").replace("m_jj,x,label", "\"m_jj\",\"x\",\"label\"")
            ),
            "CSV text: commas between values\n",
        ),
        (PLAIN.replace(',', ";").replace('.', ","), "CSV text: semicolons between values, decimal commas\n"),
        (PLAIN.replace(',', ";"), "CSV text: semicolons between values\n"),
        (PLAIN.replace(',', "\t"), "CSV text: tabs between values\n"),
        (format!("sep=,\n{PLAIN}"), "CSV text: commas between values, as its first line says\n"),
        (format!("\"sep=;\"\r\n{}", PLAIN.replace(',', ";")), "CSV text: semicolons between values, as its"),
        (
            format!("# by hand, twice\n#\n{}# end\n", PLAIN.replace("3500", "# within\n3500")),
            "CSV text: commas between values, comment lines left out\n",
        ),
        (format!("# {PLAIN}"), "CSV text: commas between values\n"),
        (PLAIN.replace(",1\n", ",TRUE\n").replace(",0\n", ",FALSE\n"), "CSV text: commas between values\n"),
        (PLAIN.replace(",0\n", ",-1\n"), "CSV text: commas between values\n"),
        (PLAIN.replace(",0\n", ",\"0.0\"\n"), "CSV text: commas between values\n"),
    ] {
        std::fs::write(&path, &text).expect("a writable folder");
        let mut found = read(&path).expect("a good file");
        // A run says what it took the text for, unless that is the usual way.
        let said = std::mem::take(&mut found.remarks);
        assert_eq!(found, expected, "{text:?}");
        let taken = form.trim_end().strip_prefix("CSV text: ").expect("these words");
        match said.as_slice() {
            [] => assert_eq!(taken, "commas between values", "{text:?}"),
            [one] => assert!(one.starts_with(&format!("plain.csv: read as CSV text: {taken}")), "{one}"),
            more => panic!("{more:?}"),
        }
        let page = describe(&path, &regions()).expect("a good file").to_string();
        assert!(page.contains(form), "{text:?}: {page}");
    }
}

#[test]
fn compressed_text_is_read_in_all_its_parts() {
    let (_folder, path) = place("plain.csv.gz");
    let (first, second) = PLAIN.split_at(30);
    let mut bytes = Vec::new();
    for part in [first, second] {
        let mut encoder = GzEncoder::new(&mut bytes, Compression::fast());
        encoder.write_all(part.as_bytes()).expect("memory");
        encoder.finish().expect("memory");
    }
    std::fs::write(&path, &bytes).expect("a writable folder");
    assert_eq!(read(&path).expect("a good file").mass, [3300.0, 3400.0, 3500.0]);
    let page = describe(&path, &regions()).expect("a good file").to_string();
    assert!(page.contains("CSV text: commas between values, gzip\n"), "{page}");
    std::fs::write(&path, &bytes[..bytes.len() - 12]).expect("a writable folder");
    assert!(message(&path).starts_with("cannot read "), "{}", message(&path));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let (_other, hdf5) = place("inside.h5");
    group(&hdf5, "events", &[("x", vec![1.0])]);
    encoder.write_all(&std::fs::read(&hdf5).expect("a readable file")).expect("memory");
    std::fs::write(&path, encoder.finish().expect("memory")).expect("a writable folder");
    assert_eq!(
        message(&path),
        "FILE is an HDF5 file compressed by gzip (drapes reads HDF5, and CSV with a header line) unpack it: gunzip -k FILE"
    );
}

#[test]
fn published_ways_to_write_a_missing_value() {
    let (_folder, path) = place("missing.csv");
    for word in ["", "NA", "N/A", "nan", "NaN", "NULL", "null", "None", "<NA>"] {
        std::fs::write(&path, PLAIN.replace("-1.5", word)).expect("a writable folder");
        let found = read(&path).expect("a good file");
        assert_eq!((found.len(), found.dropped.not_finite), (2, 1), "{word}");
    }
}

#[test]
fn messages_about_text_are_short_and_name_the_line() {
    let (_folder, path) = place("bad.csv");
    let long = "3000,1,0\n".repeat(20_000);
    for (text, expected) in [
        (
            format!("{PLAIN}\"{long}"),
            "cannot read line 5 of FILE (a quote that opens there is not closed in the line) close or remove it",
        ),
        (
            format!("# c\nm_jj,x,\"label\n{long}"),
            "cannot read line 2 of FILE (a quote that opens there is not closed in the line) close or remove it",
        ),
        (
            PLAIN.replace("-1.5", "\u{1b}[31mred\u{202e}"),
            "column x of FILE holds no numbers (found `\\u{1b}[31mred\\u{202e}` in line 3) store it as floats or integers",
        ),
        (
            format!("# one\n{}", PLAIN.replace("3400,-1.5,0", "3400,-1.5")),
            "cannot read line 4 of FILE (2 values where the header names 3) copy or download the file again, or rewrite it",
        ),
        (
            PLAIN.replace(',', ";").replace('.', ",").replace("2;0", "1.234,5;0"),
            "column x of FILE holds no numbers (found `1.234,5` in line 4, where decimals stand behind commas) store it as \
             floats or integers",
        ),
        (
            PLAIN.replace("m_jj", &"m".repeat(5000)),
            "FILE lacks column m_jj (it has mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm…, x, label) name the \
             columns in [data] of the job as the file does",
        ),
    ] {
        std::fs::write(&path, &text).expect("a writable folder");
        assert_eq!(message(&path), expected);
    }
}

#[test]
fn columns_that_share_a_name() {
    let (_folder, path) = place("twice.csv");
    std::fs::write(&path, "m_jj,x,y,x,label,y\n3300,1,2,3,0,4\n").expect("a writable folder");
    let error = read(&path).expect_err("two columns x").to_string();
    assert!(
        error.ends_with("has 2 columns called x (they are columns 2 and 4, and it is not clear which is meant) rename all but one"),
        "{error}"
    );
    let page = describe(&path, &regions()).expect("a good file").to_string();
    assert!(page.contains("several columns share a name, x, y: a job cannot use it"), "{page}");
    // Names that the job does not use may be as they like.
    std::fs::write(&path, "m_jj,x,y,label,y\n3300,1,2,0,4\n").expect("a writable folder");
    assert_eq!(read(&path).expect("a good file").len(), 1);
}

#[test]
fn files_of_other_kinds_are_named_with_the_way_to_convert_them() {
    let (_folder, path) = place("events.dat");
    for (bytes, what, remedy) in [
        (
            &b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 1\n"[..],
            "a Git LFS pointer",
            "git lfs pull",
        ),
        (b"PAR1\x15\x04\x15\x10PAR1", "a Parquet file", "pandas.read_parquet("),
        (b"PK\x03\x04\x14\0\0\0\0\0\0\0!\0m_jj.npy", "a NumPy archive, npz", "numpy.load("),
        (b"PK\x03\x04\x14\0\0\0\0\0\0\0!\0[Content_Types].xml", "an Excel file", "pandas.read_excel("),
        (b"PK\x03\x04\x14\0\0\0\0\0\0\0!\0notes.txt", "a zip archive", "unzip "),
        (b"\x93NUMPY\x01\0v\0{'descr'", "a NumPy array", "n.load("),
        (b"root\0\0\xf5\xc6\0\0", "a ROOT file", "uproot.open("),
        (b"\x80\x04\x95\x10\0\0\0", "a Python pickle", "pandas.read_pickle("),
        (b"SQLite format 3\0\x10", "an SQLite database", "sqlite3 -header -csv"),
        (b"\x89PNG\r\n\x1a\n", "a picture", "name the file of the events"),
        (b"<!DOCTYPE html><html>", "a web page", "download the file itself"),
        (b"\xff\xfem\0_\0j\0j\0", "text in UTF-16", "iconv -f UTF-16"),
        (b"[{\"m_jj\": 1, \"x\": 2}]", "JSON", "pandas.read_json("),
        (b"BZh91AY&SY", "compressed by bzip2", "bunzip2 -k"),
        (b"ARROW1\0\0", "an Arrow (Feather) file", "pandas.read_feather("),
    ] {
        std::fs::write(&path, bytes).expect("a writable folder");
        let text = message(&path);
        assert!(text.starts_with(&format!("FILE is {what}")) && text.contains(remedy), "{text}");
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"PAR1\x15\x04\x15\x10PAR1").expect("memory");
    std::fs::write(&path, encoder.finish().expect("memory")).expect("a writable folder");
    assert!(message(&path).starts_with("FILE is a Parquet file"), "{}", message(&path));
}

#[test]
fn what_is_no_file_is_refused_without_waiting() {
    let (folder, path) = place("pipe.csv");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    let expected = "FILE is a named pipe (a file of events is read more than once, and from any place) write what comes out of it into a file first";
    assert_eq!(message(&path), expected);
    let digested = digest(&path, "pipe").expect_err("a pipe").to_string();
    assert_eq!(digested.replace(&path.display().to_string(), "FILE"), expected);
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    assert!(message(&socket).starts_with("FILE is a socket"));
    assert!(message(Path::new("/dev/null")).starts_with("FILE is a device"));
    assert!(message(folder.path()).starts_with("FILE is a directory"));
}
