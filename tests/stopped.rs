//! Tasks that are longer than the time of a job: they go on, or it is said that they never end.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use support::{answer, arrays, directory, drapes, files, records, refusal, small_jets_job, small_job, write};

/// How often the rank has begun a task.
fn begun(out: &Path, task: &str) -> usize {
    let log = fs::read_to_string(out.join("logs/rank-000.log")).unwrap_or_default();
    log.lines().filter(|line| line.contains(task) && line.contains("begins")).count()
}

/// Starts a run and tells it to stop when a task has been at work for a while, unless it ends before.
fn stopped_in(job: &Path, out: &Path, task: &str, after: Duration) -> Output {
    let before = begun(out, task);
    let mut run = drapes();
    run.arg("run").arg(job).arg("--out").arg(out).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut run = run.spawn().expect("the program starts");
    let start = Instant::now();
    while begun(out, task) == before && run.try_wait().expect("a child").is_none() {
        assert!(start.elapsed() < Duration::from_secs(120), "it does not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(after);
    Command::new("kill").args(["-TERM", &run.id().to_string()]).stderr(Stdio::null()).status().expect("kill");
    run.wait_with_output().expect("an end")
}

/// Stops a job in a task again and again, until it has ended: how often that was. Where a machine does not get anywhere twice, the job
/// gets more time.
fn stops_of(job: &Path, stopped: &Path, task: &str, first: Duration) -> usize {
    let (mut stops, mut after) = (0, first);
    loop {
        let output = stopped_in(job, stopped, task, after);
        let text = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => return stops,
            Some(75) => stops += 1,
            // A machine that is busy with other things did not get anywhere twice: it gets more time, as it is told.
            Some(2) if text.contains("give the job more time") => (stops, after) = (stops + 1, 2 * after),
            other => panic!("{other:?}: {text}"),
        }
        let record = stopped.join(format!("tasks/{task}.json"));
        if record.exists() {
            // Stopped later than in this task.
            answer(drapes().arg("run").arg(job).arg("--out").arg(stopped));
            return stops;
        }
        assert!(!files(&stopped.join("tasks"), "checkpoint").is_empty(), "{text}");
        assert!(stops < 60, "it never ends");
    }
}

/// A job that is stopped in a task twice or more ends with the results of one that nobody has stopped. The first stop comes so long
/// after the task has begun, or sooner on a machine that would have ended it by then.
fn goes_on(place: &Path, job: &Path, task: &str, first: Duration) {
    let whole = place.join("whole");
    let tries = (0..5).map(|halved| (place.join(format!("stopped{halved}")), first / (1 << halved)));
    let stopped = tries.into_iter().find(|(stopped, after)| stops_of(job, stopped, task, *after) >= 2);
    let (stopped, _) = stopped.expect("a task that takes long enough to be stopped twice");
    let log = fs::read_to_string(stopped.join("logs/rank-000.log")).expect("a log");
    assert!(log.contains(task) && log.contains("goes on from its checkpoint"), "{log}");
    for ending in ["checkpoint", "stopped"] {
        assert_eq!(files(&stopped.join("tasks"), ending), Vec::<std::path::PathBuf>::new());
    }
    answer(drapes().arg("run").arg(job).arg("--out").arg(&whole));
    assert_eq!(records(&stopped), records(&whole));
    assert!(arrays(&stopped) == arrays(&whole), "to the last bit");
}

#[test]
fn a_template_that_is_stopped_again_and_again_goes_on_to_the_same_events() {
    let place = directory();
    let text = fs::read_to_string(small_job(place.path(), "")).expect("the job");
    let text = text.replace("n_signal = [0, 500]", "n_signal = [0]").replace("steps = 5", "steps = 600");
    let job = write(place.path(), "long.toml", &text);
    goes_on(place.path(), &job, "template/noise-s0-w2800-6000", Duration::from_millis(400));
}

#[test]
fn a_copy_of_a_template_of_constituents_goes_on_too() {
    let place = directory();
    let text = fs::read_to_string(small_jets_job(place.path(), "")).expect("the job");
    let text = text.replace("oversampling = [2]", "oversampling = [1]").replace("steps = 5", "steps = 60");
    let job = write(place.path(), "long.toml", &text);
    goes_on(place.path(), &job, "template/noise-s100-w3000-4000-llv-k00", Duration::from_secs(1));
}

#[test]
fn perceptrons_of_a_window_that_are_stopped_again_and_again_go_on_to_the_same_scores() {
    let place = directory();
    let text = format!(
        "schema = 1\nname = 'window'\n[data]\nevents = 'demo_dijets.features.h5'\ndirectory = '{}'\n[denoiser]\nepochs = 1\n\
         batch = 1024\n[sampler]\nsteps = 3\n[classifier]\nepochs = 100\n[search]\nwindows_gev = [[3300, 3700]]\ninjected = 0\n\
         oversampling = 1\ntrainings = 2\nclassifier = 'perceptrons'\nefficiencies = [0.1]\n",
        support::data().display()
    );
    let job = write(place.path(), "window.toml", &text);
    goes_on(place.path(), &job, "classify/window-noise-s0-w2800-6000-x1", Duration::from_millis(800));
}

#[test]
fn what_never_gets_further_is_not_queued_for_ever() {
    let place = directory();
    let text = format!(
        "schema = 1\nname = 'trees'\n[data]\nevents = 'demo_dijets.features.h5'\ndirectory = '{}'\n\
         [independent_background]\nsource = 'withheld'\n[classifier]\nseeds = [0]\n[trees]\niterations = 4000\n\
         patience = 4000\n[[scan]]\nmethod = 'idealised'\n\
         n_signal = [500]\nclassifier = ['trees']\n",
        support::data().display()
    );
    let (job, out) = (write(place.path(), "trees.toml", &text), place.path().join("out"));
    let stop = || {
        let output = stopped_in(&job, &out, "classify/", Duration::from_millis(300));
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text) = stop();
    assert_eq!(code, Some(75), "{text}");
    let (code, text) = stop();
    assert_eq!(code, Some(2), "{text}");
    for words in ["classify/idealised-s500", "was stopped 2 times without getting further", "lower trees."] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // What it has shown of its length counts: it is not begun in vain once more.
    let [shown] = &files(&out.join("tasks"), "stopped")[..] else { panic!("one task was stopped") };
    let mut stop: serde_json::Value =
        serde_json::from_slice(&fs::read(shown).expect("a file")).expect("JSON");
    stop["seconds"] = 5000.0.into();
    stop["share"] = 0.5.into();
    fs::write(shown, stop.to_string()).expect("room");
    let before = begun(&out, "classify/");
    let mut run = drapes();
    run.arg("run").arg(&job).arg("--out").arg(&out).args(["--deadline", "30m", "--margin", "0s"]);
    let (code, text) = refusal(&mut run);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("no task that is left ends in the") && text.contains("takes about 3.3 h"),
        "{text}"
    );
    assert_eq!(begun(&out, "classify/"), before);
}
