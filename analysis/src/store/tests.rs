use super::*;
use crate::plan::{Fingerprint, Plan, earlier_fingerprints, fingerprints};
use crate::store::{MadeBy, Outcome, Results, RunInfo, TaskRecord, TaskResult};

const JOB: &str =
    "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";

fn stored(text: &str) -> (JobFile, StoredJob) {
    let file = JobFile::from_text("job.toml", text);
    let job = file.check().expect("a good job");
    let inputs = vec![InputFile { name: "a.h5".to_owned(), sha256: "0".to_owned(), bytes: 1 }];
    (file, StoredJob { job, inputs })
}

fn failed_record(stored: &StoredJob, plan: &Plan) -> TaskRecord {
    TaskRecord {
        id: plan.tasks[0].id.clone(),
        fingerprint: fingerprints(&stored.job, &stored.inputs, plan)[0].clone(),
        outcome: Outcome::Failed { reason: "no luck".to_owned() },
        run: RunInfo::default(),
    }
}

/// Finishes the tasks of a job.
fn finish(store: &Store, stored: &StoredJob) {
    finish_as(store, stored, fingerprints(&stored.job, &stored.inputs, &Plan::of(&stored.job)));
}

/// The same with these fingerprints.
fn finish_as(store: &Store, stored: &StoredJob, prints: Vec<Fingerprint>) {
    let plan = Plan::of(&stored.job);
    for (task, fingerprint) in plan.tasks.iter().zip(prints) {
        let outcome = Outcome::Done(Box::new(TaskResult::Train(vec![])));
        let run = RunInfo::default();
        store.write_record(&TaskRecord { id: task.id.clone(), fingerprint, run, outcome }).expect("room");
    }
}

fn finished(store: &Store, stored: &StoredJob) -> (usize, usize) {
    let states = store.states(stored, &Plan::of(&stored.job));
    (states.iter().filter(|state| state.is_done()).count(), states.len())
}

#[test]
fn the_same_job_opens_again_and_what_would_change_results_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, job) = stored(JOB);
    let store = Store::create(directory.path(), &file, &job).expect("a new directory");
    Store::create(directory.path(), &file, &job).expect("the same job");
    let (file, mut drawn) = stored(&format!("{JOB}[figures]\ninjections = [7]\n"));
    Store::create(directory.path(), &file, &drawn).expect("other figures of the same results");
    finish(&store, &job);
    let refusal = |text: &str| {
        let (file, changed) = stored(text);
        match Store::create(directory.path(), &file, &changed) {
            Err(Error::OtherJob { keys, .. }) => keys,
            other => panic!("not refused: {other:?}"),
        }
    };
    assert_eq!(refusal(&JOB.replace("[data]", "seed = 3\n[data]").replace("[0]", "[0, 5]")), ["seed"]);
    assert_eq!(refusal(&JOB.replace("[0]", "[5]")), ["scan lacks noise-s0-w2800-6000-x5"]);
    assert_eq!(
        refusal(&JOB.replace("[[scan]]", "[classifier]\nseeds = '1-9'\n[[scan]]")),
        ["classifier.seeds lacks 0"]
    );
    // Where the data lie is no part of what is stored.
    drawn.job.data.directory = std::path::PathBuf::new();
    assert_eq!(store.job().expect("a job"), drawn, "nothing was written");

    let (file, mut replaced) = stored(JOB);
    replaced.inputs[0].sha256 = "1".to_owned();
    let error = Store::create(directory.path(), &file, &replaced).expect_err("other data");
    assert!(error.to_string().contains("the content of a.h5"), "{error}");
}

#[test]
fn results_of_an_earlier_version_can_be_read_and_are_done_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, job) = stored(JOB);
    let store = Store::create(directory.path(), &file, &job).expect("a new directory");
    let plan = Plan::of(&job.job);
    let read = || {
        let Results { made_by, missing, .. } = Results::read(&store).expect("records");
        (made_by, missing.len())
    };
    let all = plan.tasks.len();
    assert_eq!(read(), (MadeBy::ThisVersion, all), "nobody has made anything yet");
    for earlier in earlier_fingerprints(&job.job, &job.inputs, &plan).take(3) {
        finish_as(&store, &job, earlier);
        assert_eq!(read(), (MadeBy::AnEarlierVersion, 0));
        assert_eq!(finished(&store, &job), (0, all), "a run does them again");
    }
    // One that is of this version is not mixed with the others.
    finish_as(&store, &job, fingerprints(&job.job, &job.inputs, &plan)[..1].to_vec());
    assert_eq!(read(), (MadeBy::ThisVersion, all - 1));
    finish_as(&store, &job, vec![Fingerprint("of other inputs".to_owned()); all]);
    assert_eq!(read(), (MadeBy::Others, all));
    finish(&store, &job);
    assert_eq!(read(), (MadeBy::ThisVersion, 0));
}

