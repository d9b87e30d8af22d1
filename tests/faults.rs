//! Kills, full disks and deaths of ranks: nothing is lost but the task in flight, and the end is the same to the last bit.
//!
//! `make test` kills some times, `make test-faults` hundreds (`DRAPES_KILLS` says how often).

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use drapes::arrays::{ArrayReader, ArrayWriter};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use support::lasting::{lasting_job, trained_longer};
use support::scan::{Scan, Victim, kill};
use support::{answer, arrays, data, directory, drapes, mpirun, records, refusal, small_job, write};

/// When each whole record was written.
fn written(out: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut found = BTreeMap::new();
    for stage in ["fit", "train", "template", "classify"] {
        let Ok(entries) = fs::read_dir(out.join("tasks").join(stage)) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.extension().is_some_and(|extension| extension == "json") {
                let time = fs::metadata(&path).and_then(|file| file.modified()).expect("a file");
                found.insert(path, time);
            }
        }
    }
    found
}

/// Whether `make test-faults` asks for everything.
fn is_thorough() -> bool {
    std::env::var_os("DRAPES_KILLS").is_some()
}

#[test]
fn whoever_is_killed_whenever_the_end_is_the_same() {
    let kills: usize = std::env::var("DRAPES_KILLS").map_or(4, |kills| kills.parse().expect("a number"));
    let place = directory();
    // A copy, since the smallest job of the repository names its data relative to itself.
    let text = fs::read_to_string(data().join("../jobs/ci.toml")).expect("the job");
    let text = text.replace("\"../data\"", &format!("\"{}\"", data().display()));
    let job = write(place.path(), "ci.toml", &text);
    let whole = place.path().join("whole");
    answer(mpirun(2).arg("run").arg(&job).arg("--out").arg(&whole));
    let expected = (records(&whole), arrays(&whole));
    let mut generator = Pcg64::seed_from_u64(20_261_125);
    let (mut tried, mut scans, mut redone) = (0, 0, 0);
    let mut slowest = Duration::ZERO;
    while tried < kills {
        let out = place.path().join(format!("scan{scans}"));
        let mut before = written(&out);
        loop {
            let mut scan = Scan::start(&job, &out, 2, &["--checkpoint-every", "200ms"]);
            // From the launcher's first moments to several tasks on.
            let patience = Duration::from_secs_f64(generator.random_range(0.02_f64..3.0).powi(2));
            let start = Instant::now();
            let ended = loop {
                if let Some(status) = scan.launcher.try_wait().expect("a child") {
                    let log = fs::read_to_string(out.with_extension("log")).unwrap_or_default();
                    assert!(status.success(), "{status}: {log}");
                    break true;
                }
                if start.elapsed() > patience && tried < kills {
                    break false;
                }
                std::thread::sleep(Duration::from_millis(5));
            };
            if !ended {
                scan.kill(*Victim::ALL.choose(&mut generator).expect("three"), &mut generator);
                slowest = slowest.max(scan.wait_for_the_end(Duration::from_secs(60)));
                tried += 1;
            }
            // What was stored before this run is not done again.
            let after = written(&out);
            redone += before.iter().filter(|(path, time)| after.get(*path) != Some(time)).count();
            before = after;
            if ended {
                break;
            }
        }
        scans += 1;
        assert!(records(&out) == expected.0, "records differ after {tried} kills");
        assert!(arrays(&out) == expected.1, "arrays differ after {tried} kills");
        let leftovers = support::files(&out.join("tasks"), "part").len()
            + support::files(&out.join("tasks"), "checkpoint").len();
        assert_eq!(leftovers, 0, "two files a task");
        fs::remove_dir_all(&out).expect("our own directory");
    }
    eprintln!(
        "{tried} kills in {scans} scans: {redone} stored tasks done again; the last process was gone {slowest:.1?} after a kill"
    );
    assert_eq!(redone, 0);
}

