//! What helps in a shell: changes of a job, rehearsals, parts of a scan, and runs that are asked to stop.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::lasting::trained_longer;
use support::{answer, directory, drapes, mpirun, records, refusal, small_job, write};

fn run(job: &Path, out: &Path) -> Command {
    let mut run = drapes();
    run.arg("run").arg(job).arg("--out").arg(out);
    run
}

/// What a command that ends well says on standard error.
fn said(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
    message
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

#[test]
fn a_change_is_part_of_the_job_from_plan_to_the_command_that_goes_on() {
    let place = directory();
    let job = small_job(place.path(), "");
    let changes =
        ["--set", "denoiser.epochs=2", "--set", "scan.0.n_signal=[0, 250]", "--set", "classifier.seeds='0'"];
    let plan = answer(drapes().arg("plan").arg(&job).args(changes));
    assert!(plan.contains("2 denoisers, 2 epochs") && plan.contains("0 250"), "{plan}");
    let out = place.path().join("out");
    answer(run(&job, &out).args(changes));
    let stored = json(&out.join("job.json"));
    assert_eq!(stored["job"]["denoiser"]["epochs"], 2);
    assert_eq!(stored["job"]["classifier"]["seeds"], serde_json::json!([0]));
    // The file beside the results is the job with its changes: it goes on by itself, and so does the command that is shown.
    let text = fs::read_to_string(out.join("job.toml")).expect("the job");
    assert!(text.contains("n_signal = [0, 250]") && text.contains("epochs = 2\n"), "{text}");
    assert!(said(&mut run(&out.join("job.toml"), &out)).contains("nothing to do"));
    let command = json(&out.join("provenance.json"))["command"].as_str().expect("a command").to_owned();
    let expected = "--set denoiser.epochs=2 --set 'scan.0.n_signal=[0, 250]' --set 'classifier.seeds='";
    assert!(command.contains(expected), "{command}");
    let folder = Path::new(env!("CARGO_BIN_EXE_drapes")).parent().expect("a folder").display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").expect("a path"));
    let again = said(Command::new("sh").arg("-c").arg(command).env("PATH", path));
    assert!(again.contains("nothing to do"), "{again}");
    // What it contradicts is refused by key, and stays.
    let before = records(&out);
    for (change, key) in [
        ("denoiser.epochs=3", "denoiser.epochs"),
        ("classifier.width=16", "classifier.width"),
        ("scan.0.n_signal=[0]", "scan lacks noise-s250-w2800-6000-x1"),
    ] {
        let (code, message) = refusal(run(&job, &out).args(changes).args(["--set", change]));
        assert_eq!(code, 2, "{message}");
        assert!(message.contains("these keys differ: ") && message.contains(key), "{change}: {message}");
    }
    assert_eq!(records(&out), before);
}

#[test]
fn a_change_that_is_no_good_is_refused_before_anything_is_done() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    for (change, expected) in [
        (
            "denoiser.epoch=2",
            "--set denoiser.epoch=2: denoiser.epoch is not a key of drapes (it would be ignored) did you mean epochs?",
        ),
        ("denoiser.epochs=few", "(a text stands in quotes) write --set 'denoiser.epochs=\"few\"'"),
        ("scan.3.n_signal=[0]", "(it has 3 entries, 0 to 2)"),
        ("denoiser.epochs", "has no equals sign"),
    ] {
        for options in [&[][..], &["--ranks", "2"], &["--dry-run"]] {
            let (code, message) = refusal(run(&job, &out).args(["--set", change]).args(options));
            assert!(code == 2 && message.contains(expected), "{change} {options:?}: {message}");
        }
        let (code, message) = refusal(drapes().arg("plan").arg(&job).args(["--set", change]));
        assert!(code == 2 && message.contains(expected), "{change}: {message}");
        assert!(!out.exists(), "nothing was begun");
    }
}

