use std::fs;

use ndarray::{Array2, ArrayView1, array};

use super::*;

#[test]
fn arrays_come_back_and_only_whole_files_have_a_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.h5");
    let writer = ArrayWriter::create(&path).expect("a writable directory");
    writer.table("events", array![[1.0_f32, 2.0], [3.0, 4.0]].view()).expect("room");
    writer.list("masses", array![3.5_f64].view()).expect("room");
    assert!(!path.exists(), "nothing has its name before it is finished");
    writer.finish().expect("room");
    let reader = ArrayReader::open(&path).expect("the file");
    assert_eq!(reader.first_rows::<f32>("events", 1).expect("the table"), array![[1.0, 2.0]]);
    assert_eq!(reader.table::<f32>("events").expect("the table").nrows(), 2);
    assert_eq!(reader.list::<f64>("masses").expect("the list"), array![3.5]);
    assert!(reader.table::<f32>("nothing").is_err());
    assert_eq!(fs::read_dir(directory.path()).expect("the directory").count(), 1);
}

#[test]
fn a_table_written_row_by_row_comes_back_by_row_and_column() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.h5");
    let writer = ArrayWriter::create(&path).expect("a writable directory");
    writer.begin_table("events", (3, 2)).expect("room");
    writer.rows("events", 1, array![[3.0_f32, 4.0], [5.0, 6.0]].view()).expect("room");
    writer.rows("events", 0, array![[1.0_f32, 2.0]].view()).expect("room");
    assert!(writer.rows("events", 3, array![[7.0_f32, 8.0]].view()).is_err(), "there is no such row");
    writer.finish().expect("room");
    let reader = ArrayReader::open(&path).expect("the file");
    assert_eq!(reader.table::<f32>("events").expect("rows"), array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    assert_eq!(reader.column::<f32>("events", 1).expect("a column"), [2.0, 4.0, 6.0]);
    assert_eq!(reader.rows_of("events").expect("the table"), 3);
}

#[test]
fn a_file_that_is_given_up_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let writer = ArrayWriter::create(&directory.path().join("a.h5")).expect("a writable directory");
    writer.begin_table("events", (3, 2)).expect("room");
    drop(writer);
    assert_eq!(fs::read_dir(directory.path()).expect("the directory").count(), 0);
}

#[test]
fn torn_files_are_refused_with_advice() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.h5");
    fs::write(&path, b"\x89HDF\r\n\x1a\n torn").expect("room");
    let error = ArrayReader::open(&path).err().expect("a torn file");
    assert!(error.to_string().contains("run the same command again"), "{error}");
}

/// A file of arrays of every kind that tasks write, many of them small.
fn write(path: &Path) {
    let writer = ArrayWriter::create(path).expect("a writable directory");
    let numbers = |count: u16| (0..count).map(f32::from).collect::<Vec<_>>();
    writer.list("weights", ArrayView1::from(&numbers(300))).expect("room");
    writer.describe("weights", &[Column::new("parameter", "1")]).expect("room");
    writer.list("text", ArrayView1::from(b"not a number")).expect("room");
    for knots in 0..4 {
        let table = Array2::from_shape_fn((5, 2), |(row, side)| (row * 2 + side + knots) as f64);
        writer.table(&format!("knots_{knots}"), table.view()).expect("room");
    }
    writer.begin_table("events", (40, 3)).expect("room");
    let events = Array2::from_shape_fn((20, 3), |(row, column)| (row * 3 + column) as f32);
    writer.rows("events", 0, events.view()).expect("room");
    writer.rows("events", 20, events.view()).expect("room");
    writer.finish().expect("room");
}

/// All values of such a file.
fn values(path: &Path) -> Result<Vec<f64>, Error> {
    let reader = ArrayReader::open(path)?;
    let mut found: Vec<f64> = reader.list::<f32>("weights")?.into_iter().map(f64::from).collect();
    found.extend(reader.list::<u8>("text")?.into_iter().map(f64::from));
    for knots in 0..4 {
        found.extend(reader.table::<f64>(&format!("knots_{knots}"))?);
    }
    found.extend(reader.table::<f32>("events")?.into_iter().map(f64::from));
    Ok(found)
}

#[test]
fn a_wrong_bit_anywhere_in_a_file_is_noticed_or_does_no_harm() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.h5");
    write(&path);
    let (expected, whole) = (values(&path).expect("a whole file"), fs::read(&path).expect("a file"));
    let mut noticed = 0;
    for place in (0..whole.len()).step_by(3) {
        let mut copy = whole.clone();
        copy[place] ^= 1 << (place % 8);
        // Another file under the name, as HDF5 keeps what it knows of one that is open.
        fs::remove_file(&path).expect("a file");
        fs::write(&path, &copy).expect("room");
        match values(&path) {
            Ok(found) => {
                assert!(found == expected, "byte {place} of {} is wrong, and nobody notices", whole.len());
            }
            Err(_) => noticed += 1,
        }
        let is_seen = ArrayReader::open(&path).and_then(|arrays| arrays.check()).is_err();
        assert!(is_seen || values(&path).is_ok(), "byte {place}: a check must find what reading finds");
    }
    assert!(6 * noticed > whole.len(), "{noticed} of {}", whole.len());
}

#[test]
fn checksums_of_small_arrays_take_little_room() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.h5");
    let writer = ArrayWriter::create(&path).expect("a writable directory");
    for index in 0..100 {
        writer.list(&format!("list_{index}"), array![1.0_f64, 2.0].view()).expect("room");
    }
    writer.finish().expect("room");
    let bytes = fs::metadata(&path).expect("a file").len();
    assert!(bytes < 100 * 400, "{bytes} bytes for 1600 bytes of numbers");
}

#[test]
fn a_file_that_another_program_has_open_is_busy_and_none_that_is_damaged() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.h5");
    write(&path);
    let mut other = lock_for(&path, "2");
    assert!(matches!(Fault::of(&path), Fault::Busy));
    let error = ArrayReader::open(&path).err().expect("a locked file").to_string();
    assert!(error.contains("another program has it open for writing) close it there"), "{error}");
    other.wait().expect("an end");
    assert!(values(&path).is_ok());
    fs::write(&path, b"no arrays").expect("room");
    assert!(matches!(Fault::of(&path), Fault::Damaged));
    fs::remove_file(&path).expect("a file");
    assert!(matches!(Fault::of(&path), Fault::OutOfReach(_)));
}

/// Another process that has HDF5's lock on a file for some seconds.
pub fn lock_for(path: &Path, seconds: &str) -> std::process::Child {
    let mut other = std::process::Command::new("flock");
    let other =
        other.arg("--exclusive").arg(path).args(["sleep", seconds]).spawn().expect("flock, of util-linux");
    let start = std::time::Instant::now();
    while !matches!(Fault::of(path), Fault::Busy) {
        assert!(start.elapsed().as_secs() < 20, "it never has the lock");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    other
}
