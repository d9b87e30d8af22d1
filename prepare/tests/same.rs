//! The same output however the work is spread, and whatever stops it.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use support::{
    alone, answer, column, columns, folder, prepare, raw_values, refusal, repeated, sample, skipped, started,
    text, write_raw,
};

/// A raw file of so many events.
fn raw(place: &Path, rows: usize) -> PathBuf {
    let path = place.join("raw.h5");
    write_raw(&path, &repeated(&raw_values(&sample()), rows));
    path
}

fn made(raw: &Path, out: &Path, options: &[&str]) -> Vec<u8> {
    answer(prepare().arg(raw).arg("--out").arg(out).args(options));
    assert!(!parts(out).exists(), "the parts are left");
    fs::read(out).expect("an output")
}

fn parts(out: &Path) -> PathBuf {
    out.with_extension("h5.parts")
}

fn finished_parts(out: &Path) -> usize {
    let Ok(entries) = fs::read_dir(parts(out)) else { return 0 };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    names.filter(|name| name.starts_with("part-") && !name.contains("draft")).count()
}

fn process(raw: &Path, out: &Path, rank: usize, size: usize) -> Child {
    let mut command = prepare();
    command.arg(raw).arg("--out").arg(out).args(["--chunk", "20"]);
    command.env("PMI_RANK", rank.to_string()).env("PMI_SIZE", size.to_string());
    started(&mut command)
}

#[test]
fn threads_leave_no_trace() {
    let place = folder();
    let raw = raw(place.path(), 300);
    let expected = made(&raw, &place.path().join("1.h5"), &["--threads", "1", "--chunk", "17"]);
    for threads in ["2", "5"] {
        let out = place.path().join(format!("{threads}.h5"));
        assert!(made(&raw, &out, &["--threads", threads, "--chunk", "17"]) == expected, "{threads} threads");
    }
}

#[test]
fn parts_leave_no_trace_in_what_the_file_holds() {
    let place = folder();
    let raw = raw(place.path(), 1000);
    let whole = place.path().join("whole.h5");
    made(&raw, &whole, &["--chunk", "1000"]);
    for chunk in ["1", "40", "999"] {
        let out = place.path().join(format!("{chunk}.h5"));
        made(&raw, &out, &["--chunk", chunk]);
        for name in columns(&out) {
            // Where the chunks of an array lie within the file depends on the parts; what they hold does not.
            assert!(column(&out, &name) == column(&whole, &name), "{name} of parts of {chunk}");
        }
    }
}

#[test]
fn processes_share_the_work() {
    let place = folder();
    let raw = raw(place.path(), 300);
    let expected = made(&raw, &place.path().join("one.h5"), &["--chunk", "20"]);
    let out = place.path().join("shared.h5");
    // One process alone does its share and leaves the rest.
    let mut command = prepare();
    command.arg(&raw).arg("--out").arg(&out).args(["--chunk", "20"]);
    let told = answer(command.env("PMI_RANK", "1").env("PMI_SIZE", "3"));
    assert!(told.contains("process 2 of 3: 100 raw events"), "{told}");
    assert_eq!((out.exists(), finished_parts(&out)), (false, 5));
    // Several at once, of which two do the same: all may find that all is done, and join.
    let processes: Vec<Child> = [0, 1, 2, 2, 0].iter().map(|rank| process(&raw, &out, *rank, 3)).collect();
    for process in processes {
        let output = process.wait_with_output().expect("a child");
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    assert!(fs::read(&out).expect("an output") == expected);
    assert!(!parts(&out).exists());
}

#[test]
fn processes_of_mpirun_share_the_work() {
    let place = folder();
    let raw = raw(place.path(), 200);
    let expected = made(&raw, &place.path().join("one.h5"), &["--chunk", "20"]);
    let out = place.path().join("mpi.h5");
    let mut mpirun = Command::new("mpirun");
    mpirun.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    mpirun.args(["-n", "3", "--oversubscribe", "--bind-to", "none", env!("CARGO_BIN_EXE_drapes-prepare")]);
    mpirun.arg(&raw).arg("--out").arg(&out).args(["--chunk", "20"]);
    if alone(|| Command::new("mpirun").arg("--version").output()).is_err() {
        skipped("there is no mpirun");
        return;
    }
    let told = answer(&mut mpirun);
    assert!(told.contains("process 3 of 3: 60 raw events"), "{told}");
    assert!(fs::read(&out).expect("an output") == expected);
}

#[test]
fn a_killed_run_goes_on() {
    let place = folder();
    let raw = raw(place.path(), 2000);
    let expected = made(&raw, &place.path().join("whole.h5"), &["--chunk", "40"]);
    let out = place.path().join("broken.h5");
    // Killed again and again, each time after one more part at least.
    let (mut kills, mut last) = (0, 0);
    while !out.exists() {
        let mut command = prepare();
        command.arg(&raw).arg("--out").arg(&out).args(["--threads", "2"]);
        // The cut of the first run is kept without being named again.
        command.args(if kills == 0 { &["--chunk", "40"][..] } else { &[] });
        let mut run = started(&mut command);
        let start = Instant::now();
        loop {
            if let Some(status) = run.try_wait().expect("a child") {
                assert!(status.success());
                break;
            }
            if finished_parts(&out) > last || start.elapsed() > Duration::from_secs(60) {
                run.kill().expect("a running child");
                run.wait().expect("a child");
                kills += 1;
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let found = finished_parts(&out);
        assert!(out.exists() || found >= last, "{found} parts of {last} are left");
        last = found;
        assert!(kills < 60, "it never ends");
    }
    assert!(kills >= 5, "only {kills} kills");
    // Killed between the output's name and the end, it has parts left, which the next run deletes.
    let told = answer(prepare().arg(&raw).arg("--out").arg(&out));
    assert!(told.contains("nothing to do: was there already"), "{told}");
    assert!(fs::read(&out).expect("an output") == expected);
    assert!(!parts(&out).exists());
}

#[test]
fn only_a_broken_part_is_made_anew() {
    let place = folder();
    let raw = raw(place.path(), 200);
    let expected = made(&raw, &place.path().join("whole.h5"), &["--chunk", "20"]);
    let out = place.path().join("broken.h5");
    for rank in [0, 1] {
        process(&raw, &out, rank, 3).wait_with_output().expect("a child");
    }
    let part = parts(&out).join("part-000003.h5");
    let whole = fs::read(&part).expect("a part");
    fs::write(&part, &whole[..whole.len() / 2]).expect("a torn part");
    let (code, message) = refusal(prepare().arg(&raw).arg("--out").arg(&out));
    assert_eq!(code, 3);
    assert!(message.contains("part-000003.h5") && message.contains("delete it"), "{message}");
    fs::remove_file(&part).expect("a part");
    let told = answer(prepare().arg(&raw).arg("--out").arg(&out));
    assert!(told.contains(" 20 raw events in"), "{told}");
    assert!(fs::read(&out).expect("an output") == expected);
}

#[test]
fn a_finished_output_is_known_again() {
    let place = folder();
    let raw = raw(place.path(), 60);
    let out = place.path().join("out.h5");
    let before = made(&raw, &out, &[]);
    // A copy of the raw file, of another name and time.
    let copy = place.path().join("copy.h5");
    fs::write(&copy, fs::read(&raw).expect("the raw file")).expect("room");
    let features = place.path().join("features.h5");
    let told = answer(prepare().arg(&copy).arg("--out").arg(&out).arg("--features").arg(&features));
    assert!(told.contains("nothing to do") && features.exists(), "{told}");
    assert!(fs::read(&out).expect("an output") == before);
}
