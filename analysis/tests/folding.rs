//! Folding loses nothing, whatever cannot be read at the moment, and wrong bytes in whole records are noticed.

mod records;

use std::fs;
use std::path::Path;
use std::time::Duration;

use drapes_analysis::error::Error;
use drapes_analysis::plan::fingerprint::{Fingerprint, fingerprints};
use drapes_analysis::plan::{Plan, Stage, TaskId};
use drapes_analysis::store::record::TaskRecord;
use drapes_analysis::store::results::Results;
use drapes_analysis::store::{RecordState, Store};
use records::finished_job;

const JOB: &str = "schema = 1\nname = 'small'\n[data]\nevents = 'a.h5'\n[denoiser]\nepochs = 2\n[classifier]\nepochs = 1\n\
                   folds = 3\nseeds = '0'\n[figures]\ninjections = [1000]\n[[scan]]\nmethod = 'noise'\nn_signal = [1000]\n";

/// A finished scan: its store, its plan and the fingerprints of its tasks.
fn scan(directory: &Path) -> (Store, Plan, Vec<Fingerprint>) {
    let store = finished_job(directory, JOB);
    let plan = Plan::of(&store.job().expect("a job").job);
    let prints = fingerprints(&store.job().expect("a job").job, &[], &plan);
    (store, plan, prints)
}

fn fold(directory: &Path, tasks: &[&TaskId]) -> Result<usize, Error> {
    let store = Store::open(directory).expect("results");
    let mut folding = store.fold()?;
    tasks.iter().try_for_each(|task| folding.add(task))?;
    folding.finish()
}

fn done(directory: &Path) -> usize {
    let store = Store::open(directory).expect("results");
    let stored = store.job().expect("a job");
    store.states(&stored, &Plan::of(&stored.job)).iter().filter(|state| state.is_done()).count()
}

/// A file that is there and cannot be read, also by root.
fn out_of_reach(path: &Path, aside: &Path) {
    fs::rename(path, aside).expect("a file");
    std::os::unix::fs::symlink(path, path).expect("a link that leads nowhere");
}

#[test]
fn folded_records_that_cannot_be_read_are_not_replaced() {
    let directory = tempfile::tempdir().expect("a directory");
    let (store, plan, _) = scan(directory.path());
    let ids: Vec<&TaskId> = plan.tasks.iter().map(|task| &task.id).collect();
    let (last, others) = ids.split_last().expect("tasks");
    fold(directory.path(), others).expect("room");
    let (folded, aside) = (directory.path().join("tasks/folded.jsonl"), directory.path().join("aside"));
    let before = fs::read(&folded).expect("folded records");
    out_of_reach(&folded, &aside);
    assert!(matches!(
        Store::open(directory.path()).expect("results").check_folded(),
        Err(Error::CannotRead { .. })
    ));
    assert!(
        matches!(Results::read(&store), Err(Error::CannotRead { .. })),
        "tables would be made without them"
    );
    // The last alone would take the place of all.
    assert!(matches!(fold(directory.path(), &[last]), Err(Error::CannotRead { .. })));
    assert!(directory.path().join(format!("tasks/{last}.json")).exists());
    fs::rename(&aside, &folded).expect("room");
    assert_eq!(fs::read(&folded).expect("folded records"), before);
    assert_eq!(fold(directory.path(), &[last]).expect("room"), 1);
    assert_eq!(
        (done(directory.path()), fs::read_dir(store.directory().join("running")).expect("a folder").count()),
        (ids.len(), 1),
        "only the turn is left"
    );
}

#[test]
fn folded_records_of_other_tasks_stay_to_the_last_byte() {
    let directory = tempfile::tempdir().expect("a directory");
    let (_, plan, _) = scan(directory.path());
    let ids: Vec<&TaskId> = plan.tasks.iter().map(|task| &task.id).collect();
    fold(directory.path(), &ids[..1]).expect("room");
    let folded = directory.path().join("tasks/folded.jsonl");
    // Of another version of the job, and of no task at all.
    let mut whole = fs::read(&folded).expect("folded records");
    whole.extend(b"{\"id\":\"fit/another\",\"later\":[1,2]}\n# a remark\n");
    fs::write(&folded, &whole).expect("room");
    fold(directory.path(), &ids[1..]).expect("room");
    let now = fs::read(&folded).expect("folded records");
    assert!(now.ends_with(&whole), "{}", String::from_utf8_lossy(&now));
    assert_eq!(done(directory.path()), ids.len());
}

