//! Results that are torn, missing or of another time: the same command mends them, and never calls them done.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::lasting::trained_longer;
use support::{answer, arrays, directory, drapes, foreign_lock, records, refusal, small_job};

fn run(job: &Path, out: &Path) -> Command {
    let mut run = drapes();
    run.arg("run").arg(job).arg("--out").arg(out);
    run
}

fn said(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().expect("the program starts");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn tables_and_figures_that_are_missing_or_cut_are_made_again() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    answer(&mut run(&job, &out));
    let table = || fs::read_to_string(out.join("results.csv")).expect("a table");
    let whole = table();
    let (code, message) = said(&mut run(&job, &out));
    assert_eq!((code, message.contains("nothing to do")), (Some(0), true), "{message}");
    fs::remove_dir_all(out.join("figures")).expect("figures");
    let (code, message) = said(&mut run(&job, &out));
    assert_eq!((code, message.contains("nothing to do")), (Some(0), false), "{message}");
    assert!(out.join("figures/fig05.png").exists());
    fs::write(out.join("results.csv"), whole.lines().take(3).collect::<Vec<_>>().join("\n")).expect("room");
    answer(&mut run(&job, &out));
    assert_eq!(table(), whole);
    // The last task ends and the process dies before it draws: the table is of an earlier time.
    let last = out.join("tasks/classify/noise-s500-w2800-6000-x1-c01.json");
    let record = fs::read(&last).expect("a record");
    fs::remove_file(&last).expect("a record");
    answer(drapes().arg("reduce").arg(&out));
    assert!(table().len() < whole.len());
    fs::write(&last, record).expect("room");
    answer(&mut run(&job, &out));
    assert_eq!(table(), whole);
}

#[test]
fn a_folded_record_that_is_damaged_is_done_again() {
    let place = directory();
    let job = small_job(place.path(), "");
    let (whole, out) = (place.path().join("whole"), place.path().join("out"));
    answer(&mut run(&job, &whole));
    answer(&mut run(&job, &out));
    answer(drapes().arg("compact").arg(&out));
    let folded = out.join("tasks/folded.jsonl");
    let mut bytes = fs::read(&folded).expect("folded records");
    let id = "classify/noise-s500-w2800-6000-x1-c01";
    let start = String::from_utf8_lossy(&bytes).find(&format!("{{\"id\":\"{id}\"")).expect("its beginning");
    let end = start + bytes[start..].iter().position(|byte| *byte == b'\n').expect("its end");
    let middle = usize::midpoint(start, end);
    bytes[middle..middle + 40].fill(b'#');
    fs::write(&folded, &bytes).expect("room");
    // Nobody looks inside as long as nothing is to be drawn.
    fs::remove_file(out.join("results.csv")).expect("a table");
    let (code, message) = said(&mut run(&job, &out));
    assert_eq!(code, Some(75), "{message}");
    assert!(message.contains(&format!("{id}: its record is damaged and was removed")), "{message}");
    let (code, _) = said(drapes().arg("status").arg(&out));
    assert_eq!(code, Some(75), "it is not done");
    answer(&mut run(&job, &out));
    let rows = |out: &Path| fs::read_to_string(out.join("results.csv")).expect("a table").lines().count();
    assert_eq!(rows(&out), rows(&whole));
    let again: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join(format!("tasks/{id}.json"))).expect("a record"))
            .expect("whole");
    assert_eq!(again["outcome"], records(&whole)[&format!("tasks/{id}.json")]["outcome"]);
}

