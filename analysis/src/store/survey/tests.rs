use std::fs;

use super::*;
use crate::job::JobFile;
use crate::plan::fingerprints;
use crate::store::{Outcome, RunInfo, StoredJob, TaskRecord, TaskResult};

struct Scan {
    _place: tempfile::TempDir,
    store: Store,
    plan: Plan,
    prints: Vec<Fingerprint>,
}

impl Scan {
    fn new(injections: &str) -> Self {
        let text = format!(
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = {injections}\n"
        );
        let file = JobFile::from_text("job.toml", text);
        let stored = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
        let place = tempfile::tempdir().expect("a directory");
        let store = Store::create(place.path(), &file, &stored).expect("room");
        let plan = Plan::of(&stored.job);
        let prints = fingerprints(&stored.job, &stored.inputs, &plan);
        Self { _place: place, store, plan, prints }
    }

    fn record(&self, place: usize, seconds: f64) -> TaskRecord {
        TaskRecord {
            id: self.plan.tasks[place].id.clone(),
            fingerprint: self.prints[place].clone(),
            run: RunInfo { seconds, ..RunInfo::default() },
            outcome: Outcome::Done(Box::new(TaskResult::Train(vec![]))),
        }
    }

    fn done(&self, place: usize, seconds: f64) {
        self.store.write_record(&self.record(place, seconds)).expect("room");
    }

    fn again(&self, survey: &mut Survey, ended: &[usize]) -> usize {
        self.store.survey_again(&self.plan, &self.prints, survey, ended);
        survey.opened
    }
}

fn seconds(survey: &Survey, place: usize) -> u64 {
    match &survey.states[place] {
        RecordState::Done(run) => run.seconds as u64,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_there_is_opened_once_and_what_is_not_is_not_asked_for() {
    let scan = Scan::new("[0, 5, 7]");
    let total = scan.plan.tasks.len();
    assert_eq!(scan.store.survey(&scan.plan, &scan.prints).opened, 0, "nothing is done");
    for place in 0..total - 2 {
        scan.done(place, 1.0);
    }
    let mut survey = scan.store.survey(&scan.plan, &scan.prints);
    assert_eq!(survey.opened, total - 2);
    assert_eq!(scan.again(&mut survey, &[]), 0);
    // A new record, and one that another has replaced.
    scan.done(total - 1, 2.0);
    scan.done(0, 3.0);
    assert_eq!(scan.again(&mut survey, &[]), 2);
    assert_eq!([0, 1, total - 1].map(|place| seconds(&survey, place)), [3, 1, 2]);
    assert_eq!(survey.states[total - 2], RecordState::Missing);
    // Whoever was told looks into the file, whatever the folder says of it.
    let path = scan.store.directory().join(format!("tasks/{}.json", scan.plan.tasks[1].id));
    fs::write(&path, scan.record(1, 4.0).to_line()).expect("room");
    assert_eq!((scan.again(&mut survey, &[]), seconds(&survey, 1)), (0, 1));
    assert_eq!((scan.again(&mut survey, &[1]), seconds(&survey, 1)), (1, 4));
    fs::remove_file(&path).expect("a record");
    assert_eq!((scan.again(&mut survey, &[]), &survey.states[1]), (0, &RecordState::Missing));
    let fresh = scan.store.survey(&scan.plan, &scan.prints).states;
    assert_eq!(survey.states, fresh, "as if all had been read again");
}

#[test]
fn records_that_are_folded_meanwhile_are_found_and_those_that_are_forgotten_are_not() {
    let scan = Scan::new("[0, 5, 7]");
    scan.done(0, 1.0);
    scan.done(1, 2.0);
    let mut survey = scan.store.survey(&scan.plan, &scan.prints);
    // Done by another, and folded before anybody here has looked.
    scan.done(2, 3.0);
    let mut folding = scan.store.fold().expect("room");
    for task in &scan.plan.tasks[..3] {
        folding.add(&task.id).expect("a record");
    }
    folding.finish().expect("room");
    assert_eq!(scan.again(&mut survey, &[]), 0);
    assert_eq!([0, 1, 2].map(|place| seconds(&survey, place)), [1, 2, 3]);
    scan.store.forget(&scan.plan.tasks[0].id).expect("room");
    assert_eq!((scan.again(&mut survey, &[]), &survey.states[0]), (0, &RecordState::Missing));
    assert_eq!((scan.again(&mut survey, &[1]), seconds(&survey, 1)), (1, 2), "asked for by its name");
}

#[test]
fn a_folder_that_cannot_be_listed_is_asked_for_each_record() {
    let scan = Scan::new("[0]");
    let last = scan.plan.tasks.len() - 1;
    scan.done(last, 1.0);
    let folder = scan.store.directory().join("tasks/fit");
    fs::remove_dir(&folder).expect("an empty folder");
    fs::write(&folder, "no folder").expect("room");
    let survey = scan.store.survey(&scan.plan, &scan.prints);
    assert_eq!((seconds(&survey, last), survey.opened), (1, last + 1));
}