#[test]
fn a_rehearsal_says_what_would_be_done_and_writes_nothing() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    let dry = |options: &[&str]| answer(run(&job, &out).arg("--dry-run").args(options));
    let text = dry(&[]);
    for expected in [
        "small: 14 of 14 tasks to do, about",
        "fit 2, train 2, template 2, classify 8",
        "nothing was written",
    ] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
    assert!(!out.exists());
    assert!(dry(&["--ranks", "2"]).contains("on 2 ranks"));
    let two = answer(mpirun(2).arg("run").arg(&job).arg("--out").arg(&out).arg("--dry-run"));
    assert_eq!(two.matches("tasks to do").count(), 1, "one of the ranks says it: {two}");
    assert!(two.contains("on 2 ranks") && !out.exists(), "{two}");
    // All that is wrong with the data is told, as by a run.
    let missing = write(
        place.path(),
        "bad.toml",
        &fs::read_to_string(&job).expect("the job").replace("[0, 500]", "[0, 500000]"),
    );
    let (code, message) = refusal(run(&missing, &out).arg("--dry-run"));
    assert!(code == 2 && message.contains("at least 500000 are needed"), "{message}");
    // Beside what is finished.
    answer(run(&job, &out).args(["--only", "idealised-*"]));
    let files = |folder: &Path| support::files(folder, "json").len();
    let (before, drawn) = (files(&out), fs::read(out.join("drawn.json")).expect("what is drawn"));
    let text = dry(&[]);
    assert!(text.contains("small: 12 of 14 tasks to do") && text.contains("2 done"), "{text}");
    assert!(dry(&["--only", "train/*-s0-*"]).contains("1 of 14 tasks to do"));
    assert_eq!((files(&out), fs::read(out.join("drawn.json")).expect("what is drawn")), (before, drawn));
    let (code, message) = refusal(run(&job, &out).args(["--dry-run", "--set", "classifier.epochs=2"]));
    assert!(code == 2 && message.contains("classifier.epochs"), "{message}");
    let other = place.path().join("mine");
    fs::create_dir(&other).expect("room");
    fs::write(other.join("thesis.tex"), "mine").expect("room");
    let (code, message) = refusal(run(&job, &other).arg("--dry-run"));
    assert!(code == 2 && message.contains("holds no scan of drapes"), "{message}");
}

#[test]
fn a_rehearsal_says_of_the_events_all_that_a_run_says() {
    let place = directory();
    let mut table = String::from("m_jj;a;b;weight;label\n");
    for row in 0..3000_u32 {
        let (mass, part) = (2800.0 + f64::from(row * 37 % 3200), f64::from(row * 13 % 2999) / 2999.0);
        let mixed = if row % 3 == 0 { -999.0 } else { part * part };
        table += &format!("{mass};{part};{mixed};{};{}\n", 1.0 + part, u8::from(row % 12 == 0));
    }
    write(place.path(), "e.csv", &table);
    let job = write(
        place.path(),
        "odd.toml",
        "schema = 1\nname = 'odd'\n[data]\nevents = 'e.csv'\nlayout = 'table'\nresonant = 'm_jj'\nfeatures = ['a', 'b']\n\
         [denoiser]\nepochs = 1\n[sampler]\nsteps = 3\n[classifier]\nepochs = 1\nseeds = '0'\n[[scan]]\n\
         method = 'noise'\nn_signal = [0]\noversampling = [1]\n",
    );
    let out = place.path().join("out");
    let of_events = |message: String| -> Vec<String> {
        let is_said = |line: &&str| line.starts_with("note: ") || line.starts_with("warning: feature");
        message.lines().filter(is_said).map(str::to_owned).collect()
    };
    let rehearsed = of_events(said(run(&job, &out).arg("--dry-run")));
    for words in ["feature b is mixed", "semicolons between values", "column b is -999", "looks like weights"]
    {
        assert!(rehearsed.iter().any(|line| line.contains(words)), "{words}: {rehearsed:#?}");
    }
    assert_eq!(rehearsed, of_events(said(&mut run(&job, &out))));
}

