//! Records, tables and pictures that are torn, damaged or of another time: none passes for whole.

mod records;

use std::fs;
use std::path::Path;

use drapes_analysis::figures::figure_stamp::{draw, edited, is_drawn, tables};
use drapes_analysis::plan::fingerprint::fingerprints;
use drapes_analysis::plan::{Plan, Stage};
use drapes_analysis::store::record::{RunInfo, TaskRecord, TaskResult};
use drapes_analysis::store::results::Results;
use drapes_analysis::store::{RecordState, Store};
use records::finished_job;

const JOB: &str = "schema = 1\nname = 'small'\n[data]\nevents = 'a.h5'\n[denoiser]\nepochs = 2\n[classifier]\nepochs = 1\n\
                   folds = 3\nseeds = '0'\n[figures]\ninjections = [1000]\n[[scan]]\nmethod = 'noise'\nn_signal = [1000]\n";

/// What a directory says of its tasks, by a store that has not looked yet.
fn states(directory: &Path) -> (Store, Plan, Vec<RecordState>) {
    let store = Store::open(directory).expect("results");
    let stored = store.job().expect("a job");
    let plan = Plan::of(&stored.job);
    let states = store.states(&stored, &plan);
    (store, plan, states)
}

fn fold(directory: &Path) {
    let (store, plan, _) = states(directory);
    let mut folding = store.fold().expect("room");
    plan.tasks.iter().for_each(|task| folding.add(&task.id).expect("a record"));
    folding.finish().expect("room");
}

fn read(store: &Store) -> Results {
    Results::read(store).expect("what is whole")
}

#[test]
fn a_record_that_is_cut_anywhere_does_not_count_and_a_whole_one_gives_its_result() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished_job(directory.path(), JOB);
    let (_, plan, _) = states(directory.path());
    let prints = fingerprints(&store.job().expect("a job").job, &[], &plan);
    for stage in Stage::ALL {
        let place = plan.tasks.iter().position(|task| task.work.stage() == stage).expect("a task");
        let (task, print) = (&plan.tasks[place], &prints[place]);
        let path = directory.path().join(format!("tasks/{}.json", task.id));
        let whole = fs::read(&path).expect("a record");
        let expected = store.result(&task.id).expect("a result");
        let cut = fs::File::options().write(true).open(&path).expect("a record");
        for length in (0..whole.len()).rev() {
            cut.set_len(length as u64).expect("a shorter file");
            let state = store.state(task, print);
            assert!(
                matches!(state, RecordState::Ignored { .. }),
                "{} cut after {length}: {state:?}",
                task.id
            );
            // All but the newline is a whole result, which nobody asks for: the state says that it is none.
            let is_read = store.result(&task.id).is_ok();
            assert_eq!(is_read, length + 1 == whole.len(), "{} cut after {length}", task.id);
        }
        fs::write(&path, &whole).expect("room");
        assert!(store.state(task, print).is_done());
        assert_eq!(store.result(&task.id).expect("a result"), expected);
    }
}

#[test]
fn folded_records_that_are_cut_anywhere_are_whole_or_not_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished_job(directory.path(), JOB);
    let (_, plan, _) = states(directory.path());
    let prints = fingerprints(&store.job().expect("a job").job, &[], &plan);
    let results: Vec<TaskResult> =
        plan.tasks.iter().map(|task| store.result(&task.id).expect("a result")).collect();
    fold(directory.path());
    let path = directory.path().join("tasks/folded.jsonl");
    let whole = fs::read(&path).expect("folded records");
    let ends: Vec<usize> =
        (0..whole.len()).filter(|place| whole[*place] == b'\n').map(|end| end + 1).collect();
    assert_eq!(ends.len(), plan.tasks.len());
    let cut = fs::File::options().write(true).open(&path).expect("folded records");
    for length in (0..=whole.len()).rev() {
        cut.set_len(length as u64).expect("a shorter file");
        let store = Store::open(directory.path()).expect("results");
        for (place, task) in plan.tasks.iter().enumerate() {
            let state = store.state(task, &prints[place]);
            if ends[place] <= length {
                assert!(state.is_done(), "{} of {length} bytes", task.id);
            } else {
                assert_eq!(state, RecordState::Missing, "{} of {length} bytes", task.id);
                assert!(store.result(&task.id).is_err(), "{} of {length} bytes", task.id);
            }
            if ends[place] == length {
                assert_eq!(store.result(&task.id).expect("a result"), results[place]);
            }
        }
    }
}

