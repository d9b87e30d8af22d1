use super::*;
use crate::record::RunInfo;

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

#[test]
fn the_same_job_opens_again_and_another_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, job) = stored(JOB);
    Store::create(directory.path(), &file, &job).expect("a new directory");
    Store::create(directory.path(), &file, &job).expect("the same job");
    let (file, drawn) = stored(&format!("{JOB}[figures]\ninjections = [7]\n"));
    Store::create(directory.path(), &file, &drawn).expect("other figures of the same results");

    let changed = JOB.replace("[data]", "seed = 3\n[data]").replace("[0]", "[0, 5]");
    let (file, changed) = stored(&changed);
    let error = Store::create(directory.path(), &file, &changed).expect_err("another job");
    assert!(matches!(&error, Error::OtherJob { keys, .. } if keys == &["scan", "seed"]), "{error}");

    let (file, mut replaced) = stored(JOB);
    replaced.inputs[0].sha256 = "1".to_owned();
    let error = Store::create(directory.path(), &file, &replaced).expect_err("other data");
    assert!(error.to_string().contains("the content of a.h5"), "{error}");
}

#[test]
fn torn_and_foreign_records_do_not_count() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, job) = stored(JOB);
    let plan = Plan::of(&job.job);
    let store = Store::create(directory.path(), &file, &job).expect("a new directory");
    let state = || store.states(&job, &plan).remove(0);
    assert_eq!(state(), TaskState::Missing);

    let record = failed_record(&job, &plan);
    store.write_record(&record).expect("room for a record");
    assert_eq!(state(), TaskState::Failed { reason: "no luck".to_owned() });

    let path = store.record(&record.id);
    let whole = fs::read(&path).expect("the record");
    // The last byte is the newline behind the complete record.
    for length in 0..whole.len() - 1 {
        fs::write(&path, &whole[..length]).expect("a torn record");
        assert!(matches!(state(), TaskState::Ignored { .. }), "cut after {length} bytes");
    }
    let foreign = TaskRecord { fingerprint: Fingerprint("0".to_owned()), ..record };
    store.write_record(&foreign).expect("room for a record");
    assert!(matches!(state(), TaskState::Ignored { .. }));
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