#[test]
fn a_scan_grows_and_keeps_what_is_finished() {
    let directory = tempfile::tempdir().expect("a directory");
    let grouped = |injections: &str, seeds: &str, more: &str| {
        let text = JOB.replace("[0]", injections).replace(
            "[[scan]]",
            &format!(
                "[compute]\ndenoisers_per_task = 2\nflows_per_task = 2\nclassifier_points_per_task = 2\n[classifier]\nseeds = {seeds}\n[[scan]]\n\
                 oversampling = [2]"
            ),
        );
        stored(&(text + more))
    };
    let flows = "[[scan]]\nmethod = 'curtains_f4f'\nn_signal = [0, 7]\n";
    let (file, first) = grouped("[0, 5, 7]", "'0-1'", flows);
    let store = Store::create(directory.path(), &file, &first).expect("a new directory");
    finish(&store, &first);
    let (before, _) = finished(&store, &first);
    assert!(Plan::of(&first.job).tasks.iter().any(|task| task.id.0.contains("-and-1-")), "points in company");
    // An injection and a seed before those that are there, a method, a larger factor, another window, and another order.
    let more = "[[scan]]\nmethod = 'curtains_f4f'\nn_signal = [5, 7, 0]\n[[scan]]\nmethod = 'sb'\nn_signal = [5]\n[[scan]]\n\
                method = 'noise'\nn_signal = [5]\noversampling = [7]\n[[scan]]\nmethod = 'noise'\nn_signal = [5]\n\
                signal_region_gev = [[3500, 3900]]\n[other_sample]\nsource = 'file'\n[[scan]]\nmethod = 'mc'\nn_signal = [5]\n";
    let (file, mut second) = grouped("[3, 0, 5, 7]", "[9, 0, 1]", more);
    second.inputs.push(InputFile {
        name: second.job.other_sample.file().expect("a file").display().to_string(),
        sha256: "2".to_owned(),
        bytes: 2,
    });
    Store::create(directory.path(), &file, &second).expect("a grown scan");
    let stored_now = store.job().expect("a job");
    let (done, total) = finished(&store, &stored_now);
    assert_eq!(done, before, "all that was finished counts");
    assert!(total > done + 10, "{done} of {total}");
    let growth = stored_now.job.growth().expect("growth").to_string();
    assert!(growth.contains("(new: DRAPES SB, DRAPES MC) and 1 seed"), "{growth}");
    // The first job again: nothing that it lacks is finished, so that it may shrink, and grow once more to the same.
    let (file, again) = grouped("[0, 5, 7]", "'0-1'", flows);
    Store::create(directory.path(), &file, &again).expect("as it was");
    assert_eq!(
        (finished(&store, &store.job().expect("a job")), store.job().expect("a job").job.growth()),
        ((before, before), None)
    );
    let (file, _) = grouped("[3, 0, 5, 7]", "[9, 0, 1]", more);
    Store::create(directory.path(), &file, &second).expect("a grown scan");
    assert_eq!(store.job().expect("a job"), stored_now);
    finish(&store, &stored_now);
    let error = Store::create(directory.path(), &grouped("[0, 5, 7]", "'0-1'", flows).0, &first)
        .expect_err("lost results");
    assert!(error.to_string().contains("scan lacks noise-s3-w2800-6000-x2 and"), "{error}");
    assert!(error.to_string().contains("classifier.seeds lacks 9"), "{error}");
}

#[test]
fn shards_at_work_for_the_job_as_it_was_are_not_overtaken() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, first) = stored(JOB);
    let store = Store::create(directory.path(), &file, &first).expect("a new directory");
    let shard = |index| Shard { index, count: 3 };
    let lock = |index| store.lock(shard(index), 1, &mut |_, _| LockTimeout::GiveUp).expect("a free shard").0;
    let _about_to_settle = lock(1);
    let (grown_file, grown) = stored(&JOB.replace("[0]", "[0, 5]"));
    store.settle(&grown_file, &grown, shard(1)).expect("nobody has begun");
    store.settle(&grown_file, &grown, shard(2)).expect("the same");
    let error = store.settle(&file, &first, shard(3)).expect_err("another job");
    assert!(matches!(error, Error::GrownMeanwhile { .. }), "{error}");
    assert_eq!(store.job().expect("a job").job.points, grown.job.points);
}