#[test]
fn who_works_in_the_directory_finds_what_was_folded_meanwhile() {
    let directory = tempfile::tempdir().expect("a directory");
    let (_, plan, prints) = scan(directory.path());
    let ids: Vec<&TaskId> = plan.tasks.iter().map(|task| &task.id).collect();
    fold(directory.path(), &ids[..1]).expect("room");
    let at_work = Store::open(directory.path()).expect("results");
    assert!(at_work.state(&plan.tasks[0], &prints[0]).is_done());
    fold(directory.path(), &ids).expect("room");
    for (task, print) in plan.tasks.iter().zip(&prints) {
        assert!(at_work.state(task, print).is_done(), "{}", task.id);
        at_work.result(&task.id).expect("a result");
    }
}

#[test]
fn a_record_that_cannot_be_read_for_a_moment_is_not_done_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let (store, plan, prints) = scan(directory.path());
    let (path, aside) =
        (directory.path().join(format!("tasks/{}.json", plan.tasks[0].id)), directory.path().join("aside"));
    out_of_reach(&path, &aside);
    let state = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(400));
            fs::rename(&aside, &path).expect("room");
        });
        store.state(&plan.tasks[0], &prints[0])
    });
    assert!(state.is_done(), "{state:?}");
    // Nor is it damaged: who reduces is told instead of going without it.
    out_of_reach(&path, &aside);
    assert!(matches!(store.result(&plan.tasks[0].id), Err(Error::CannotRead { .. })));
}

#[test]
fn a_wrong_digit_in_a_whole_record_is_noticed_wherever_it_lies() {
    for is_folded in [false, true] {
        let directory = tempfile::tempdir().expect("a directory");
        let (store, plan, prints) = scan(directory.path());
        let place = plan.tasks.iter().position(|task| task.work.stage() == Stage::Classify).expect("a task");
        let id = &plan.tasks[place].id;
        if is_folded {
            fold(directory.path(), &[id]).expect("room");
        }
        let name = if is_folded { "folded.jsonl".to_owned() } else { format!("{id}.json") };
        let path = directory.path().join("tasks").join(name);
        let text = fs::read_to_string(&path).expect("a record");
        let at = text.find("\"performance\"").expect("numbers");
        let digit = at + text[at..].find(|letter: char| letter.is_ascii_digit()).expect("a digit");
        let other = if &text[digit..=digit] == "7" { "3" } else { "7" };
        fs::write(&path, [&text[..digit], other, &text[digit + 1..]].concat()).expect("room");
        assert!(serde_json::from_str::<TaskRecord>(&fs::read_to_string(&path).expect("a record")).is_ok());
        assert!(store.state(&plan.tasks[place], &prints[place]).is_done(), "its beginning is whole");
        let error = store.result(id).expect_err("another number than was written").to_string();
        assert!(error.contains("does not have the digest"), "{error}");
        assert_eq!(Results::read(&store).expect("results").torn, std::slice::from_ref(id));
    }
}

#[test]
fn records_of_earlier_revisions_have_no_digest_and_are_read_as_before() {
    let directory = tempfile::tempdir().expect("a directory");
    let (store, plan, prints) = scan(directory.path());
    for (task, print) in plan.tasks.iter().zip(&prints) {
        let path = directory.path().join(format!("tasks/{}.json", task.id));
        let record: TaskRecord = serde_json::from_slice(&fs::read(&path).expect("a record")).expect("whole");
        let expected = store.result(&task.id).expect("a result");
        fs::write(&path, [serde_json::to_vec(&record).expect("JSON"), b"\n".to_vec()].concat())
            .expect("room");
        assert_eq!(store.result(&task.id).expect("a result"), expected);
        assert!(matches!(store.state(task, print), RecordState::Done(_)));
    }
}
