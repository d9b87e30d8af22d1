use super::*;
use crate::event::{AxisChoice, event};

/// Two back-to-back sprays; `i` makes each event another one.
fn raw(i: u64, particles: u32) -> Vec<f64> {
    let mut values = vec![0.0; 2100];
    for (n, particle) in (0..particles).zip(values.chunks_exact_mut(3)) {
        let (x, side) = (f64::from(n) + i as f64, f64::from(n % 2));
        let spread = 0.3 * (x * 1.7).sin();
        particle.copy_from_slice(&[5.0 + (x * 0.7).cos(), 0.2 + spread, 3.1 * side + 0.3 * (x * 2.3).cos()]);
    }
    values
}

fn table(labelled: bool) -> Table {
    let mut table = Table::new(labelled);
    for i in 0..5 {
        let particles = if i == 3 { 0 } else { 40 + 60 * i as u32 };
        let found = event(i, &raw(i, particles), labelled.then_some(1.0), AxisChoice::Kt);
        table.push(i, &found.expect("jets"));
    }
    table
}

#[test]
fn tables_come_back_whole_and_in_pieces() {
    let place = tempfile::tempdir().expect("a folder");
    for (labelled, storage) in [(true, Storage::Part), (false, Storage::Final)] {
        let path = place.path().join("table.h5");
        let mut whole = table(labelled);
        assert_eq!((whole.len(), whole.read, whole.dropped.total()), (4, 5, 1));
        let mut writer = TableWriter::create(&path, 8, labelled, storage).expect("a file");
        writer.append(&mut whole).expect("room");
        writer.append(&mut whole).expect("room");
        writer.finish(&whole).expect("room");
        let reader = TableReader::open(&path).expect("a file");
        assert_eq!((reader.rows(), reader.is_labelled()), (8, labelled));
        assert_eq!(reader.read(4..8).expect("the second half"), whole);
        assert_eq!(reader.read(3..5).expect("two rows").event, [4, 0]);
    }
}

#[test]
fn tables_may_be_empty() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("table.h5");
    let mut empty = Table::new(true);
    empty.push(0, &Err(Rejection::NoParticles));
    let mut writer = TableWriter::create(&path, 0, true, Storage::Part).expect("a file");
    writer.append(&mut empty).expect("nothing to do");
    writer.finish(&empty).expect("room");
    assert_eq!(TableReader::open(&path).expect("a file").read(0..0).expect("nothing"), empty);
}

#[test]
fn files_hold_what_they_announce() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("table.h5");
    let mut whole = table(false);
    let mut writer = TableWriter::create(&path, 5, false, Storage::Part).expect("a file");
    writer.append(&mut whole).expect("room");
    assert!(writer.append(&mut whole).is_err());
    assert!(writer.finish(&whole).is_err());
}

#[test]
fn constituents_are_padded_and_counted() {
    let table = table(false);
    let per_jet = 3 * KEPT;
    for (jet, values) in table.constituents.chunks_exact(per_jet).enumerate() {
        let shares: Vec<f32> = values.chunks_exact(3).map(|constituent| constituent[0].to_f32()).collect();
        let count = shares.iter().filter(|share| **share > 0.0).count();
        assert_eq!(count, usize::from(table.n_constituents[jet]));
        assert_eq!(count, usize::from(table.n_particles[jet]).min(KEPT));
        assert!(shares.is_sorted_by(|a, b| a >= b));
    }
    assert!(table.n_particles.iter().any(|count| usize::from(*count) > KEPT));
}