#[test]
fn torn_and_foreign_records_do_not_count() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, job) = stored(JOB);
    let plan = Plan::of(&job.job);
    let store = Store::create(directory.path(), &file, &job).expect("a new directory");
    let state = || store.states(&job, &plan).remove(0);
    assert_eq!(state(), RecordState::Missing);

    let failed = failed_record(&job, &plan);
    let done = TaskRecord { outcome: Outcome::Done(Box::new(TaskResult::Train(vec![]))), ..failed.clone() };
    let expected = [
        RecordState::Failed { reason: "no luck".to_owned(), run: RunInfo::default() },
        RecordState::Done(RunInfo::default()),
    ];
    for (record, expected) in [&failed, &done].into_iter().zip(expected) {
        store.write_record(record).expect("room for a record");
        assert_eq!(state(), expected);
        let path = store.record(&record.id);
        let whole = fs::read(&path).expect("the record");
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).expect("a torn record");
            assert!(matches!(state(), RecordState::Ignored { .. }), "cut after {length} bytes");
        }
    }
    let foreign = TaskRecord { fingerprint: Fingerprint("0".to_owned()), ..failed };
    store.write_record(&foreign).expect("room for a record");
    assert!(matches!(state(), RecordState::Ignored { .. }));
}

#[test]
fn what_is_not_a_directory_of_results_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let error = Store::open(directory.path()).expect_err("an empty directory");
    assert!(error.to_string().contains("no job.json"), "{error}");
    let occupied = directory.path().join("file");
    fs::write(&occupied, "text").expect("a file");
    let (file, job) = stored(JOB);
    assert!(matches!(Store::create(&occupied, &file, &job), Err(Error::CannotWrite { .. })));
}

#[test]
fn folded_records_count_as_those_that_they_replace() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, job) = stored(JOB);
    let plan = Plan::of(&job.job);
    let store = Store::create(directory.path(), &file, &job).expect("a new directory");
    let prints = fingerprints(&job.job, &job.inputs, &plan);
    for (task, fingerprint) in plan.tasks.iter().zip(&prints) {
        let outcome = Outcome::Done(Box::new(TaskResult::Train(vec![])));
        let run = RunInfo { host: task.id.0.clone(), ..RunInfo::default() };
        store
            .write_record(&TaskRecord { id: task.id.clone(), fingerprint: fingerprint.clone(), run, outcome })
            .expect("room");
    }
    let before = store.states(&job, &plan);
    let fold = |tasks: &[crate::plan::Task]| {
        let store = Store::open(directory.path()).expect("results");
        let mut folding = store.fold().expect("room");
        for task in tasks {
            folding.add(&task.id).expect("a record");
        }
        folding.finish().expect("room")
    };
    let count = plan.tasks.len();
    assert_eq!(fold(&plan.tasks[..2]), 2);
    assert_eq!(fold(&plan.tasks), count - 2, "what is folded already stays");
    let store = Store::open(directory.path()).expect("results");
    assert_eq!(store.states(&job, &plan), before);
    assert!(plan.tasks.iter().all(|task| !store.record(&task.id).exists()));
    assert_eq!(store.result(&plan.tasks[0].id).expect("a result"), TaskResult::Train(vec![]));
    // A record of its own counts more: that of a task which was done again.
    store.write_record(&failed_record(&job, &plan)).expect("room");
    assert!(matches!(store.states(&job, &plan)[0], RecordState::Failed { .. }));
    // The end of the file is torn off: what it held is done again, the rest stays.
    let folded = directory.path().join("tasks/folded.jsonl");
    let whole = fs::read(&folded).expect("folded records");
    fs::write(&folded, &whole[..whole.len() - 3]).expect("room");
    let store = Store::open(directory.path()).expect("results");
    let states = store.states(&job, &plan);
    assert_eq!(states.iter().filter(|state| matches!(state, RecordState::Missing)).count(), 1);
}

#[test]
fn a_directory_that_is_only_opened_keeps_its_job_and_shards_keep_the_prices_of_the_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, job) = stored(JOB);
    Store::create(directory.path(), &file, &job).expect("a new directory");
    let other = format!("{}[pricing]\nside_band_events = 7\n", JOB.replace("'a'", "'b'"));
    let (other_file, other) = stored(&other);
    let store = Store::begin(directory.path(), &other_file, &other).expect("the same results");
    let kept = || store.job().map(|stored| (stored.job.name, stored.job.pricing)).expect("a job");
    let of = |stored: &StoredJob| (stored.job.name.clone(), stored.job.pricing.clone());
    assert_eq!(kept(), of(&job), "nobody has said that it may be written");
    // Who owns which task follows from the prices: the second shard has those of the first.
    let settled = store.settle(&other_file, &other, Shard { index: 2, count: 3 }).expect("room");
    assert_eq!(of(&settled), ("b".to_owned(), job.job.pricing));
    assert_eq!(kept(), of(&settled));
    let whole = store.settle(&other_file, &other, Shard::WHOLE).expect("room");
    assert_eq!((of(&whole), kept()), (of(&other), of(&other)));
    finish(&store, &whole);
    let (wrong_file, wrong) = stored(&JOB.replace("[0]", "[5]"));
    assert!(
        store.settle(&wrong_file, &wrong, Shard::WHOLE).is_err(),
        "stored by another since it was opened"
    );
    assert_eq!(kept(), of(&other));
}