#[test]
fn compact_replaces_what_was_folded_only_by_what_holds_all_of_it() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    answer(&mut run(&job, &out));
    answer(drapes().arg("compact").arg(&out));
    let folded = out.join("tasks/folded.h5");
    let whole = fs::read(&folded).expect("folded arrays");
    // Nothing is new, and what was folded is looked at all the same.
    fs::write(&folded, &whole[..whole.len() / 3]).expect("room");
    let (code, message) = said(drapes().arg("compact").arg(&out));
    assert!(code == Some(3) && message.contains("lie only there) restore it"), "{message}");
    let mut flipped = whole.clone();
    let weights = whole.windows(64).rposition(|bytes| bytes.iter().all(|byte| *byte != 0));
    flipped[weights.expect("bytes of numbers") + 32] ^= 4;
    fs::write(&folded, &flipped).expect("room");
    let (code, message) = said(drapes().arg("compact").arg(&out));
    assert!(code != Some(0) || message.contains("warning: "), "{message}");
    fs::write(&folded, &whole).expect("room");
    // A task was done again, and is to be folded beside the others, which are damaged.
    let own = out.join("tasks/template/noise-s0-w2800-6000.h5");
    let unfolded = place.path().join("unfolded");
    answer(&mut run(&job, &unfolded));
    fs::copy(unfolded.join("tasks/template/noise-s0-w2800-6000.h5"), &own).expect("arrays");
    fs::write(&folded, &whole[..whole.len() / 3]).expect("room");
    let (code, message) = said(drapes().arg("compact").arg(&out));
    assert_eq!(code, Some(3), "{message}");
    assert!(message.contains("lie only there) restore it from a copy, or move it away"), "{message}");
    assert!(fs::read(&folded).expect("folded arrays") == whole[..whole.len() / 3] && own.exists());
    fs::write(&folded, &whole).expect("room");
    answer(drapes().arg("compact").arg(&out));
    assert!(!own.exists());
    fs::remove_dir_all(out.join("figures")).expect("figures");
    answer(&mut run(&job, &out));
    assert!(fs::metadata(&folded).expect("folded arrays").len() >= whole.len() as u64);
}

#[test]
fn arrays_that_are_torn_or_gone_are_made_again_for_what_needs_them() {
    let place = directory();
    let job = small_job(place.path(), "");
    let whole = place.path().join("whole");
    answer(&mut run(&job, &whole));
    let expected = (records(&whole), arrays(&whole));
    for folded in [false, true] {
        let out = place.path().join(format!("out-{folded}"));
        answer(&mut run(&job, &out));
        // The classifiers are still to come.
        fs::remove_dir_all(out.join("tasks/classify")).expect("records");
        if folded {
            answer(drapes().arg("compact").arg(&out));
            let arrays = out.join("tasks/folded.h5");
            let bytes = fs::read(&arrays).expect("folded arrays");
            fs::write(&arrays, &bytes[..bytes.len() / 3]).expect("room");
        } else {
            fs::remove_file(out.join("tasks/template/noise-s0-w2800-6000.h5")).expect("arrays");
            let torn = out.join("tasks/template/noise-s500-w2800-6000.h5");
            let bytes = fs::read(&torn).expect("arrays");
            fs::write(&torn, &bytes[..bytes.len() - 100]).expect("room");
            let weights = out.join("tasks/train/denoiser-s500-w2800-6000.h5");
            fs::write(&weights, b"no arrays at all").expect("room");
        }
        let output = run(&job, &out).output().expect("the program starts");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{message}");
        assert!(message.contains("is done again, its result cannot be read"), "{message}");
        for (name, record) in records(&out) {
            assert!(record == expected.0[&name], "{name}");
        }
        let (torn, aside) = (out.join("tasks/folded.h5"), out.join("aside"));
        if folded {
            fs::rename(&torn, &aside).expect("room");
        }
        for (name, values) in arrays(&out) {
            assert!(values == expected.1[&name], "{name}");
        }
        if folded {
            fs::rename(&aside, &torn).expect("room");
            answer(drapes().arg("compact").arg(&out));
        }
        assert!(answer(drapes().arg("status").arg(&out)).contains("14 of 14 tasks done"));
    }
}

