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

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a script")
}

/// Runs a script whose `squeue` does as told and whose `drapes` ends with a code.
fn run(script: &str, squeue: &str, code: i32, arguments: &[&str]) -> Seen {
    let place = directory();
    let here = place.path();
    program(here, "squeue", squeue);
    let again = format!("if [ \"$1\" != show ]; then echo \"$@\" > {}/again; fi", here.display());
    program(here, "scontrol", &again);
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

/// Where a program may lie, and how it is found from a folder that is no checkout.
#[test]
fn the_program_is_found_from_any_folder() {
    let place = directory();
    let here = place.path();
    let path = std::env::var("PATH").expect("a path");
    let [tools, checkout, elsewhere, named] =
        ["tools", "my checkout", "elsewhere", "named"].map(|name| here.join(name));
    for folder in [&tools, &elsewhere, &named, &checkout.join("slurm"), &checkout.join("target/release")] {
        fs::create_dir_all(folder).expect("room");
    }
    program(&tools, "squeue", "exit 1");
    program(&tools, "srun", "shift; exec \"$@\"");
    for script in ["run.sbatch", "array.sbatch"] {
        let submitted = checkout.join("slurm").join(script);
        // As Slurm says it, arguments included.
        let command = format!("echo '   Command={} 8 job.toml'", submitted.display());
        program(&tools, "scontrol", &command);
        let spooled = write(here, "slurm_script", &read(&format!("slurm/{script}")));
        let run = |variable: Option<&Path>| {
            let mut bash = Command::new("bash");
            bash.arg(&spooled).args(["8", "job.toml"]).env_remove("DRAPES");
            bash.env("PATH", format!("{}:{path}", tools.display())).env("SLURM_SUBMIT_DIR", &elsewhere);
            bash.env("SLURM_JOB_ID", "7").env("SLURM_ARRAY_JOB_ID", "6").env("SLURM_ARRAY_TASK_ID", "3");
            bash.envs(variable.map(|path| ("DRAPES", path)));
            let output = bash.output().expect("bash starts");
            let text = [output.stdout, output.stderr].concat();
            (output.status.code(), String::from_utf8_lossy(&text).trim().to_owned())
        };
        let (code, said) = run(None);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("error: there is no program at target/release/drapes"), "{said}");
        assert!(said.contains("DRAPES=/path/to/drapes") && said.lines().count() == 1, "{said}");
        // Each is preferred to those before.
        for (folder, word) in [(&tools, "path"), (&checkout.join("target/release"), "checkout")] {
            program(folder, "drapes", &format!("echo {word}"));
            assert_eq!(run(None), (Some(0), word.to_owned()), "{script}");
        }
        fs::create_dir_all(elsewhere.join("target/release")).expect("room");
        program(&elsewhere.join("target/release"), "drapes", "echo submission");
        assert_eq!(run(None).1, "submission", "{script}");
        program(&named, "site", "echo site");
        write(&checkout.join("slurm"), "site.sh", &format!("drapes={}\n", named.join("site").display()));
        assert_eq!(run(None).1, "site", "{script}");
        program(&named, "own", "echo own");
        assert_eq!(run(Some(&named.join("own"))).1, "own", "{script}");
        // What was named and is not there is not replaced by something else.
        let (code, said) = run(Some(&named.join("missing")));
        assert!(code == Some(3) && said.contains("named/missing (seen from"), "{said}");
        for left in
            [tools.join("drapes"), checkout.join("slurm/site.sh"), checkout.join("target/release/drapes")]
        {
            fs::remove_file(left).expect("its own file");
        }
        fs::remove_dir_all(elsewhere.join("target")).expect("its own folder");
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
