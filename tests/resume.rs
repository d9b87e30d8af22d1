//! What is done stays done.

mod support;

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::store::Store;
use drapes_analysis::store::record::TaskRecord;
use support::lasting::trained_longer;
use support::{answer, arrays, directory, drapes, mpirun, records, refusal, small_job};

#[test]
fn a_killed_run_continues_to_the_same_records() {
    let place = directory();
    let job = small_job(place.path(), "");
    let (whole, broken) = (place.path().join("whole"), place.path().join("broken"));
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&whole));
    let expected = (records(&whole), arrays(&whole));
    // Kill it again and again, each time after one more record at least.
    let mut kills = 0;
    loop {
        let before = count(&broken);
        let mut run = drapes()
            .arg("run")
            .arg(&job)
            .arg("--out")
            .arg(&broken)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let start = Instant::now();
        let ended = loop {
            if let Some(status) = run.try_wait().expect("a child") {
                assert!(status.success());
                break true;
            }
            if count(&broken) > before || start.elapsed() > Duration::from_secs(120) {
                run.kill().expect("a running child");
                run.wait().expect("a child");
                break false;
            }
            std::thread::sleep(Duration::from_millis(3));
        };
        if ended {
            break;
        }
        kills += 1;
        assert!(kills < 40, "it never ends");
    }
    assert!(kills >= 5, "only {kills} kills");
    assert_eq!(records(&broken), expected.0);
    assert_eq!(arrays(&broken), expected.1);
}

fn count(out: &std::path::Path) -> usize {
    if out.join("tasks").exists() { records_in(&out.join("tasks")) } else { 0 }
}

fn records_in(folder: &std::path::Path) -> usize {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .map(|path| {
            if path.is_dir() {
                records_in(&path)
            } else {
                usize::from(path.extension().is_some_and(|extension| extension == "json"))
            }
        })
        .sum()
}

#[test]
fn the_same_command_again_does_only_what_is_missing() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    answer(mpirun(2).arg("run").arg(&job).arg("--out").arg(&out));
    let written = |name: &str| -> SystemTime {
        fs::metadata(out.join("tasks").join(name)).and_then(|file| file.modified()).expect("a record")
    };
    let (kept, lost) = ("train/denoiser-s0-w2800-6000.json", "classify/noise-s500-w2800-6000-x1-c01.json");
    let before = (written(kept), written(lost));
    let record = out.join("tasks").join(lost);
    let whole = fs::read(&record).expect("a record");
    fs::write(&record, &whole[..whole.len() / 2]).expect("a torn record");
    let again = answer(drapes().arg("run").arg(&job).arg("--out").arg(&out));
    assert!(again.contains("results.csv"));
    assert_eq!(written(kept), before.0);
    assert!(written(lost) > before.1);
    let read = |bytes: &[u8]| -> serde_json::Value { serde_json::from_slice(bytes).expect("a whole record") };
    assert_eq!(read(&whole)["outcome"], read(&fs::read(&record).expect("a record"))["outcome"]);
}

#[test]
fn the_directory_of_another_job_is_left_alone() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&out));
    let before = fs::read(out.join("results.csv")).expect("results");
    let changed = fs::read_to_string(&job).expect("the job").replace("steps = 5", "steps = 6");
    let changed = support::write(place.path(), "changed.toml", &changed);
    let (code, message) = refusal(drapes().arg("run").arg(&changed).arg("--out").arg(&out));
    assert_eq!(code, 2);
    assert!(message.contains("sampler.steps"), "{message}");
    assert_eq!(fs::read(out.join("results.csv")).expect("results"), before);
}