#[test]
fn what_the_dead_leave_behind_is_swept() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    answer(&mut run(&job, &out));
    let left = [
        "tasks/folded.h5.0123456789ab-7.part",
        "tasks/folded.jsonl.0123456789ab-7.part",
        "tasks/train/a.h5.0123456789ab-7.part",
        "results.csv.0123456789ab-7.part",
        "figures/fig04.svg.0123456789ab-7.part",
        "tasks/train/denoiser-s0-w2800-6000.checkpoint",
    ];
    for name in left {
        fs::write(out.join(name), "left").expect("room");
    }
    let gone = serde_json::json!({"host": "elsewhere", "pid": 7, "started": 1, "space": "another machine"});
    let request = serde_json::json!({"stop": gone, "asked_by": gone}).to_string();
    let requests = ["running/1-of-1.stop", "running/2-of-8.stop"].map(|name| out.join(name));
    for path in &requests {
        fs::write(path, &request).expect("room");
    }
    let kept = out.join("tasks/train/another.checkpoint");
    fs::write(&kept, "of no task of this plan").expect("room");
    let own =
        ["figures/thesis.part", "tasks/train/movie.mp4.part", "results.csv.part"].map(|name| out.join(name));
    for file in &own {
        fs::write(file, "of the user").expect("room");
    }
    answer(&mut run(&job, &out));
    for name in left {
        assert!(!out.join(name).exists(), "{name}");
    }
    assert!(requests.iter().all(|path| !path.exists()), "requests to processes that are gone");
    assert!(kept.exists() && own.iter().all(|file| file.exists()), "names that are not ours");
}

#[test]
fn a_job_that_starts_on_another_host_waits_until_the_dead_one_counts_as_dead() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    foreign_lock(&out, Duration::from_secs(172));
    let start = Instant::now();
    let (code, message) = said(&mut run(&job, &out));
    assert_eq!(code, Some(0), "{message}");
    assert!(start.elapsed() > Duration::from_secs(6), "it was not known to be dead before");
    assert!(message.contains("was last heard of 17") && message.contains("has died here"), "{message}");
}

#[test]
fn whoever_loses_its_place_stops_at_once() {
    let place = directory();
    let job = trained_longer(place.path(), 30_000);
    let out = place.path().join("out");
    let mut first = run(&job, &out);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let start = Instant::now();
    let running = out.join("running/1-of-1.json");
    while !fs::read_to_string(&running).is_ok_and(|text| text.contains("\"train/")) {
        assert!(start.elapsed() < Duration::from_secs(60), "it never begins");
        std::thread::sleep(Duration::from_millis(20));
    }
    foreign_lock(&out, Duration::ZERO);
    let taken = Instant::now();
    while first.try_wait().expect("a child").is_none() {
        if taken.elapsed() > Duration::from_secs(30) {
            first.kill().expect("a running child");
            panic!("it goes on in a place that is another's");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = first.wait_with_output().expect("an end");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{message}");
    assert!(message.contains("in use (by process 7 on elsewhere"), "{message}");
    assert!(running.exists(), "the lock of the other stays");
}

#[test]
fn results_that_are_not_known_to_be_of_the_job_are_left_as_they_are() {
    let place = directory();
    let out = place.path().join("out");
    let job = small_job(place.path(), "");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&out));
    let kept = ["results.csv", "figures/fig05.csv", "variance.csv"].map(|name| out.join(name));
    let texts = || kept.each_ref().map(|file| fs::read_to_string(file).ok());
    let before = texts();
    assert!(before[0].as_ref().is_some_and(|text| text.lines().count() > 1));
    // As of a version whose settings had another form.
    let stored = fs::read_to_string(out.join("job.json")).expect("the stored job");
    fs::write(out.join("job.json"), stored.replace("\"seed\": 5,", "\"seed\": 6,")).expect("room");
    let (code, message) = refusal(drapes().arg("reduce").arg(&out));
    assert!(code == 2 && message.contains("results.csv and figures stay as they are"), "{code}: {message}");
    assert_eq!(texts(), before);
    fs::write(out.join("job.json"), stored).expect("room");
    answer(drapes().arg("reduce").arg(&out));
    assert_eq!(texts(), before);
}
