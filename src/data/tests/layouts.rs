//! The same events, however they are written.

use ndarray::Array2;

use super::super::{Dropped, Events, Label, digest, read_events};
use super::sample_files::{
    Block, Names, Number, Storage, block, columns, frame, group, place, published, rows,
};
use super::{data, lhco, table};
use drapes_analysis::job::Layout;

fn reference(values: &Array2<f64>) -> Events {
    let (_folder, path) = place("reference.h5");
    published(&path, values);
    read_events(&path, &lhco(&path), Label::Expected).expect("a good file")
}

#[test]
fn type_filter_block_and_order_do_not_matter() {
    let values = rows(50);
    let expected = reference(&values);
    assert_eq!((expected.len(), expected.n_signal(), expected.features.dim()), (50, 10, (50, 5)));
    let shuffled: Vec<String> = columns().into_iter().rev().collect();
    let shuffled: Vec<&str> = shuffled.iter().map(String::as_str).collect();
    let (first, second) = shuffled.split_at(4);
    for storage in [Storage::Contiguous, Storage::Gzip, Storage::Blosc] {
        for number in [Number::F32, Number::F64] {
            for names in [Names::FixedLength, Names::VariableLength] {
                let (_folder, path) = place("one.h5");
                frame(&path, names, &[block(&shuffled, &values, number, storage)]);
                let found = read_events(&path, &lhco(&path), Label::Expected).expect("a good file");
                assert_eq!(found, expected, "one block, {number:?}, {storage:?}, {names:?}");
            }
            let (_folder, path) = place("two.h5");
            let blocks = [
                block(second, &values, number, storage),
                block(&first[1..], &values, Number::F64, Storage::Gzip),
                block(&first[..1], &values, Number::I64, storage),
            ];
            frame(&path, Names::FixedLength, &blocks);
            let found = read_events(&path, &lhco(&path), Label::Expected).expect("a good file");
            assert_eq!(found, expected, "three blocks, {number:?}, {storage:?}");
        }
    }
}

#[test]
fn files_longer_than_a_batch_are_read_to_the_end() {
    let expected = reference(&rows(40_000));
    assert_eq!(expected.len(), 40_000);
    let last = reference(&rows(40_000).slice_move(ndarray::s![39_999.., ..]));
    assert_eq!(expected.mass[39_999].to_bits(), last.mass[0].to_bits());
    assert_eq!(expected.features.row(39_999), last.features.row(0));
}

#[test]
fn rows_without_a_needed_value_are_dropped_and_counted() {
    let mut values = rows(10);
    let place_of = |name: &str| columns().iter().position(|column| column == name).expect("a known column");
    values[[1, place_of("tau1j2")]] = 0.0;
    values[[2, place_of("tau2j1")]] = 0.0;
    values[[3, place_of("pxj1")]] = f64::NAN;
    values[[4, place_of("label")]] = f64::INFINITY;
    values[[5, place_of("tau3j1")]] = f64::NAN;
    let found = reference(&values);
    assert_eq!(found.dropped, Dropped { zero_tau: 1, not_finite: 2, ..Dropped::default() });
    assert_eq!(found.len(), 7);
    // The rows that stay are those of the file, in its order.
    let all = reference(&rows(10));
    assert_eq!(found.mass[..2], [all.mass[0], all.mass[2]]);
    assert_eq!(found.is_signal, [true, false, true, false, false, false, false]);

    let (_folder, path) = place("tau32.h5");
    published(&path, &values);
    let data = data(&path, Layout::LhcoFeatures, &["m_j2", "tau32_j1"]);
    let found = read_events(&path, &data, Label::Expected).expect("a good file");
    // Now τ2 = 0 of the heavier jet counts, and NaN in τ3 does; τ1 does not matter.
    assert_eq!((found.len(), found.features.ncols()), (6, 2));
    assert_eq!(found.dropped, Dropped { zero_tau: 1, not_finite: 3, ..Dropped::default() });
}

