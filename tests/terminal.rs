//! What a person sees of a run on a terminal, however its ranks were started; and of one that runs elsewhere.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::lasting::classifier_epochs_that_last;
use support::terminal::{Seen, on_terminal};
use support::{directory, drapes, mpirun, refusal, small_job, write};

const BAR: &str = "━";
const FAILURE: &str = "train/denoiser-s500-w2800-6000: FAILED";
/// Lines that a library says at its own time, further apart than two pictures.
const SAID: usize = 5;

/// A job of which trainings fail, and what needs them is lost; what does not takes long enough to be seen.
fn failing_job(place: &Path) -> PathBuf {
    let job = fs::read_to_string(small_job(place, "")).expect("the job");
    let wild =
        job.replace("learning_rate = 2e-3", "learning_rate = 1e30\ngradient_clip = 1e30\nwarmup_steps = 0");
    let with_epochs = |epochs: usize| {
        let longer = format!("[classifier]\nepochs = {epochs}\n");
        write(place, "wild.toml", &wild.replace("[classifier]\nepochs = 1\n", &longer))
    };
    // A picture is drawn three times a second.
    with_epochs(classifier_epochs_that_last(place, 1.0, with_epochs))
}

/// A shell that runs a command, and says something now and then as a library would. It stays between the launcher and the rank,
/// and no rank leaves before the library has said everything, for the launcher kills all others once one has failed.
fn beside_a_library(place: &Path) -> PathBuf {
    let said = place.join("said");
    let said = said.display();
    let text = format!(
        "#!/bin/sh\nif [ \"${{OMPI_COMM_WORLD_RANK:-1}}\" = 1 ]; then\n(i=1; while [ $i -le {SAID} ]; do sleep 0.7; echo \
         \"line $i of a library\" >&2; i=$((i+1)); done; touch '{said}') &\nfi\n\"$@\"\ncode=$?\nwait\n\
         while [ ! -e '{said}' ]; do sleep 0.1; done\nexit $code\n"
    );
    write(place, "noisy.sh", &text)
}

/// What everybody sees who looks at a failing run: the bar and its rows while it runs, and what has ended, above them and for
/// good.
fn is_seen_whole(seen: &Seen, rows: &[&str]) {
    let left = seen.left.join("\n");
    assert_eq!(seen.code, 4, "{left}");
    let shown: Vec<&str> = [BAR, " tasks"].iter().chain(rows).copied().collect();
    assert!(seen.showed(&shown), "no moment showed {shown:?}:\n{}", seen.moments.join("\n---\n"));
    // Of two lines that others say between two pictures, the second keeps what the bar has left behind it; none of ours does.
    let behind: Vec<&str> = [BAR, "─"]
        .iter()
        .flat_map(|part| seen.lines(part))
        .filter(|line| !line.contains(" of a library"))
        .collect();
    assert!(behind.is_empty(), "a bar was left behind:\n{left}");
    assert_eq!(seen.lines(FAILURE).len(), 1, "{left}");
    assert_eq!(seen.lines("fit/dijet-s0-w2800-6000: done in ").len(), 1, "{left}");
    assert!(seen.lines("supervised").iter().any(|line| line.contains(": done in ")), "{left}");
    assert_eq!(seen.lines("error: 8 of 14 tasks have no result").len(), 1, "{left}");
}

#[test]
fn alone_there_is_a_bar_with_the_task_and_a_failure_stays() {
    let place = directory();
    let job = failing_job(place.path());
    let mut command = drapes();
    command.arg("run").arg(&job).arg("--out").arg(place.path().join("out"));
    let seen = on_terminal(&command);
    is_seen_whole(&seen, &["train/"]);
    assert!(seen.written.contains("\x1b[36m") && seen.written.contains("\x1b[1;31mFAILED"), "no colours");
}

#[test]
fn ranks_that_the_program_starts_have_a_line_each() {
    let place = directory();
    let job = failing_job(place.path());
    let mut command = drapes();
    command.arg("run").arg(&job).arg("--out").arg(place.path().join("out")).args(["--ranks", "2"]);
    is_seen_whole(&on_terminal(&command), &["rank 0 ", "rank 1 "]);
}

