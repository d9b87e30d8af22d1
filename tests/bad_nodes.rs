//! Real ranks on bad nodes: one without the data, and ones that hang.

mod support;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use support::launcher::Mpi;
use support::scan::{Scan, kill};
use support::{answer, arrays, data, directory, drapes, may_hide, records, small_job, with_mounts};

#[test]
fn a_node_without_the_data_computes_nothing_and_nothing_fails() {
    if let Err(why) = may_hide() {
        eprintln!("skipped: {why}");
        return;
    }
    for mpi in Mpi::all() {
        node_without_data(&mpi);
    }
}

fn node_without_data(mpi: &Mpi) {
    let place = directory();
    let folder = place.path().join("data");
    fs::create_dir(&folder).expect("a folder");
    let file = "demo_dijets.features.h5";
    fs::copy(data().join(file), folder.join(file)).expect("the shipped sample");
    let job = small_job(place.path(), "");
    let (alone, out) = (place.path().join("alone"), place.path().join("out"));
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&alone));
    let empty = place.path().join("empty");
    fs::create_dir(&empty).expect("a folder");
    let hide = format!("mount --bind {} {}", empty.display(), folder.display());
    let mut command = mpi.launch(2, &with_mounts(place.path(), mpi.program(), &hide));
    let output = command
        .arg("run")
        .arg(&job)
        .arg("--data-dir")
        .arg(&folder)
        .arg("--out")
        .arg(&out)
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let line = told.lines().find(|line| line.contains("rank 1 on ")).expect("a word of the bad rank");
    assert!(line.contains("computes no more: cannot read") && line.contains(file), "{line}");
    assert_eq!((records(&out), arrays(&out)), (records(&alone), arrays(&alone)));
}

fn wait_for<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "no {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Two ranks that have work for longer than the test lasts, once both are at it.
fn long_run(mpi: &Mpi, place: &Path, deadline: &str, margin: &str) -> Scan {
    let job = small_job(place, "");
    let text = fs::read_to_string(&job)
        .expect("the job")
        .replace("epochs = 1\nbatch = 1024", "epochs = 4000\nbatch = 64");
    let (job, out) = (support::write(place, "long.toml", &text), place.join("out"));
    let command = mpi.launch(2, mpi.program());
    let scan = Scan::spawn(command, &job, &out, &["--deadline", deadline, "--margin", margin]);
    wait_for("work on rank 1", || {
        fs::read_to_string(out.join("logs/rank-001.log"))
            .ok()
            .filter(|text| text.contains("begins"))
            .map(|_| ())
    });
    scan
}

fn ends_in_time(scan: &mut Scan, limit: Duration, words: &str) {
    let start = Instant::now();
    let status = loop {
        if let Some(status) = scan.launcher.try_wait().expect("a child") {
            break status;
        }
        if start.elapsed() >= limit {
            let _ = scan.launcher.kill();
            panic!("still there after {limit:?}: {}", scan.log());
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let told = scan.log();
    assert_eq!(status.code(), Some(75), "{told}");
    assert!(told.contains(words), "{told}");
}

#[test]
fn a_rank_that_hangs_is_named_and_the_run_ends_within_half_of_the_margin() {
    for mpi in Mpi::all() {
        let place = directory();
        let mut scan = long_run(&mpi, place.path(), "30s", "16s");
        let start = Instant::now();
        kill("STOP", wait_for("rank 1", || scan.rank(1)));
        // Fourteen seconds until tasks must stop, eight more for those that do not answer, and some for a busy machine.
        ends_in_time(&mut scan, Duration::from_secs(29), "rank 1 (");
        let told = scan.log();
        assert!(told.contains("answers no more although told to stop"), "{told}");
        assert!(start.elapsed() > Duration::from_secs(5), "{told}");
        // What the other rank had is saved, and nobody is thought to work here any more.
        let running = support::files(&place.path().join("out/running"), "json");
        assert!(running.is_empty(), "{running:?}");
    }
}

#[test]
fn a_rank_zero_that_hangs_does_not_outlive_the_deadline() {
    for mpi in Mpi::all() {
        let place = directory();
        let mut scan = long_run(&mpi, place.path(), "25s", "18s");
        kill("STOP", wait_for("rank 0", || scan.rank(0)));
        let words = "rank 0 answers no more although the time is over";
        ends_in_time(&mut scan, Duration::from_secs(35), words);
    }
}