#[test]
fn without_a_label_all_events_are_background_where_that_is_allowed() {
    let (_folder, path) = place("unlabelled.h5");
    let names = columns();
    let names: Vec<&str> = names[..14].iter().map(String::as_str).collect();
    frame(&path, Names::FixedLength, &[block(&names, &rows(9), Number::F32, Storage::Gzip)]);
    let found = read_events(&path, &lhco(&path), Label::Optional).expect("a good file");
    assert_eq!((found.n_background(), found.n_signal()), (9, 0));
    let message = read_events(&path, &lhco(&path), Label::Expected).expect_err("no label").to_string();
    assert!(
        message.contains("has no column label (simulated signal is told from background by it)"),
        "{message}"
    );
}

#[test]
fn a_group_a_frame_and_a_csv_file_are_tables() {
    let mass = vec![3300.0, 3400.0, f64::NAN, 3600.0];
    let x = vec![0.5, -1.5, 2.5, f64::INFINITY];
    let label = vec![1.0, 0.0, 0.0, 1.0];
    let (_folder, hdf5) = place("table.h5");
    group(&hdf5, "events", &[("x", x.clone()), ("m_jj", mass.clone()), ("label", label.clone())]);
    let (_folder, csv) = place("table.csv");
    let text = "x, m_jj ,\"label\",note\n0.5,3300,True,a\n-1.5,3.4e3,False,b\n2.5,nan,0,c\ninf,3600,1,d\n";
    std::fs::write(&csv, text).expect("a writable folder");
    let (_folder, pandas) = place("frame.h5");
    let values = Array2::from_shape_fn((4, 3), |(row, column)| [&x, &mass, &label][column][row]);
    let names = ["x", "m_jj", "label"].map(str::to_owned).to_vec();
    let block = Block { names, values, number: Number::F64, storage: Storage::Blosc };
    frame(&pandas, Names::FixedLength, &[block]);
    for (path, group) in [(&hdf5, "events"), (&hdf5, "/events/"), (&csv, "ignored"), (&pandas, "df")] {
        let found =
            read_events(path, &table(path, group, &["x", "x"]), Label::Expected).expect("a good file");
        assert_eq!(found.mass, [3300.0, 3400.0], "{}", path.display());
        assert_eq!(found.features, ndarray::arr2(&[[0.5, 0.5], [-1.5, -1.5]]));
        assert_eq!(found.is_signal, [true, false]);
        assert_eq!(found.dropped, Dropped { zero_tau: 0, not_finite: 2, ..Dropped::default() });
    }
}

#[test]
fn text_and_arrays_may_be_longer_than_a_batch() {
    let rows = (0..40_000).map(|row| format!("{},{row},{}\n", 3000 + row % 100, row % 2));
    let text: String = std::iter::once("m_jj,x,label\n".to_owned()).chain(rows).collect();
    let (_folder, path) = place("long.csv");
    std::fs::write(&path, text).expect("a writable folder");
    let found = read_events(&path, &table(&path, "", &["x"]), Label::Expected).expect("a good file");
    assert_eq!((found.len(), found.n_signal()), (40_000, 20_000));
    assert_eq!((found.mass[39_999], found.features[[39_999, 0]]), (3099.0, 39_999.0));
}

#[test]
fn whole_numbers_of_any_size_are_numbers() {
    let (_folder, path) = place("integers.h5");
    let file = hdf5::File::create(&path).expect("a writable folder");
    let root = file.create_group("a/b").expect("a new group");
    root.new_dataset_builder().with_data(&[3000_u16, 4000]).create("m_jj").expect("a column");
    root.new_dataset_builder().with_data(&[-3_i8, 5]).create("x").expect("a column");
    root.new_dataset_builder().with_data(&[true, false]).create("label").expect("a column");
    drop((root, file));
    let found = read_events(&path, &table(&path, "a/b", &["x"]), Label::Expected).expect("a good file");
    assert_eq!(
        (found.mass.as_slice(), found.is_signal.as_slice()),
        ([3000.0, 4000.0].as_slice(), [true, false].as_slice())
    );
    assert_eq!(found.features, ndarray::arr2(&[[-3.0], [5.0]]));
}

#[test]
fn the_digest_follows_the_bytes() {
    let (_folder, path) = place("events.csv");
    std::fs::write(&path, "m_jj,label\n3000,0\n").expect("a writable folder");
    let before = digest(&path, "events").expect("a readable file");
    assert_eq!((before.bytes, before.sha256.len()), (18, 64));
    std::fs::write(&path, "m_jj,label\n3000,1\n").expect("a writable folder");
    assert_ne!(digest(&path, "events").expect("a readable file"), before);
}
