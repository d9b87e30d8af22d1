//! Real ranks on bad nodes: one without the data, and ones that hang.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{answer, arrays, data, directory, drapes, mpirun_of, records, small_job};

/// Whether this user may hide a folder from a process.
fn may_hide() -> bool {
    Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|status| status.success())
}

/// A program that starts drapes where rank 1 sees an empty folder in place of another.
fn hiding(place: &Path, folder: &Path) -> std::path::PathBuf {
    let empty = place.join("empty");
    fs::create_dir_all(&empty).expect("a folder");
    let hide = format!("mount --bind {} {} && exec \"$@\"", empty.display(), folder.display());
    let text = format!(
        "#!/bin/sh\nif [ \"${{OMPI_COMM_WORLD_RANK:-$PMI_RANK}}\" = 1 ]; then\nexec unshare -m sh -c '{hide}' sh {0} \
         \"$@\"\nfi\nexec {0} \"$@\"\n",
        env!("CARGO_BIN_EXE_drapes")
    );
    let script = support::write(place, "rank.sh", &text);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a program");
    script
}

#[test]
fn a_node_without_the_data_computes_nothing_and_nothing_fails() {
    if !may_hide() {
        eprintln!("skipped: this user may not make a space of mounts");
        return;
    }
    let place = directory();
    let folder = place.path().join("data");
    fs::create_dir(&folder).expect("a folder");
    let file = "demo_dijets.features.h5";
    fs::copy(data().join(file), folder.join(file)).expect("the shipped sample");
    let job = small_job(place.path(), "");
    let (alone, out) = (place.path().join("alone"), place.path().join("out"));
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&alone));
    let mut command = mpirun_of(2, &hiding(place.path(), &folder));
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

/// The processes of a run, by rank.
fn process_of_rank(out: &Path, rank: &str) -> Option<u32> {
    let wanted = format!("OMPI_COMM_WORLD_RANK={rank}");
    let of_run = |folder: &Path| {
        let command = fs::read(folder.join("cmdline")).ok()?;
        let is_ours = String::from_utf8_lossy(&command).contains(&*out.to_string_lossy())
            && command.starts_with(env!("CARGO_BIN_EXE_drapes").as_bytes());
        let environment = fs::read(folder.join("environ")).ok()?;
        let is_rank = environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes());
        (is_ours && is_rank).then_some(())
    };
    let processes = fs::read_dir("/proc").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    processes
        .filter(|folder| of_run(folder).is_some())
        .find_map(|folder| folder.file_name()?.to_str()?.parse().ok())
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

fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &process.to_string()]).status();
    assert!(sent.expect("kill is there").success());
}

/// Two ranks that have work for longer than the test lasts, once both are at it.
fn long_run(place: &Path, deadline: &str, margin: &str) -> (Child, std::path::PathBuf, std::path::PathBuf) {
    let job = small_job(place, "");
    let text = fs::read_to_string(&job)
        .expect("the job")
        .replace("epochs = 1\nbatch = 1024", "epochs = 4000\nbatch = 64");
    let (job, out) = (support::write(place, "long.toml", &text), place.join("out"));
    let log = fs::File::create(place.join("log")).expect("room");
    let child = mpirun_of(2, Path::new(env!("CARGO_BIN_EXE_drapes")))
        .arg("run")
        .arg(&job)
        .arg("--out")
        .arg(&out)
        .args(["--deadline", deadline, "--margin", margin])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("mpirun starts");
    let log = place.join("log");
    wait_for("work on rank 1", || {
        fs::read_to_string(out.join("logs/rank-001.log"))
            .ok()
            .filter(|text| text.contains("begins"))
            .map(|_| ())
    });
    (child, out, log)
}

fn ends_in_time(mut child: Child, limit: Duration, log: &Path, words: &str) {
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if start.elapsed() >= limit {
            let _ = child.kill();
            panic!("still there after {limit:?}: {}", fs::read_to_string(log).unwrap_or_default());
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let told = fs::read_to_string(log).expect("a log");
    assert_eq!(status.code(), Some(75), "{told}");
    assert!(told.contains(words), "{told}");
}

#[test]
fn a_rank_that_hangs_is_named_and_the_run_ends_within_half_of_the_margin() {
    let place = directory();
    let (child, out, log) = long_run(place.path(), "30s", "16s");
    let start = Instant::now();
    signal(wait_for("rank 1", || process_of_rank(&out, "1")), "STOP");
    // Fourteen seconds until tasks must stop, eight more for those that do not answer, and some for a busy machine.
    ends_in_time(child, Duration::from_secs(29), &log, "rank 1 (");
    let told = fs::read_to_string(&log).expect("a log");
    assert!(told.contains("answers no more although told to stop"), "{told}");
    assert!(start.elapsed() > Duration::from_secs(5), "{told}");
    // What the other rank had is saved, and nobody is thought to work here any more.
    assert!(!fs::read_dir(out.join("running")).expect("a folder").any(|entry| {
        entry.expect("an entry").path().extension().is_some_and(|extension| extension == "json")
    }));
}

#[test]
fn a_rank_zero_that_hangs_does_not_outlive_the_deadline() {
    let place = directory();
    let (child, out, log) = long_run(place.path(), "25s", "18s");
    signal(wait_for("rank 0", || process_of_rank(&out, "0")), "STOP");
    ends_in_time(child, Duration::from_secs(35), &log, "rank 0 answers no more although the time is over");
}