#[test]
fn a_failed_task_is_reported_and_the_rest_go_on() {
    let place = directory();
    // Far too large a rate for the denoiser, but not for classifiers of true background.
    let job = small_job(place.path(), "");
    let wild = fs::read_to_string(&job).expect("the job");
    let wild =
        wild.replace("learning_rate = 2e-3", "learning_rate = 1e30\ngradient_clip = 1e30\nwarmup_steps = 0");
    let wild = support::write(place.path(), "wild.toml", &wild);
    let out = place.path().join("out");
    let (code, message) = refusal(mpirun(2).arg("run").arg(&wild).arg("--out").arg(&out));
    assert_eq!(code, 4, "{message}");
    assert!(message.contains("FAILED") && message.contains("diverged"), "{message}");
    assert!(message.contains("not done, it needs train/denoiser-s500"), "{message}");
    let results = fs::read_to_string(out.join("results.csv")).expect("results of the others");
    assert!(results.contains("supervised") && results.contains("idealised") && !results.contains("noise"));
    let output = drapes().arg("status").arg(&out).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(4));
    let status = String::from_utf8(output.stdout).expect("text");
    for expected in [
        "failed: train/denoiser-s500",
        "diverged",
        "lost with train/denoiser-s500-w2800-6000: 3",
        "--retry-failed",
    ] {
        assert!(status.contains(expected), "{expected}: {status}");
    }
    // A failure is not tried again by itself, and says how it is.
    let failed = out.join("tasks/train/denoiser-s500-w2800-6000.json");
    let tried = || fs::metadata(&failed).and_then(|file| file.modified()).expect("a record");
    let before = tried();
    let (code, message) = refusal(drapes().arg("run").arg(&wild).arg("--out").arg(&out));
    assert_eq!(code, 4);
    assert!(message.contains("--retry-failed"), "{message}");
    assert_eq!(tried(), before);
    let (code, message) =
        refusal(drapes().arg("run").arg(&wild).arg("--out").arg(&out).arg("--retry-failed"));
    assert_eq!(code, 4);
    assert!(message.contains("FAILED") && tried() > before, "{message}");
}

#[test]
fn so_many_failures_end_the_run() {
    let place = directory();
    let job = fs::read_to_string(small_job(place.path(), "")).expect("the job");
    let wild =
        job.replace("learning_rate = 2e-3", "learning_rate = 1e30\ngradient_clip = 1e30\nwarmup_steps = 0");
    let wild = support::write(place.path(), "wild.toml", &wild);
    let out = place.path().join("out");
    let (code, message) =
        refusal(drapes().arg("run").arg(&wild).arg("--out").arg(&out).args(["--max-failures", "1"]));
    assert_eq!(code, 4, "{message}");
    assert_eq!(message.matches("FAILED").count(), 1, "{message}");
    assert!(!fs::read_to_string(out.join("results.csv")).expect("a table").contains("supervised"));
}

#[test]
fn a_directory_in_use_is_left_alone() {
    let place = directory();
    let job = trained_longer(place.path(), 30_000);
    let out = place.path().join("out");
    let mut first = drapes();
    first.arg("run").arg(&job).arg("--out").arg(&out).stdout(Stdio::null()).stderr(Stdio::null());
    let mut first = first.spawn().expect("the program starts");
    let running = out.join("running/1-of-1.json");
    let start = Instant::now();
    while !fs::read_to_string(&running).is_ok_and(|text| text.contains("train/")) {
        assert!(start.elapsed() < Duration::from_secs(60), "it never begins");
        std::thread::sleep(Duration::from_millis(20));
    }
    let status = drapes().arg("status").arg(&out).output().expect("the program starts");
    let status = String::from_utf8(status.stdout).expect("text");
    assert!(status.contains("running: train/") && status.contains("at work: process"), "{status}");
    let json =
        drapes().arg("status").arg(&out).args(["--format", "json"]).output().expect("the program starts");
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!((&json["counts"]["running"], &json["at_work"][0]["ranks"]), (&1.into(), &1.into()));
    // Another name and other prices are the same job, but whoever is refused leaves no trace of them.
    let kept = |name: &str| fs::read(out.join(name)).expect("the job");
    let before = (kept("job.json"), kept("job.toml"));
    let renamed = fs::read_to_string(&job).expect("the job").replace("name = 'small'", "name = 'other'");
    let renamed = format!("{renamed}[pricing]\nside_band_events = 7\n");
    let renamed = support::write(place.path(), "renamed.toml", &renamed);
    for (mut other, job) in [(drapes(), &job), (mpirun(2), &job), (drapes(), &renamed)] {
        let (code, message) = refusal(other.arg("run").arg(job).arg("--out").arg(&out));
        assert_eq!(code, 3);
        assert!(message.contains("is in use (by process") && message.contains("--out"), "{message}");
    }
    assert!(before == (kept("job.json"), kept("job.toml")), "the job of a run at work was overwritten");
    // Folding gets into nobody's way.
    let said = answer(drapes().arg("compact").arg(&out));
    assert!(said.contains("finished tasks lie in"), "{said}");
    assert!(first.try_wait().expect("a child").is_none() && running.exists(), "it goes on");
    first.kill().expect("a running child");
    first.wait().expect("an end");
    // The dead leave their lock and are recognised.
    let output = drapes()
        .arg("run")
        .arg(&job)
        .arg("--out")
        .arg(&out)
        .args(["--deadline", "2s", "--margin", "0s"])
        .output();
    let output = output.expect("the program starts");
    let text = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(75), "{text}");
    assert!(text.contains("an earlier run has died here (process"), "{text}");
    assert!(!running.exists(), "whoever ends in order leaves no lock");
}

