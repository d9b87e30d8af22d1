//! What is done stays done.

mod support;

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

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
    let (code, _) = refusal(drapes().arg("status").arg(&out));
    assert_eq!(code, 4);
}