#[test]
fn ranks_of_a_launcher_have_a_line_each_and_nothing_that_others_say_is_lost() {
    let place = directory();
    let job = failing_job(place.path());
    let noisy = beside_a_library(place.path());
    let mut command = mpirun(2);
    let launcher = command.get_args().map(ToOwned::to_owned).collect::<Vec<_>>();
    let (program, options) = launcher.split_last().expect("a program");
    let mut shell = Command::new(command.get_program());
    shell.args(options).arg("sh").arg(&noisy).arg(program);
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command = shell;
    command.arg("run").arg(&job).arg("--out").arg(place.path().join("out"));
    let seen = on_terminal(&command);
    is_seen_whole(&seen, &["rank 0 ", "rank 1 "]);
    for line in 1..=SAID {
        let line = format!("line {line} of a library");
        assert_eq!(seen.lines(&line).len(), 1, "{line}:\n{}", seen.left.join("\n"));
    }
}

#[test]
fn who_wants_it_plain_or_quiet_gets_it_so() {
    let place = directory();
    let job = failing_job(place.path());
    let run = |name: &str| {
        let mut command = drapes();
        command.arg("run").arg(&job).arg("--out").arg(place.path().join(name));
        command
    };
    for (name, arguments, no_color) in [("a", &[][..], "1"), ("b", &["--color", "never"], "")] {
        let mut command = run(name);
        let seen = on_terminal(command.args(arguments).env("NO_COLOR", no_color));
        is_seen_whole(&seen, &["train/"]);
        assert!(!seen.written.contains("\x1b[3") && !seen.written.contains("\x1b[1;3"), "{name}: colours");
    }
    let mut command = run("c");
    let seen = on_terminal(command.arg("-q").args(["--ranks", "2"]));
    let left = seen.left.join("\n");
    assert_eq!(seen.code, 4, "{left}");
    assert!(!seen.written.contains(BAR) && !seen.written.contains("done in"), "{}", seen.written);
    assert!(!seen.written.contains("tasks to do") && !seen.written.contains("processor cores"), "{left}");
    assert!(!seen.written.contains("report.html") && !seen.written.contains("closure AUC"), "{left}");
    assert_eq!(seen.lines(FAILURE).len(), 1, "{left}");

    // In a log, colours are there for whoever asks for them, and nothing is drawn.
    let (_, log) = refusal(run("d").args(["-v", "--color", "always"]).env("NO_COLOR", "1"));
    assert!(log.contains("\x1b[1;31mFAILED") && !log.contains(BAR) && !log.contains("\x1b[J"), "{log}");
    assert!(log.contains("train/denoiser-s0-w2800-6000: begins, priced at "), "{log}");
    let (_, log) = refusal(&mut run("e"));
    assert!(!log.contains('\x1b') && log.contains("processor cores") && log.contains(FAILURE), "{log}");
    assert!(!log.contains("begins"), "{log}");
}

#[test]
fn a_terminal_that_cannot_draw_gets_lines() {
    let place = directory();
    let job = failing_job(place.path());
    let mut command = drapes();
    command.arg("run").arg(&job).arg("--out").arg(place.path().join("out"));
    let seen = on_terminal(command.env("TERM", "dumb"));
    assert!(!seen.written.contains('\x1b'), "{}", seen.written);
    assert_eq!(seen.lines(FAILURE).len(), 1);
}

#[test]
fn a_run_elsewhere_is_watched_to_its_end() {
    let place = directory();
    let job = small_job(place.path(), "");
    let text = fs::read_to_string(&job).expect("its own file");
    let job = write(
        place.path(),
        "long.toml",
        &text.replace("[denoiser]\nepochs = 1\n", "[denoiser]\nepochs = 1000\n"),
    );
    let out = place.path().join("out");
    let mut run = mpirun(2);
    run.arg("run").arg(&job).arg("--out").arg(&out).stdout(Stdio::null()).stderr(Stdio::null());
    let mut run = run.spawn().expect("it starts");
    let start = Instant::now();
    while !fs::read_dir(out.join("running")).is_ok_and(|mut folder| folder.next().is_some()) {
        assert!(start.elapsed() < Duration::from_secs(120), "it does not begin");
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut watch = drapes();
    let seen = on_terminal(watch.arg("status").arg(&out).arg("--watch"));
    let left = seen.left.join("\n");
    assert!(run.wait().expect("a child").success());
    assert!(seen.showed(&[BAR, "rank 0 ", "rank 1 ", "train/denoiser"]), "{}", seen.moments.join("\n---\n"));
    assert!(!seen.lines("train/denoiser-s0-w2800-6000: done in ").is_empty(), "{left}");
    assert!(seen.lines(BAR).is_empty(), "{left}");
    assert!(!seen.lines("tasks done").is_empty(), "{left}");
}
