//! The scripts for Slurm beside stand-ins for Slurm's programs: what they do where the scheduler answers oddly, or not.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use support::{directory, write};

/// What a script did.
struct Seen {
    /// The arguments of the program, one a line.
    arguments: Vec<String>,
    /// The job that was queued again, if one was.
    queued_again: String,
    code: Option<i32>,
}

/// A program of a few words.
fn program(folder: &Path, name: &str, text: &str) {
    let path = write(folder, name, &format!("#!/bin/bash\n{text}\n"));
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its own file");
}

/// Runs a script whose `squeue` does as told and whose `drapes` ends with a code.
fn run(script: &str, squeue: &str, code: i32, arguments: &[&str]) -> Seen {
    let place = directory();
    let here = place.path();
    program(here, "squeue", squeue);
    program(here, "scontrol", &format!("echo \"$@\" > {}/again", here.display()));
    program(here, "program", &format!("printf '%s\\n' \"$@\" > {}/arguments; exit {code}", here.display()));
    fs::create_dir(here.join("slurm")).expect("room");
    write(&here.join("slurm"), "site.sh", &format!("drapes={}/program\nlaunch=\n", here.display()));
    let path = std::env::var("PATH").expect("a path");
    let mut bash = Command::new("bash");
    bash.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("slurm").join(script)).args(arguments);
    bash.env("PATH", format!("{}:{path}", here.display())).env("SLURM_SUBMIT_DIR", here);
    bash.env("SLURM_JOB_ID", "7").env("SLURM_ARRAY_JOB_ID", "6").env("SLURM_ARRAY_TASK_ID", "3");
    // As people set it who like other dates.
    bash.env("SLURM_TIME_FORMAT", "relative");
    let status = bash.output().expect("bash starts").status;
    let read = |name: &str| fs::read_to_string(here.join(name)).unwrap_or_default();
    let arguments = read("arguments").lines().map(str::to_owned).collect();
    Seen { arguments, queued_again: read("again").trim().to_owned(), code: status.code() }
}

#[test]
fn the_end_of_the_job_becomes_the_deadline_and_the_caller_has_the_last_word() {
    let squeue = "if [ -n \"$SLURM_TIME_FORMAT\" ]; then echo today; else echo 2026-03-01T14:00:00; fi";
    let seen = run("run.sbatch", squeue, 0, &["job.toml", "--margin", "5m"]);
    let expected =
        ["run", "--deadline", "2026-03-01T14:00:00", "--margin", "2m", "job.toml", "--margin", "5m"];
    assert_eq!(seen.arguments, expected);
    assert_eq!((seen.code, seen.queued_again.as_str()), (Some(0), ""));
    let seen = run("array.sbatch", squeue, 75, &["8", "job.toml"]);
    let expected =
        ["run", "--deadline", "2026-03-01T14:00:00", "--margin", "2m", "--shard", "3/8", "job.toml"];
    assert_eq!(seen.arguments, expected);
    assert_eq!((seen.code, seen.queued_again.as_str()), (Some(75), "requeue 6_3"));
}

#[test]
fn a_scheduler_that_does_not_answer_is_no_reason_not_to_begin() {
    for (script, arguments) in [("run.sbatch", &["job.toml"][..]), ("array.sbatch", &["8", "job.toml"])] {
        let seen = run(script, "echo 'slurm_load_jobs error: timed out' >&2; exit 1", 75, arguments);
        assert!(!seen.arguments.iter().any(|argument| argument == "--deadline"), "{:?}", seen.arguments);
        assert!(seen.arguments.iter().any(|argument| argument == "job.toml"), "{:?}", seen.arguments);
        assert!(seen.queued_again.starts_with("requeue"), "the chain goes on: {}", seen.queued_again);
        // A job without a limit: the program knows the word.
        let seen = run(script, "echo NONE", 0, arguments);
        assert!(seen.arguments.windows(2).any(|pair| pair == ["--deadline", "NONE"]), "{:?}", seen.arguments);
    }
}

#[test]
fn signals_come_after_the_clock() {
    for script in ["run.sbatch", "array.sbatch"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("slurm").join(script));
        let text = text.expect("a script");
        let number = |before: &str, after: &str| -> u64 {
            let rest = text.split_once(before).expect(before).1;
            rest.split_once(after).expect(after).0.parse().expect("a number")
        };
        let (signal, margin) = (number("--signal=B:USR1@", "\n"), number("} --margin ", "m "));
        // Slurm sends signals up to a minute early.
        assert!(60 * margin >= signal + 60, "{script}: planned work would be stopped by the signal");
    }
}