#[test]
fn a_rank_that_dies_ends_the_job_within_seconds() {
    let place = directory();
    let job = trained_longer(place.path(), 30_000);
    let out = place.path().join("out");
    // Two trainings on four ranks: two of them wait, outside of any task.
    let mut scan = Scan::start(&job, &out, 4, &[]);
    let start = Instant::now();
    while !fs::read_to_string(out.with_extension("log")).unwrap_or_default().contains("tasks to do") {
        assert!(start.elapsed() < Duration::from_secs(60), "it never begins");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_secs(3));
    let ranks = scan.ranks();
    assert_eq!(ranks.len(), 4);
    let idle = ranks.iter().max_by_key(|pid| std::cmp::Reverse(processor_time(**pid))).expect("four ranks");
    kill("KILL", *idle);
    let end = scan.wait_for_the_end(Duration::from_secs(10));
    assert!(end < Duration::from_secs(5), "{end:?}");
}

/// Ticks of the processor that a process has used.
fn processor_time(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    ticks(11) + ticks(12)
}

#[test]
fn idle_ranks_hardly_use_a_core() {
    let place = directory();
    let job = trained_longer(place.path(), 30_000);
    let out = place.path().join("out");
    let mut scan = Scan::start(&job, &out, 4, &[]);
    let start = Instant::now();
    while !fs::read_to_string(out.with_extension("log")).unwrap_or_default().contains("tasks to do") {
        assert!(start.elapsed() < Duration::from_secs(60), "it never begins");
        std::thread::sleep(Duration::from_millis(50));
    }
    // Until the short tasks are done.
    std::thread::sleep(Duration::from_secs(4));
    let ranks = scan.ranks();
    let before: Vec<u64> = ranks.iter().map(|pid| processor_time(*pid)).collect();
    std::thread::sleep(Duration::from_secs(8));
    let mut used: Vec<u64> =
        ranks.iter().zip(before).map(|(pid, before)| processor_time(*pid) - before).collect();
    used.sort_unstable();
    for pid in scan.ranks() {
        kill("KILL", pid);
    }
    scan.wait_for_the_end(Duration::from_secs(20));
    // A hundred ticks a second: 2% of a core are 16 in 8 seconds.
    assert!(used[0] <= 16 && used[1] <= 16, "{used:?}");
    assert!(used[3] > 100, "somebody works: {used:?}");
}

/// A disk of a size that can be changed; none where this user may not make one.
struct SmallDisk {
    place: tempfile::TempDir,
}

impl SmallDisk {
    fn new() -> Option<Self> {
        let disk = Self { place: directory() };
        let mounted = disk.mount("");
        if !mounted.status.success() {
            let why = String::from_utf8_lossy(&mounted.stderr).into_owned();
            eprintln!("skipped: no small disk can be made here ({})", why.trim());
            return None;
        }
        Some(disk)
    }

    fn path(&self) -> &Path {
        self.place.path()
    }

