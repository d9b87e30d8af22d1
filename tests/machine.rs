//! What runs learn about the machine: it makes estimates, is kept beside the user's cache, and is never needed.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use drapes_analysis::machine::{SCHEMA, processor};
use serde_json::{Value, json};
use support::scan::kill;
use support::{answer, directory, drapes, records, small_job, write};

/// The program of a user with this cache.
fn with(cache: &Path) -> Command {
    let mut command = drapes();
    command.env("XDG_CACHE_HOME", cache);
    command
}

/// A cache of a machine on which each kind of work has taken so many times its price.
fn remembering(cache: &Path, device: &str, pace: f64) {
    let seen = json!({ "priced": 10.0, "taken": 10.0 * pace });
    let kinds: Value = ["fit", "denoiser", "diffused_template", "perceptrons"]
        .iter()
        .map(|kind| ((*kind).to_owned(), seen.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let shown = json!({ "kinds": kinds, "figures": { "priced": 10.0, "taken": 5.0 } });
    let machine = json!({ "processor": processor(), "device": device, "shown": shown });
    fs::create_dir_all(cache.join("drapes")).expect("room");
    let text = json!({ "schema": SCHEMA, "machines": [machine] }).to_string();
    write(&cache.join("drapes"), "rates.json", &text);
}

fn plan(cache: &Path, job: &Path, more: &[&str]) -> (Value, String) {
    let output = with(cache).arg("plan").arg(job).args(["--format", "json"]).args(more).output();
    let output = output.expect("the program starts");
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (serde_json::from_slice(&output.stdout).expect("JSON"), text)
}

/// Seconds of the stage of classifiers on a device.
fn classify(plan: &Value, device: usize) -> f64 {
    plan["devices"][device]["stages"][3]["seconds"].as_f64().expect("seconds")
}

#[test]
fn plan_goes_by_what_runs_have_shown_unless_rates_are_given() {
    let place = directory();
    let (job, cache) = (small_job(place.path(), ""), place.path().join("cache"));
    let (unknown, _) = plan(&cache, &job, &[]);
    assert_eq!(unknown["devices"][0]["rates"], "built-in");
    let text = answer(with(&cache).arg("plan").arg(&job));
    assert!(text.contains("core: that of another machine") && text.contains("GPU: not known"), "{text}");
    remembering(&cache, "core", 8.0);
    let (known, _) = plan(&cache, &job, &[]);
    assert_eq!(known["devices"][0]["rates"], "measured");
    assert!((classify(&known, 0) / classify(&unknown, 0) - 8.0).abs() < 1e-6);
    let text = answer(with(&cache).arg("plan").arg(&job));
    assert!(text.contains("core: as runs have shown it here, in 5 min of work"), "{text}");
    // Tables and pictures at the end are told with the rest.
    let sum: f64 = (0..4).map(|stage| known["stages"][stage]["seconds"].as_f64().expect("seconds")).sum();
    let alone = known["times"][0]["seconds"].as_f64().expect("seconds");
    assert!(alone > sum + 1.0 && alone < sum + 14.0, "{alone} {sum}");
    // A GPU that runs have met has its column.
    remembering(&cache, "NVIDIA H200", 1.0);
    let (with_gpu, _) = plan(&cache, &job, &[]);
    assert_eq!(with_gpu["devices"][1]["device"], "NVIDIA H200");
    assert!(!answer(with(&cache).arg("plan").arg(&job)).contains("GPU: not known"));
    // Rates of a file go first.
    remembering(&cache, "core", 8.0);
    let rates = serde_json::to_string(&drapes_analysis::plan::rates::Rates::CPU_CORE).expect("JSON");
    let rates = write(place.path(), "core.json", &rates).display().to_string();
    let (given, _) = plan(&cache, &job, &["--rates", &rates]);
    assert_eq!(given["devices"][0]["rates"], "given");
    assert!((classify(&given, 0) / classify(&unknown, 0) - 1.0).abs() < 1e-9);
}

#[test]
fn what_is_remembered_changes_no_result_and_a_bad_place_for_it_is_no_failure() {
    let place = directory();
    let job = small_job(place.path(), "");
    let given = |name: &str, command: &mut Command, more: &[&str]| {
        let out = place.path().join(name);
        answer(command.arg("run").arg(&job).arg("--out").arg(&out).args(more));
        records(&out)
    };
    let of = |name: &str, command: &mut Command| given(name, command, &[]);
    let cache = place.path().join("cache");
    let fresh = of("fresh", &mut with(&cache));
    let file = cache.join("drapes/rates.json");
    let learnt: Value = serde_json::from_slice(&fs::read(&file).expect("a file")).expect("JSON");
    let machine = &learnt["machines"][0];
    assert_eq!((&machine["processor"], &machine["device"]), (&json!(processor()), &json!("core")));
    assert!(machine["shown"]["figures"]["taken"].as_f64() > Some(0.0), "{learnt}");
    // A slow machine, a damaged file, no place at all.
    remembering(&cache, "core", 1000.0);
    assert_eq!(of("slow", &mut with(&cache)), fresh);
    fs::write(&file, "{ torn").expect("room");
    let (_, told) = plan(&cache, &job, &[]);
    assert!(told.contains("rates.json"), "{told}");
    assert_eq!(of("torn", &mut with(&cache)), fresh);
    assert!(serde_json::from_slice::<Value>(&fs::read(&file).expect("a file")).is_ok(), "it is made anew");
    assert_eq!(of("nowhere", &mut with(Path::new("/dev/null/cache"))), fresh);
    assert_eq!(of("homeless", drapes().env_remove("XDG_CACHE_HOME").env_remove("HOME")), fresh);
    // Who gives rates teaches nothing.
    let rates = serde_json::to_string(&drapes_analysis::plan::rates::Rates::CPU_CORE).expect("JSON");
    let rates = write(place.path(), "core.json", &rates).display().to_string();
    let other = place.path().join("other");
    assert_eq!(given("given", &mut with(&other), &["--rates", &rates]), fresh);
    assert!(!other.exists());
}

#[test]
fn a_machine_that_is_not_known_is_measured_before_the_first_task_and_remembered() {
    let place = directory();
    let (out, cache) = (place.path().join("out"), place.path().join("cache"));
    let log = fs::File::create(place.path().join("log")).expect("room");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs/demo.toml");
    let mut run = with(&cache);
    run.arg("run").arg(demo).arg("--out").arg(&out).stdout(Stdio::null()).stderr(log);
    let mut run = run.spawn().expect("the program starts");
    let log = || fs::read_to_string(place.path().join("log")).expect("a log");
    let start = Instant::now();
    while !log().contains("tasks to do, about") {
        assert!(start.elapsed() < Duration::from_secs(120), "{}", log());
        std::thread::sleep(Duration::from_millis(50));
    }
    kill("TERM", run.id());
    assert_eq!(run.wait().expect("an end").code(), Some(75), "{}", log());
    assert!(log().contains("measuring this machine at "), "{}", log());
    let text = fs::read(cache.join("drapes/rates.json")).expect("a file");
    let learnt: Value = serde_json::from_slice(&text).expect("JSON");
    let kinds = &learnt["machines"][0]["shown"]["kinds"];
    for kind in ["denoiser", "perceptrons"] {
        let taken = kinds[kind]["taken"].as_f64().unwrap_or_else(|| panic!("{kind}: {learnt}"));
        assert!(taken > 0.1 && taken < 30.0, "{learnt}");
    }
}