#[test]
fn a_part_of_a_scan_is_done_with_what_it_needs_and_the_rest_later() {
    let place = directory();
    let job = small_job(place.path(), "");
    let (out, whole) = (place.path().join("out"), place.path().join("whole"));
    let done = |out: &Path| {
        let tasks: Vec<String> = records(out).into_keys().collect();
        tasks
            .into_iter()
            .map(|name| name.trim_start_matches("tasks/").trim_end_matches(".json").to_owned())
            .collect::<Vec<_>>()
    };
    let message = said(run(&job, &out).args(["--only", "noise-s500-*"]));
    assert!(message.contains("5 of 14 tasks to do"), "{message}");
    assert!(
        message.contains("--only: 5 of 5 tasks done; 9 of the other 9 tasks of the job are left"),
        "{message}"
    );
    let expected = [
        "classify/noise-s500-w2800-6000-x1-c00",
        "classify/noise-s500-w2800-6000-x1-c01",
        "fit/dijet-s500-w2800-6000",
        "template/noise-s500-w2800-6000",
        "train/denoiser-s500-w2800-6000",
    ];
    assert_eq!(done(&out), expected);
    assert_eq!(fs::read_to_string(out.join("results.csv")).expect("a table").lines().count(), 1 + 2 * 5);
    // Again there is nothing to do; another part comes beside it, with ranks; then all.
    let message = said(run(&job, &out).args(["--only", "noise-s500-*"]));
    assert!(message.contains("nothing to do") && message.contains("9 of the other 9 tasks"), "{message}");
    let message = said(run(&job, &out).args(["--only", "supervised", "--only", "fit/*", "--ranks", "2"]));
    assert!(message.contains("3 of 14 tasks to do"), "{message}");
    assert!(done(&out).contains(&"fit/dijet-s0-w2800-6000".to_owned()));
    assert_eq!(done(&out).len(), 8);
    answer(&mut run(&job, &out));
    answer(&mut run(&job, &whole));
    assert_eq!(records(&out), records(&whole), "in parts or at once");
}

#[test]
fn a_part_that_is_not_there_is_refused_with_near_names() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    for options in [&[][..], &["--ranks", "2"], &["--dry-run"]] {
        let (code, message) =
            refusal(run(&job, &out).args(["--only", "nose-s500-w2800-6000-x1"]).args(options));
        assert_eq!(code, 2, "{message}");
        assert!(message.contains("did you mean noise-s500-w2800-6000-x1"), "{options:?}: {message}");
        assert!(!out.exists(), "nothing was begun");
    }
    let (code, message) = refusal(run(&job, &out).args(["--only", "*", "--shard", "1/2"]));
    assert!(code == 2 && message.contains("cannot be used with"), "{message}");
    let (code, message) = refusal(run(&job, &out).args(["--only", "a["]));
    assert!(code == 2 && message.contains("that is no pattern ("), "{message}");
}

/// A job whose trainings take minutes.
fn long_job(place: &Path) -> PathBuf {
    trained_longer(place, 30_000)
}

/// Starts a run and waits until it is at a training.
fn begun(command: &mut Command, out: &Path, log: &Path) -> Child {
    let log = fs::File::create(log).expect("room");
    let child = command.stdout(Stdio::null()).stderr(log).spawn().expect("the program starts");
    let start = Instant::now();
    while !fs::read_to_string(out.join("running/1-of-1.json")).is_ok_and(|text| text.contains("\"train/")) {
        assert!(start.elapsed() < Duration::from_secs(120), "it never begins");
        std::thread::sleep(Duration::from_millis(50));
    }
    child
}