#[test]
fn folded_results_are_as_good_as_others() {
    let place = directory();
    let job = small_job(place.path(), "");
    let (whole, folded) = (place.path().join("whole"), place.path().join("folded"));
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&whole));
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&folded));
    // Half done: the classifiers are still to come, and read what was folded.
    fs::remove_dir_all(folded.join("tasks/classify")).expect("records");
    let said = answer(drapes().arg("compact").arg(&folded));
    assert!(said.contains("6 finished tasks"), "{said}");
    assert!(support::files(&folded.join("tasks/train"), "json").is_empty());
    assert!(support::files(&folded.join("tasks/train"), "h5").is_empty());
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&folded));
    let classified = |out: &std::path::Path| {
        records(out).into_iter().filter(|(name, _)| name.contains("classify")).collect::<Vec<_>>()
    };
    assert_eq!(classified(&folded), classified(&whole));
    answer(drapes().arg("compact").arg(&folded));
    assert_eq!(support::files(&folded.join("tasks"), "json").len(), 0);
    assert!(answer(drapes().arg("status").arg(&folded)).contains("14 of 14 tasks done"));
    fs::remove_dir_all(folded.join("figures")).expect("figures");
    answer(drapes().arg("reduce").arg(&folded));
    let table = |out: &std::path::Path| fs::read_to_string(out.join("figures/fig04.csv")).expect("a table");
    assert_eq!(table(&folded), table(&whole));
    let nothing =
        drapes().arg("run").arg(&job).arg("--out").arg(&folded).output().expect("the program starts");
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("nothing to do"));
}

#[test]
fn shards_without_a_scheduler_share_a_directory() {
    let place = directory();
    let job = small_job(place.path(), "");
    let (whole, shared) = (place.path().join("whole"), place.path().join("shared"));
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&whole));
    let shard = |shard: &str| {
        let mut run = drapes();
        run.arg("run").arg(&job).arg("--out").arg(&shared).args(["--shard", shard]);
        run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts")
    };
    // One that needs the other's training waits until that is done.
    let both = [shard("1/2"), shard("2/2")];
    for (shard, index) in both.into_iter().zip(1..) {
        let output = shard.wait_with_output().expect("an end");
        assert!(output.status.success(), "{index}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(shared.join("results.csv").exists() && shared.join("figures/fig04.png").exists());
    assert_eq!(records(&shared), records(&whole));
    // Alone, a shard does what it can.
    let alone = place.path().join("alone");
    let output = drapes()
        .arg("run")
        .arg(&job)
        .arg("--out")
        .arg(&alone)
        .args(["--shard", "2/2", "--await-shards", "0s"])
        .output();
    let text = String::from_utf8(output.expect("the program starts").stderr).expect("text");
    assert!(text.contains("wait for other shards that are not at work: 1/2"), "{text}");
    let (code, message) = refusal(drapes().arg("run").arg(&job).args(["--shard", "3/2"]));
    assert_eq!(code, 2);
    assert!(message.contains("2/8"), "{message}");
}

#[test]
fn tasks_of_another_version_are_done_again_which_is_said_with_their_number() {
    let place = directory();
    let (job, out) = (small_job(place.path(), ""), place.path().join("out"));
    let mut run = drapes();
    run.arg("run").arg(&job).arg("--out").arg(&out);
    answer(&mut run);
    let expected = (records(&out), arrays(&out));
    // As another version leaves it: every record is whole and of other code.
    let store = Store::open(&out).expect("a directory");
    for path in support::files(&out.join("tasks"), "json") {
        let text = fs::read(&path).expect("a record");
        let record: TaskRecord = serde_json::from_slice(&text).expect("a whole record");
        let other = TaskRecord { fingerprint: Fingerprint("of another version".to_owned()), ..record };
        store.write_record(&other).expect("room for a record");
    }
    let again = run.output().expect("the program starts");
    let told = String::from_utf8_lossy(&again.stderr);
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let note =
        format!("note: {} tasks are done again, since their records belong to other", expected.0.len());
    assert!(again.status.success() && told.contains(&note) && told.contains("name another --out"), "{told}");
    assert_eq!((records(&out), arrays(&out)), expected);
    assert!(
        !String::from_utf8_lossy(&run.output().expect("the program starts").stderr).contains("done again")
    );
}
