//! What ends a run, and what does not: signals, and a standard error that nobody reads.

mod support;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{answer, directory, drapes, files, refusal, small_job, write};

/// A job whose first training takes minutes.
fn long_job(place: &Path) -> PathBuf {
    let path = small_job(place, "");
    let text = fs::read_to_string(path).expect("its own file");
    write(place, "long.toml", &text.replace("[denoiser]\nepochs = 1\n", "[denoiser]\nepochs = 20000\n"))
}

fn is_at_work(out: &Path) -> bool {
    let begun = |log: PathBuf| fs::read_to_string(log).is_ok_and(|text| text.contains("begins"));
    let logs = out.join("logs");
    logs.exists() && files(&logs, "log").into_iter().any(begun)
}

/// Starts a run, sends it a signal when it is at work, and says how it ends; 0 where it does not end.
fn signalled(command: &mut Command, out: &Path, signal: &str) -> i32 {
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let start = Instant::now();
    while !is_at_work(out) {
        assert!(start.elapsed() < Duration::from_secs(120), "it does not begin");
        std::thread::sleep(Duration::from_millis(100));
    }
    let id = run.id().to_string();
    let send = |signal: &str| {
        Command::new("kill").args([format!("-{signal}"), id.clone()]).status().expect("kill");
    };
    send(signal);
    let end = Instant::now() + Duration::from_secs(if signal == "HUP" { 20 } else { 60 });
    loop {
        if let Some(status) = run.try_wait().expect("a child") {
            return status.code().unwrap_or_else(|| -status.signal().expect("a signal"));
        }
        if Instant::now() > end {
            send("TERM");
            run.wait().expect("a child");
            return 0;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_terminal_that_goes_and_a_limit_on_time_stop_a_run_in_order() {
    let place = directory();
    let job = long_job(place.path());
    for (name, signal, ranks) in [("a", "HUP", None), ("b", "XCPU", None), ("c", "HUP", Some("2"))] {
        let out = place.path().join(name);
        let mut command = drapes();
        command.arg("run").arg(&job).arg("--out").arg(&out);
        command.args(ranks.map(|ranks| ["--ranks", ranks]).into_iter().flatten());
        assert_eq!(signalled(&mut command, &out, signal), 75, "{signal} {ranks:?}");
        assert!(!files(&out.join("tasks"), "checkpoint").is_empty(), "{signal}: nothing was saved");
    }
}

#[test]
fn who_ignores_the_end_of_the_terminal_goes_on() {
    let place = directory();
    let (job, out) = (long_job(place.path()), place.path().join("out"));
    let mut command = Command::new("nohup");
    command.arg(env!("CARGO_BIN_EXE_drapes")).arg("run").arg(&job).arg("--out").arg(&out);
    assert_eq!(signalled(&mut command, &out, "HUP"), 0, "nohup was of no use");
}

#[test]
fn a_standard_error_that_nobody_reads_ends_nothing() {
    let place = directory();
    let job = small_job(place.path(), "");
    let full = || File::options().write(true).open("/dev/full").expect("Linux");
    let run = |name: &str, options: &[&str], error: Stdio| {
        let out = place.path().join(name);
        let mut command = drapes();
        command.arg("run").arg(&job).arg("--out").arg(&out).args(options).stdout(full()).stderr(error);
        let status = command.status().expect("it starts");
        assert!(status.success() && out.join("results.csv").exists(), "{name}: {status}");
    };
    run("full", &[], full().into());
    run("ranks", &["--ranks", "2"], full().into());
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    run("closed", &[], writer.into());
    // Errors, notes and answers of other verbs.
    let out = place.path().join("full");
    let told =
        |command: &mut Command| command.stdout(full()).stderr(full()).status().expect("it starts").code();
    assert_eq!(told(drapes().arg("run").arg(&job).arg("--out").arg(&out)), Some(0), "nothing to do");
    assert_eq!(told(drapes().arg("run").arg("nowhere.toml")), Some(2));
    assert_eq!(told(drapes().arg("compact").arg(&out)), Some(0));
    assert_eq!(told(drapes().arg("reduce").arg(&out)), Some(0));
    assert_eq!(told(drapes().arg("status").arg(&out)), Some(0));
}

#[test]
fn a_name_that_is_not_text_is_refused_before_anything_is_written() {
    let place = directory();
    let job = small_job(place.path(), "");
    let odd = place.path().join(OsStr::from_bytes(b"o\xff"));
    for options in [&[][..], &["--ranks", "2"]] {
        let (code, message) = refusal(drapes().arg("run").arg(&job).args(options).arg("--out").arg(&odd));
        assert!(code == 2 && message.contains("--out") && message.contains("is not UTF-8"), "{message}");
    }
    assert!(!odd.exists());
    let (code, message) = refusal(drapes().arg("run").arg(&job).arg("--data-dir").arg(&odd));
    assert!(code == 2 && message.contains("--data-dir"), "{message}");
    // From a folder of such a name, relative names are names enough.
    fs::create_dir(&odd).expect("room");
    answer(drapes().current_dir(&odd).arg("run").arg(&job).args(["--out", "plain"]));
    assert!(odd.join("plain/results.csv").exists());
}