    fn mount(&self, options: &str) -> std::process::Output {
        let options = format!("{options}size=40m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(self.path()).output().expect("mount starts")
    }

    fn resize(&self, kilobytes: usize) {
        let options = format!("remount,size={kilobytes}k");
        let done =
            Command::new("mount").args(["-o", &options]).arg(self.path()).status().expect("mount starts");
        assert!(done.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).output();
    }
}

#[test]
fn arrays_on_a_full_disk_are_whole_or_not_there() {
    let Some(disk) = SmallDisk::new() else { return };
    let table = ndarray::Array2::from_shape_fn((2000, 5), |(row, column)| (row * 5 + column) as f32);
    let list: Vec<f64> = (0..3000).map(f64::from).collect();
    let path = disk.path().join("a.h5");
    let write = || -> Result<(), drapes::error::Error> {
        let writer = ArrayWriter::create(&path)?;
        writer.begin_table("rows", (2000, 5))?;
        writer.list("list", ndarray::ArrayView1::from(&list))?;
        writer.rows("rows", 0, table.view())?;
        writer.table("table", table.view())?;
        writer.finish()
    };
    let (mut whole, mut refused) = (0, 0);
    for kilobytes in (8..160).step_by(4) {
        let _ = fs::remove_file(&path);
        disk.resize(kilobytes);
        if write().is_err() {
            refused += 1;
            assert!(!path.exists(), "{kilobytes} kB");
            assert!(support::files(disk.path(), "part").is_empty(), "{kilobytes} kB: what was begun stays");
        } else {
            whole += 1;
            let reader = ArrayReader::open(&path).expect("a whole file");
            assert!(reader.table::<f32>("rows").expect("rows") == table, "{kilobytes} kB");
            assert!(reader.table::<f32>("table").expect("a table") == table, "{kilobytes} kB");
            assert!(reader.list::<f64>("list").expect("a list").to_vec() == list, "{kilobytes} kB");
        }
    }
    assert!(whole > 2 && refused > 10, "{whole} {refused}");
}

#[test]
fn a_disk_that_fills_loses_nothing_and_says_what_is_needed() {
    let Some(disk) = SmallDisk::new() else { return };
    let place = directory();
    let job = small_job(place.path(), "");
    let whole = place.path().join("whole");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&whole));
    let expected = (records(&whole), arrays(&whole));
    let sizes: &[usize] =
        if is_thorough() { &[60, 150, 400, 500, 600, 700, 800, 900] } else { &[60, 400, 600, 900] };
    for &kilobytes in sizes {
        let out = disk.path().join("out");
        let _ = fs::remove_dir_all(&out);
        disk.resize(kilobytes);
        let (code, message) = refusal(mpirun(2).arg("run").arg(&job).arg("--out").arg(&out));
        assert_eq!(code, 3, "{kilobytes} kB: {message}");
        // Not the advice, which is the same whatever cannot be written: the cause.
        let full = ["No space left on device", "free space there: 0.0", "the results need about"];
        assert!(full.iter().any(|words| message.contains(words)), "{kilobytes} kB: {message}");
        if message.contains("tasks to do") {
            let named =
                ["fit/", "train/", "template/", "classify/"].iter().any(|stage| message.contains(stage));
            assert!(named && message.contains("needs about") && message.contains("MB"), "{message}");
        }
        disk.resize(40_000);
        answer(mpirun(2).arg("run").arg(&job).arg("--out").arg(&out));
        for (name, record) in records(&out) {
            assert!(record == expected.0[&name], "{kilobytes} kB: {name}\n{message}");
        }
        for (name, values) in arrays(&out) {
            assert!(values == expected.1[&name], "{kilobytes} kB: {name}\n{message}");
        }
        assert_eq!(records(&out).len(), expected.0.len());
    }
}

#[test]
fn signals_save_what_runs_and_the_same_command_goes_on() {
    let place = directory();
    let job = lasting_job(place.path());
    let whole = place.path().join("whole");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&whole));
    // One handler serves all of them.
    let signals: &[&str] = if is_thorough() { &["USR1", "USR2", "TERM", "INT"] } else { &["USR2", "TERM"] };
    for &signal in signals {
        let out = place.path().join(signal);
        let mut scan = Scan::start(&job, &out, 2, &[]);
        scan.wait_for_work();
        // To one rank only: the others hear of it from rank 0.
        kill(signal, *scan.ranks().last().expect("two ranks"));
        let status = scan.launcher.wait().expect("an end");
        let log = scan.log();
        assert_eq!(status.code(), Some(75), "{signal}: {log}");
        assert!(log.contains("stopped early (told by a signal)"), "{signal}: {log}");
        assert!(!support::files(&out.join("tasks"), "checkpoint").is_empty(), "{signal}: {log}");
        answer(mpirun(2).arg("run").arg(&job).arg("--out").arg(&out));
        let logs = (0..2)
            .map(|rank| fs::read_to_string(out.join(format!("logs/rank-{rank:03}.log"))).expect("a log"));
        assert!(logs.collect::<String>().contains("goes on from its checkpoint"), "{signal}");
        assert!(records(&out) == records(&whole) && arrays(&out) == arrays(&whole), "{signal}");
    }
}

