use drapes_analysis::job::JobFile;
use drapes_analysis::store::StoredJob;
use ndarray::{Array3, array};

use super::super::ArrayWriter;
use super::super::tests::lock_for;
use super::*;

fn store(directory: &Path) -> Store {
    let text =
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
    let file = JobFile::from_text("job.toml", text);
    let stored = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
    Store::create(directory, &file, &stored).expect("a new directory")
}

/// Gives a task arrays of its own.
fn write(store: &Store, task: &TaskId, value: f64) {
    let writer = ArrayWriter::create(&store.arrays(task)).expect("room");
    writer.list("list", array![value, 2.0].view()).expect("room");
    writer.finish().expect("room");
}

fn value(store: &Store, task: &TaskId) -> u32 {
    ArrayReader::of(store, task).and_then(|arrays| arrays.list::<f64>("list")).expect("arrays")[0] as u32
}

fn remove(store: &Store, copied: Copied<'_>) {
    for (task, identity) in copied {
        identity.remove(&store.arrays(task)).expect("room");
    }
}

const KEEP: IfDamaged = IfDamaged::Keep { only_there: 1 };

#[test]
fn a_folded_file_is_replaced_only_by_one_that_holds_all_it_held() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path());
    let [first, second] = ["train/a", "template/b"].map(|id| TaskId(id.to_owned()));
    write(&store, &first, 1.0);
    remove(&store, fold(&store, &[&first], KEEP).expect("room"));
    write(&store, &second, 7.0);
    // A notebook has it open: it is waited for.
    let mut other = lock_for(&store.folded_arrays(), "2");
    remove(&store, fold(&store, &[&second], KEEP).expect("room"));
    other.wait().expect("an end");
    assert_eq!((value(&store, &first), value(&store, &second)), (1, 7));
    assert!(!store.arrays(&first).exists() && !store.arrays(&second).exists());
    // Damaged, it stays as it is, and so does what was to be folded.
    let whole = fs::read(store.folded_arrays()).expect("folded arrays");
    let torn = &whole[..whole.len() / 2];
    fs::write(store.folded_arrays(), torn).expect("room");
    write(&store, &second, 8.0);
    let error = fold(&store, &[&second], KEEP).expect_err("a torn file").to_string();
    assert!(error.contains("the arrays of 1 finished tasks lie only there"), "{error}");
    assert!(fs::read(store.folded_arrays()).expect("a file") == torn && store.arrays(&second).exists());
    // Out of reach, it stays in any case.
    let aside = directory.path().join("aside");
    fs::rename(store.folded_arrays(), &aside).expect("room");
    std::os::unix::fs::symlink(store.folded_arrays(), store.folded_arrays())
        .expect("a link that leads nowhere");
    assert!(fold(&store, &[&second], IfDamaged::Replace).is_err());
    fs::rename(&aside, store.folded_arrays()).expect("room");
    // Where nothing counts on it, it makes way.
    write(&store, &first, 9.0);
    remove(&store, fold(&store, &[&first, &second], IfDamaged::Replace).expect("room"));
    assert_eq!((value(&store, &first), value(&store, &second)), (9, 8));
    assert!(fs::read_dir(directory.path().join("running")).is_ok_and(|files| files.count() == 0));
}

#[test]
fn arrays_of_any_kind_are_copied_as_they_are_and_one_that_was_written_meanwhile_stays() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path());
    let task = TaskId("train/a".to_owned());
    let cube = Array3::from_shape_fn((2, 3, 4), |(a, b, c)| (100 * a + 10 * b + c) as i64);
    let file = hdf5::File::create(store.arrays(&task)).expect("room");
    file.new_dataset_builder().with_data(cube.view()).create("cube").expect("room");
    file.new_dataset_builder().with_data(&[true, false]).create("flags").expect("room");
    drop(file);
    let copied = fold(&store, &[&task], KEEP).expect("room");
    // The task was done again before the file that was copied is removed.
    fs::remove_file(store.arrays(&task)).expect("arrays");
    write(&store, &task, 3.0);
    remove(&store, copied);
    assert_eq!(value(&store, &task), 3);
    fs::remove_file(store.arrays(&task)).expect("arrays");
    let arrays = ArrayReader::of(&store, &task).expect("folded arrays");
    let found = arrays.group.dataset("cube").and_then(|cube| cube.read::<i64, ndarray::Ix3>());
    assert_eq!(found.expect("a cube"), cube);
    let flags = arrays.group.dataset("flags").and_then(|flags| flags.read_raw::<bool>());
    assert_eq!(flags.expect("flags"), [true, false]);
}
