//! Jobs that share a directory: each ends, says what it lacks, and none waits for ever.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::lasting::epochs_that_last;
use support::{answer, directory, drapes, records, refusal, small_job, write};

/// A shard of a job.
fn shard(job: &Path, out: &Path, shard: &str, patience: &str) -> Command {
    let mut run = drapes();
    run.arg("run").arg(job).arg("--out").arg(out);
    run.args(["--shard", shard, "--await-shards", patience]);
    run
}

/// The same in the background; what it says goes to a file.
fn start(job: &Path, out: &Path, index: u32, count: u32, patience: &str) -> Child {
    let log = fs::File::create(out.with_extension(format!("{index}.log"))).expect("room");
    let mut run = shard(job, out, &format!("{index}/{count}"), patience);
    run.stdout(Stdio::null()).stderr(log).spawn().expect("the program starts")
}

fn said(out: &Path, index: u32) -> String {
    fs::read_to_string(out.with_extension(format!("{index}.log"))).unwrap_or_default()
}

/// A job whose two trainings take so many epochs, with so many classifiers that every shard has some of each training.
fn long_job(place: &Path, epochs: usize) -> std::path::PathBuf {
    let text =
        fs::read_to_string(small_job(place, "")).expect("the job").replace("seeds = '0-1'", "seeds = '0-7'");
    write(place, "long.toml", &text.replace("epochs = 1\nbatch", &format!("epochs = {epochs}\nbatch")))
}

fn within(most: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < most, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn shards_that_wait_for_one_that_died_end_and_name_it() {
    let place = directory();
    let epochs = epochs_that_last(place.path(), 2.0, |epochs| long_job(place.path(), epochs));
    let job = long_job(place.path(), epochs);
    let (whole, out) = (place.path().join("whole"), place.path().join("out"));
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&whole));
    let mut shards: Vec<Child> = (1..=3).map(|index| start(&job, &out, index, 3, "6s")).collect();
    let trains = |index: u32| {
        let file = fs::read_to_string(out.join(format!("running/{index}-of-3.json")));
        file.is_ok_and(|text| text.contains("\"train/"))
    };
    within(Duration::from_secs(60), "nobody trains", || trains(1));
    shards[0].kill().expect("a running shard");
    shards[0].wait().expect("an end");
    // The two that are left see each other, and the one that both need no more.
    let began = Instant::now();
    let mut codes = Vec::new();
    for (index, shard) in shards.iter_mut().enumerate().skip(1) {
        within(Duration::from_secs(90), "they wait for ever", || {
            shard.try_wait().expect("a child").is_some()
        });
        let code = shard.wait().expect("an end").code();
        let said = said(&out, index as u32 + 1);
        assert!(matches!(code, Some(75 | 2)), "{code:?}: {said}");
        assert!(said.contains("not at work") && said.contains("1/3"), "{said}");
        codes.push(code);
    }
    assert!(began.elapsed() < Duration::from_secs(90));
    // Again without it: nothing can be begun, and nobody is to put that back into the queue for ever.
    for index in [2, 3] {
        let (code, message) = refusal(&mut shard(&job, &out, &format!("{index}/3"), "1s"));
        assert_eq!(code, 2, "{message}");
        assert!(
            message.contains("shard 1/3 is not at work") && message.contains("start it too"),
            "{message}"
        );
    }
    // All of them again get to the end, to the same bits; each ends well at the first go.
    let mut shards: Vec<Child> = (1..=3).map(|index| start(&job, &out, index, 3, "60s")).collect();
    for (index, shard) in shards.iter_mut().enumerate() {
        let status = shard.wait().expect("an end");
        assert!(status.success(), "{status}: {}", said(&out, index as u32 + 1));
    }
    assert_eq!(records(&out), records(&whole));
    for drawn in ["results.csv", "figures/fig04.png", "drawn.json"] {
        assert!(out.join(drawn).exists(), "somebody was the last: {drawn}");
    }
    // Each has logs of its own.
    for index in 1..=3 {
        for log in ["rank-000.log", "runs.jsonl", "provenance.json"] {
            assert!(out.join(format!("logs/shard-{index}-{log}")).exists(), "{index} {log}");
        }
    }
    assert!(!out.join("logs/rank-000.log").exists() && !out.join("logs/runs.jsonl").exists());
    assert!(out.join("provenance.json").exists());
}

#[test]
fn shards_that_only_wait_for_each_other_do_not_count_as_at_work() {
    // Four shards of two trainings: once the third and fourth have done what needs none, all that is left to them waits.
    let place = directory();
    let job = long_job(place.path(), 1);
    let out = place.path().join("out");
    let mut waiting: Vec<Child> = [3, 4].map(|index| start(&job, &out, index, 4, "5s")).into();
    for (shard, index) in waiting.iter_mut().zip([3, 4]) {
        within(Duration::from_secs(60), "they wait for each other", || {
            shard.try_wait().expect("a child").is_some()
        });
        let code = shard.wait().expect("an end").code();
        let said = said(&out, index);
        assert!(matches!(code, Some(75 | 2)), "{code:?}: {said}");
        // Neither names the other, which is there.
        assert!(
            said.contains("not at work: 1/4, 2/4") || said.contains("shards 1/4 and 2/4 are not"),
            "{said}"
        );
    }
}

#[test]
fn failures_are_counted_without_what_is_left_to_other_shards() {
    let place = directory();
    let job = fs::read_to_string(small_job(place.path(), "")).expect("the job");
    let wild =
        job.replace("learning_rate = 2e-3", "learning_rate = 1e30\ngradient_clip = 1e30\nwarmup_steps = 0");
    let job = write(place.path(), "wild.toml", &wild);
    let out = place.path().join("out");
    let run = |index: u32| {
        let output = shard(&job, &out, &format!("{index}/2"), "0s").output().expect("the program starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let mut told = Vec::new();
    let mut codes = Vec::new();
    for index in [1, 2, 1, 2] {
        let (code, message) = run(index);
        assert!(matches!(code, Some(4 | 75)), "{code:?}: {message}");
        if let Some(line) = message.lines().find(|line| line.contains("because of failures")) {
            told.push(line.to_owned());
        }
        let is_drawn = out.join("results.csv").exists();
        let left = message.contains("still to be done") || message.contains("of other shards are left");
        assert!(!(is_drawn && left), "drawn before the end: {message}");
        codes.push(code);
    }
    // Each of the two trainings takes a template and two classifiers with it.
    assert!(
        told.last().is_some_and(|line| line.contains("8 of 14 tasks have no result because of failures (")),
        "{told:?}"
    );
    assert!(told.iter().all(|line| line.contains("4 of 14") || line.contains("8 of 14")), "{told:?}");
    assert!(told.iter().any(|line| line.contains("still to be done")) || codes[0] == Some(75), "{told:?}");
    assert!(out.join("results.csv").exists(), "the last draws");
}