#[test]
fn whoever_signals_the_launcher_gets_checkpoints_and_the_code_for_again() {
    let place = directory();
    let job = lasting_job(place.path());
    let whole = place.path().join("whole");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&whole));
    let all = [(true, "INT"), (true, "TERM"), (false, "USR1"), (true, "USR1"), (false, "USR2")];
    for &(itself, signal) in if is_thorough() { &all[..] } else { &all[..3] } {
        let out = place.path().join(format!("{signal}-{itself}"));
        let start = |out: &Path| {
            if itself { Scan::start_itself(&job, out, 2) } else { Scan::start(&job, out, 2, &[]) }
        };
        let mut scan = start(&out);
        scan.wait_for_work();
        kill(signal, scan.launcher.id());
        let status = scan.launcher.wait().expect("an end");
        let log = scan.log();
        assert_eq!(status.code(), Some(75), "{signal} {itself}: {log}");
        assert!(log.contains("stopped early (told by a signal)"), "{signal} {itself}: {log}");
        assert_eq!(support::files(&out.join("tasks"), "checkpoint").len(), 2, "{signal} {itself}: {log}");
        assert!(scan.ranks().is_empty(), "{signal} {itself}");
        assert!(start(&out).launcher.wait().expect("an end").success(), "{signal} {itself}");
        assert!(records(&out) == records(&whole) && arrays(&out) == arrays(&whole), "{signal} {itself}");
    }
    // mpirun itself takes TERM and Ctrl-C its own way; what was saved by then counts.
    let out = place.path().join("mpirun");
    let mut scan = Scan::start(&job, &out, 2, &[]);
    scan.wait_for_work();
    kill("TERM", scan.launcher.id());
    scan.wait_for_the_end(Duration::from_secs(20));
    answer(mpirun(2).arg("run").arg(&job).arg("--out").arg(&out));
    assert!(records(&out) == records(&whole) && arrays(&out) == arrays(&whole));
}

#[test]
fn a_second_ctrl_c_and_the_death_of_the_program_end_its_ranks() {
    let place = directory();
    let job = trained_longer(place.path(), 30_000);
    let mut scan = Scan::start_itself(&job, &place.path().join("killed"), 2);
    scan.wait_for_work();
    kill("KILL", scan.launcher.id());
    assert!(scan.wait_for_the_end(Duration::from_secs(20)) < Duration::from_secs(10));
    let mut scan = Scan::start_itself(&job, &place.path().join("twice"), 2);
    scan.wait_for_work();
    // Ranks that do not answer, as those that wait for a file system.
    for rank in scan.ranks() {
        kill("STOP", rank);
    }
    kill("INT", scan.launcher.id());
    std::thread::sleep(Duration::from_millis(500));
    assert!(scan.launcher.try_wait().expect("a child").is_none(), "it waits for its ranks");
    kill("INT", scan.launcher.id());
    assert!(scan.wait_for_the_end(Duration::from_secs(20)) < Duration::from_secs(15));
    assert_eq!(scan.launcher.wait().expect("an end").code(), Some(130), "{}", scan.log());
}

#[test]
fn a_checkpoint_that_finds_no_room_is_told_and_the_same_command_goes_on() {
    let Some(disk) = SmallDisk::new() else { return };
    let place = directory();
    let job = lasting_job(place.path());
    let whole = place.path().join("whole");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&whole));
    // What is said beside it goes to another disk.
    let out = place.path().join("out");
    std::os::unix::fs::symlink(disk.path(), &out).expect("room");
    disk.resize(4_000);
    let mut scan = Scan::start(&job, &out, 2, &[]);
    scan.wait_for_work();
    let filler = disk.path().join("filler");
    assert!(fs::write(&filler, vec![1; 8_000_000]).is_err(), "the disk is full now");
    kill("USR1", scan.launcher.id());
    let status = scan.launcher.wait().expect("an end");
    let log = scan.log();
    assert_eq!(status.code(), Some(3), "{log}");
    let lost = log.lines().find(|line| line.starts_with("error: ")).expect("an error");
    for training in ["train/denoiser-s0-w2800-6000", "train/denoiser-s500-w2800-6000"] {
        assert!(lost.contains(&format!("{training} needs about")), "{log}");
    }
    assert_eq!(lost.matches("its checkpoint of").count(), 2, "{log}");
    assert!(lost.contains("of its work are lost"), "{log}");
    let leftovers = [&out.join("tasks"), &out].map(|folder| support::files(folder, "part").len());
    assert_eq!(leftovers, [0, 0], "{:?}", support::files(&out, "part"));
    fs::remove_file(&filler).expect("the filler");
    disk.resize(40_000);
    answer(mpirun(2).arg("run").arg(&job).arg("--out").arg(&out));
    assert!(records(&out) == records(&whole) && arrays(&out) == arrays(&whole));
}