#[test]
fn a_record_damaged_inside_is_named_and_goes_wherever_it_lies() {
    for folded in [false, true] {
        let directory = tempfile::tempdir().expect("a directory");
        finished_job(directory.path(), JOB);
        let (_, plan, _) = states(directory.path());
        let place = plan.tasks.iter().position(|task| task.work.stage() == Stage::Classify).expect("a task");
        let id = &plan.tasks[place].id;
        if folded {
            fold(directory.path());
        }
        let name = if folded { "folded.jsonl".to_owned() } else { format!("{id}.json") };
        let path = directory.path().join("tasks").join(name);
        let mut bytes = fs::read(&path).expect("a record");
        let start =
            String::from_utf8_lossy(&bytes).find(&format!("{{\"id\":\"{id}\"")).expect("its beginning");
        let middle = start + 3000;
        bytes[middle..middle + 40].fill(b'#');
        fs::write(&path, &bytes).expect("room");
        let (store, plan, before) = states(directory.path());
        assert!(before[place].is_done(), "its beginning is whole");
        let results = read(&store);
        draw(&store, &results).expect("room");
        assert_eq!(results.torn, std::slice::from_ref(id));
        let job = store.job().expect("a job").job;
        assert!(!is_drawn(&store, &job, &plan, &before), "the tables lack something");
        store.forget(id).expect("room");
        let (_, _, after) = states(directory.path());
        assert_eq!(after[place], RecordState::Missing, "folded: {folded}");
        let others = |states: &[RecordState]| states.iter().filter(|state| state.is_done()).count();
        assert_eq!(others(&after), others(&before) - 1);
    }
}

#[test]
fn a_record_without_its_end_is_named_as_damaged_and_not_as_missing_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    finished_job(directory.path(), JOB);
    let (_, plan, _) = states(directory.path());
    let place = plan.tasks.iter().position(|task| task.work.stage() == Stage::Classify).expect("a task");
    let id = &plan.tasks[place].id;
    let record = fs::File::options().write(true).open(directory.path().join(format!("tasks/{id}.json")));
    record.expect("a record").set_len(60).expect("a shorter file");
    let (store, _, states) = states(directory.path());
    assert!(states[place].is_torn(), "{:?}", states[place]);
    let results = read(&store);
    assert_eq!([&results.torn, &results.missing], [std::slice::from_ref(id); 2]);
}

#[test]
fn tables_and_pictures_count_only_for_the_records_that_they_were_made_from() {
    let directory = tempfile::tempdir().expect("a directory");
    finished_job(directory.path(), JOB);
    let drawn = || {
        let (store, plan, states) = states(directory.path());
        is_drawn(&store, &store.job().expect("a job").job, &plan, &states)
    };
    let (store, plan, _) = states(directory.path());
    assert!(!drawn());
    let redrawn = || {
        draw(&store, &read(&store)).expect("room");
        drawn()
    };
    assert!(redrawn());
    // Folding changes no result.
    fold(directory.path());
    assert!(drawn());
    let results = directory.path().join("results.csv");
    let whole = fs::read_to_string(&results).expect("a table");
    fs::write(&results, whole.lines().take(2).collect::<Vec<_>>().join("\n")).expect("room");
    assert!(!drawn() && redrawn());
    assert_eq!(fs::read_to_string(&results).expect("a table"), whole);
    fs::remove_file(directory.path().join("figures/fig04.pdf")).expect("a picture");
    assert!(!drawn() && redrawn());
    fs::remove_dir_all(directory.path().join("figures")).expect("pictures");
    assert!(!drawn() && redrawn());
    // A table that somebody has changed is known, and stays until all is made again.
    assert_eq!(edited(&store), Vec::<String>::new());
    let table = directory.path().join("figures/fig05.csv");
    let whole = fs::read_to_string(&table).expect("a table");
    fs::write(&table, whole.replacen('1', "2", 1)).expect("room");
    assert_eq!(edited(&store), ["figures/fig05.csv"]);
    tables(&store, &read(&store)).expect("room");
    assert_eq!(fs::read_to_string(&table).expect("a table"), whole);
    assert!(!drawn() && redrawn(), "the pictures are of another time");
    // A task was done again: the same result, another run.
    let last = plan.tasks.last().expect("a task");
    let prints = fingerprints(&store.job().expect("a job").job, &[], &plan);
    let outcome =
        drapes_analysis::store::record::Outcome::Done(Box::new(store.result(&last.id).expect("a result")));
    let run = RunInfo { seconds: 7.0, ..RunInfo::default() };
    let fingerprint = prints.last().expect("a fingerprint").clone();
    store.write_record(&TaskRecord { id: last.id.clone(), fingerprint, run, outcome }).expect("room");
    assert!(!drawn() && redrawn());
    assert!(Results::read(&store).expect("results").torn.is_empty());
}