#[test]
fn a_run_that_is_asked_to_stop_saves_and_ends_with_75() {
    let place = directory();
    let job = long_job(place.path());
    for ranks in [1, 2] {
        let (out, log) =
            (place.path().join(format!("out-{ranks}")), place.path().join(format!("log-{ranks}")));
        let mut command = run(&job, &out);
        if ranks > 1 {
            command.args(["--ranks", "2"]);
        }
        let mut child = begun(&mut command, &out, &log);
        let output = drapes().arg("stop").arg(&out).output().expect("the program starts");
        let (text, message) = (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        );
        assert!(output.status.success(), "{message}");
        assert!(message.contains("asked to stop: process "), "{message}");
        assert!(
            text.contains("has ended; go on with\n  drapes run ") && text.contains("long.toml"),
            "{text}"
        );
        assert_eq!(child.wait().expect("an end").code(), Some(75));
        let log = fs::read_to_string(&log).expect("a log");
        assert!(log.contains("note: `drapes stop` asks this run to end (process "), "{log}");
        assert!(
            log.contains("stopped early (asked by `drapes stop`): ")
                && log.contains("run the same command again"),
            "{log}"
        );
        // Nothing of the request is left, and the trainings are saved.
        assert_eq!(support::files(&out.join("running"), "stop"), Vec::<PathBuf>::new());
        assert_eq!(support::files(&out.join("tasks/train"), "checkpoint").len(), ranks);
        let (code, message) = refusal(drapes().arg("stop").arg(&out));
        assert_eq!(code, 2, "{message}");
        assert!(
            message.contains("nobody is at work in ") && message.contains("`drapes status "),
            "{message}"
        );
    }
}

#[test]
fn who_waits_for_the_end_waits_with_a_bound() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    let (code, message) = refusal(drapes().arg("stop").arg(&out));
    assert!(code == 2 && message.contains("holds no results of drapes"), "{message}");
    answer(&mut run(&job, &out));
    // Somebody on another host, who was heard of just now and never looks.
    let lock = serde_json::json!({"process": {"host": "elsewhere", "pid": 7, "started": 1, "space": "another machine"},
        "since": 0, "shard": 1, "shards": 1, "ranks": 1, "running": []});
    fs::write(out.join("running/1-of-1.json"), lock.to_string()).expect("room");
    let (code, message) = refusal(drapes().arg("stop").arg(&out).args(["--wait", "1s"]));
    assert_eq!(code, 75, "{message}");
    assert!(
        message.contains("process 7 on elsewhere") && message.contains("1 s after being asked to stop ("),
        "{message}"
    );
    let request = json(&out.join("running/1-of-1.stop"));
    assert_eq!(request["stop"]["pid"], 7);
    answer(drapes().arg("stop").arg(&out).args(["--wait", "0s"]));
    // When it has gone, the next run is not stopped by what was asked of it, and clears it away.
    fs::remove_file(out.join("running/1-of-1.json")).expect("the lock");
    fs::remove_dir_all(out.join("tasks/classify")).expect("records");
    answer(&mut run(&job, &out));
    assert!(!out.join("running/1-of-1.stop").exists());
}

#[test]
fn shells_and_man_learn_every_verb() {
    let place = directory();
    let bash = answer(drapes().args(["completions", "bash"]));
    let script = write(place.path(), "drapes.bash", &bash);
    assert!(Command::new("bash").arg("-n").arg(&script).status().expect("bash").success());
    // The words that bash offers behind `drapes st` and behind `drapes run --dr`.
    let offered = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let ask = format!(
            "source {}; COMP_WORDS=({line}); COMP_CWORD={}; _drapes drapes '{}' '{}'; echo \"${{COMPREPLY[@]}}\"",
            script.display(),
            words.len() - 1,
            words[words.len() - 1],
            words[words.len() - 2]
        );
        answer(Command::new("bash").arg("-c").arg(ask)).trim().to_owned()
    };
    assert_eq!(offered("drapes st"), "status stop");
    assert_eq!(offered("drapes run --dr"), "--dry-run");
    for shell in ["zsh", "fish"] {
        assert!(answer(drapes().args(["completions", shell])).contains("dry-run"), "{shell}");
    }
    let pages = place.path().join("man1");
    answer(drapes().arg("man").arg(&pages));
    for verb in
        ["", "-run", "-plan", "-status", "-stop", "-reduce", "-plot", "-compact", "-doctor", "-data-describe"]
    {
        let page = fs::read_to_string(pages.join(format!("drapes{verb}.1"))).expect("a page");
        assert!(page.contains(".TH drapes"), "{verb}: {page}");
    }
    let page = fs::read_to_string(pages.join("drapes-run.1")).expect("a page");
    assert!(page.contains("EXIT CODES") && page.contains("\\-\\-dry\\-run"), "{page}");
    assert!(answer(drapes().arg("man")).contains("drapes\\-run(1)"));
}
