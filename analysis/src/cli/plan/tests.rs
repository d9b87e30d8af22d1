//! Any number in any key: a plan, or a refusal that names the key, at once and without much memory.

use std::ops::Range;
use std::time::{Duration, Instant};

use toml::de::{DeTable, DeValue};

use super::*;

/// What a number of a job file may be by mistake.
const EXTREMES: [&str; 16] = [
    "0",
    "1",
    "2",
    "-1",
    "100000000",
    "1000000000",
    "4000000000",
    "4294967294",
    "4294967295",
    "1000000000000",
    "9223372036854775807",
    "1e300",
    "1e-300",
    "-1e300",
    "nan",
    "inf",
];

#[test]
fn what_an_event_takes_goes_by_the_solvers_and_starts_of_the_points() {
    let told = |scans: &str| {
        let text = format!("schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n{scans}");
        what_is_made(&JobFile::from_text("job.toml", text).check().expect("a good job"))
    };
    let noise = "[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
    assert_eq!(told(noise), "398 network evaluations an event (200 steps of heun)");
    assert_eq!(
        told(&format!("{noise}solver = ['euler', 'dpmpp_2m']\nsteps = [30, 60]\n")),
        "29 to 60 network evaluations an event (30 to 60 steps of dpmpp_2m, 30 to 60 steps of euler)"
    );
    let partial = told("[[scan]]\nmethod = 'sr'\nn_signal = [0]\nsigma_prime = [0.62, 2.24]\n");
    assert_eq!(partial, "174 to 220 network evaluations an event (200 steps of heun)");
    assert_eq!(told("[[scan]]\nmethod = 'cathode'\nn_signal = [0]\n"), "one pass an event");
    assert_eq!(duration([0.0_f64; 0].iter().sum()), "0 s");
}

/// Lists of whole numbers, besides.
const LISTS: [&str; 4] =
    ["\"0-4000000000\"", "\"0-9999\"", "\"0-99998,99999,100000-199999\"", "[4294967295]"];
/// Longest time of one job, built without optimisation on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Most address space, in kibibytes, of a test that looks at hundreds of jobs.
const MOST_MEMORY: u64 = 6_000_000;

/// Every method and every axis.
const SCANS: &str = r#"
[[scan]]
method = "noise"
n_signal = [0, 1000]
oversampling = [1, 5]
sigma_prime = [2.24, 80.0]
steps = [100, 200]
signal_region_gev = [[3300, 3700], [3400, 3600]]
side_bands_gev = [[2800, 6000]]
classifier = ["mlp", "trees"]
[[scan]]
method = "sr"
n_signal = [1000]
sigma_prime = [0.62]
[[scan]]
method = "mc"
n_signal = 1000
[[scan]]
method = "curtains_f4f_efficient"
n_signal = [1000]
oversampling = 4
[[scan]]
method = "feta"
n_signal = [1000]
[[scan]]
method = "gensr"
n_signal = [1000]
oversampling = [2]
data_oversampling = [3]
[[scan]]
method = "over_idealised"
n_signal = [1000]
oversampling = [2]
[[scan]]
method = "supervised"
"#;
const SCANS_OF_JETS: &str = r#"
[[scan]]
method = "sr"
inputs = ["hlv", "llv"]
kinematics = ["kept", "diffused"]
n_signal = [0, 1000]
oversampling = [2]
[[scan]]
method = "noise"
inputs = ["llv"]
n_signal = [1000]
"#;

/// The defaults, as they stand in their file, with other scans.
fn with_scans(scans: &str) -> String {
    let (sections, _) = DEFAULTS.split_once("[[scan]]").expect("a scan");
    let of_file = |text: &str| text.replacen("source = \"none\"", "source = \"file\"", 1);
    let (before, other) = sections.split_once("[other_sample]").expect("another sample");
    // What is left to the device is a number as well.
    format!("{}[other_sample]{}{scans}", of_file(before), of_file(other)).replace("\"auto\"", "1")
}

/// Every value that is a number, a list of numbers, or a list of them written as text, with its dotted key.
fn numbers(text: &str) -> Vec<(String, Range<usize>)> {
    let (table, errors) = DeTable::parse_recoverable(text);
    assert!(errors.is_empty(), "{errors:?}");
    let mut found = Vec::new();
    collect(table.get_ref(), "", &mut found);
    found
}

fn collect(table: &DeTable<'_>, path: &str, found: &mut Vec<(String, Range<usize>)>) {
    for (key, value) in table {
        let path = format!("{path}{}", key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => collect(inner, &format!("{path}."), found),
            DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
                for table in items.iter().filter_map(|item| item.get_ref().as_table()) {
                    collect(table, &format!("{path}."), found);
                }
            }
            DeValue::Integer(_) | DeValue::Float(_) => found.push((path, value.span())),
            DeValue::Array(items) if items.iter().all(|item| is_number(item.get_ref())) => {
                found.push((path, value.span()));
            }
            DeValue::String(text) if text.starts_with(|first: char| first.is_ascii_digit()) => {
                found.push((path, value.span()));
            }
            _ => {}
        }
    }
}

fn is_number(value: &DeValue<'_>) -> bool {
    let inside = |items: &toml::de::DeArray<'_>| items.iter().all(|item| is_number(item.get_ref()));
    value.is_integer() || value.is_float() || value.as_array().is_some_and(inside)
}

pub(super) fn plan_of(format: Format) -> Plan {
    Plan {
        job: None,
        defaults: false,
        changes: vec![],
        ranks: Some(u32::MAX),
        rates: vec![],
        simulated_ranks: vec![],
        points: true,
        tasks: false,
        format,
    }
}

/// Plans a job in both formats; whether it is one.
fn look(text: &str, what: &str) -> bool {
    let begin = Instant::now();
    let file = JobFile::from_text("job.toml", text);
    let is_job = match file.check() {
        Ok(_) => {
            for format in [Format::Text, Format::Json] {
                let answer = plan_of(format).of(&file).expect("a plan");
                assert!(answer.len() < 500_000_000, "{what}: {} bytes", answer.len());
            }
            true
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.lines().count() <= 24 && message.len() < 8000, "{what}: {message}");
            false
        }
    };
    assert!(begin.elapsed() < PATIENCE, "{what} took {:?}", begin.elapsed());
    is_job
}

/// Address space that this process had at most, in kibibytes.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn try_extremes(scans: &str, layout: &str) -> (usize, usize) {
    let text = with_scans(scans).replacen("layout = \"lhco_features\"", &format!("layout = \"{layout}\""), 1);
    assert!(look(&text, "the job itself"), "{:?}", JobFile::from_text("job.toml", text).check().err());
    let (mut keys, mut jobs) = (0, 0);
    for (key, place) in numbers(&text) {
        keys += 1;
        for extreme in EXTREMES.iter().chain(&LISTS) {
            let mut changed = text.clone();
            changed.replace_range(place.clone(), extreme);
            jobs += usize::from(look(&changed, &format!("{key} = {extreme}")));
        }
        if let Some(peak) = peak() {
            assert!(peak < MOST_MEMORY, "{key}: {peak} kB");
        }
    }
    (keys, jobs)
}

#[test]
fn any_number_in_any_key_is_planned_or_refused() {
    let (keys, jobs) = try_extremes(SCANS, "lhco_features");
    // Keys of the defaults are found in their file, so that new ones are tried as well.
    assert!(keys > 90, "{keys} keys");
    assert!(jobs > 500, "{jobs} of them were jobs");
}

#[test]
fn any_number_in_a_job_of_jets_is_planned_or_refused() {
    let (keys, jobs) = try_extremes(SCANS_OF_JETS, "table");
    assert!(keys > 80 && jobs > 500, "{keys} keys, {jobs} jobs");
}

#[test]
fn long_axes_are_refused_before_they_are_multiplied() {
    let axis = |name: &str, count: u32| {
        let values: Vec<String> = (1..=count).map(|value| value.to_string()).collect();
        format!("{name} = [{}]\n", values.join(","))
    };
    let scan =
        format!("\n[[scan]]\nmethod = \"noise\"\n{}{}", axis("n_signal", 5000), axis("oversampling", 5000));
    let error = JobFile::from_text("job.toml", with_scans(&scan)).check().expect_err("25 million points");
    assert!(error.to_string().contains("name fewer"), "{error}");
    let seeds = with_scans("\n[[scan]]\nmethod = \"noise\"\nn_signal = \"0-999\"\n");
    let seeds = seeds.replacen("seeds = \"0-9\"", "seeds = \"0-49999\"", 1);
    let error = JobFile::from_text("job.toml", seeds).check().expect_err("5 million tasks");
    assert!(error.to_string().contains("classifier.seeds"), "{error}");
}

#[test]
fn a_seed_survives_the_way_through_json() {
    for seed in ["20240131123456", "9223372036854775807", "18446744073709551615"] {
        let text = DEFAULTS.replacen("seed = 1", &format!("seed = {seed}"), 1);
        let job = JobFile::from_text("job.toml", text).check().expect("a job");
        assert_eq!(job.seed.to_string(), seed);
        let json = serde_json::to_string(&job).expect("text");
        let back: Job = serde_json::from_str(&json).expect("the job");
        assert_eq!(back.seed, job.seed);
        let tree = serde_json::to_value(&job).expect("a tree");
        assert_eq!(tree["seed"].to_string(), seed);
    }
}

#[test]
fn a_plan_says_what_a_run_would_refuse() {
    let text = DEFAULTS.replacen("width = 64", "width = 100000000", 1);
    let job = JobFile::from_text("job.toml", text);
    let answer = plan_of(Format::Text).of(&job).expect("a plan").replace("\n  ", " ");
    assert!(answer.contains("warning: ") && answer.contains("lower denoiser.width"), "{answer}");
    assert!(answer.contains("memory: about") && answer.contains("disk: about"), "{answer}");
    let usual = JobFile::from_text("job.toml", DEFAULTS.as_str());
    assert!(!plan_of(Format::Text).of(&usual).expect("a plan").contains("warning:"));
}

#[test]
fn a_plan_says_whose_numbers_of_events_it_has() {
    let told = |more: &str| {
        let text = format!(
            "schema = 1\nname = 'own'\n[data]\nevents = 'mine.h5'\n{more}[[scan]]\nmethod = 'noise'\nn_signal = [0]\n"
        );
        plan_of(Format::Text)
            .of(&JobFile::from_text("job.toml", text))
            .expect("a plan")
            .contains("run JOB --dry-run")
    };
    assert!(told("") && !told("[pricing]\nside_band_events = 500\n"));
    let published = JobFile::from_text("job.toml", DEFAULTS.as_str());
    assert!(!plan_of(Format::Text).of(&published).expect("a plan").contains("--dry-run"));
}

/// Every job of the repository, and jobs whose axes all vary.
fn jobs() -> Vec<(String, JobFile)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../jobs");
    let files = std::fs::read_dir(folder).expect("jobs").map(|entry| entry.expect("an entry").path());
    let mut jobs: Vec<(String, JobFile)> =
        files.map(|path| (path.display().to_string(), JobFile::open(&path).expect("a file"))).collect();
    for (scans, layout) in [(SCANS, "lhco_features"), (SCANS_OF_JETS, "table")] {
        let text =
            with_scans(scans).replacen("layout = \"lhco_features\"", &format!("layout = \"{layout}\""), 1);
        jobs.push((layout.to_owned(), JobFile::from_text("job.toml", text)));
    }
    jobs
}

#[test]
fn a_plan_fits_the_page() {
    let rates = tempfile::tempdir().expect("a folder");
    let gpu = rates.path().join("gpu.json");
    let fast = Rates { device: "NVIDIA H100 80GB HBM3".into(), ..Rates::CPU_CORE };
    std::fs::write(&gpu, serde_json::to_vec(&fast).expect("JSON")).expect("room");
    for (name, job) in jobs() {
        for rates in [vec![], vec![gpu.clone()]] {
            let mut plan = plan_of(Format::Text);
            plan.tasks = true;
            plan.rates = rates;
            plan.simulated_ranks = vec![64];
            let answer = plan.of(&job).expect("a plan");
            for line in answer.lines() {
                assert!(line.chars().count() <= 100, "{name}: {line}");
            }
        }
    }
}

#[test]
fn a_plan_shows_a_row_a_method_and_only_axes_that_vary() {
    let text = DEFAULTS.replace("n_signal = [", "oversampling = [1, 5]\nn_signal = [");
    let file = JobFile::from_text("job.toml", text);
    let mut plan = plan_of(Format::Text);
    plan.points = false;
    let answer = plan.of(&file).expect("a plan");
    let row = answer.lines().find(|line| line.contains("DRAPES ∅")).expect("a row");
    assert!(row.contains("  18      0 … 3000 (9)  1 5"), "{row}");
    let heading = answer.lines().find(|line| line.contains("method")).expect("headings");
    let headings: Vec<&str> = heading.split_whitespace().collect();
    assert_eq!(headings, ["method", "points", "injected", "over-sampling"]);
    assert!(answer.contains("\nin common: side-bands 2800-6000, classifiers mlp\n"), "{answer}");
    assert!(
        answer.contains("\nshared: 9 fits by 18 points, 9 trainings by 18, 9 templates by 18\n"),
        "{answer}"
    );
    assert!(
        answer.contains("--device cuda --rates gpu.json") && !answer.contains("--share-gpus"),
        "{answer}"
    );
    assert!(!answer.contains("noise-s"), "points only where they are asked for: {answer}");
    plan.points = true;
    let answer = plan.of(&file).expect("a plan");
    for point in &file.check().expect("a job").points {
        assert_eq!(
            answer.lines().filter(|line| line.trim().starts_with(&format!("{point} "))).count(),
            1,
            "{point}"
        );
    }
    plan.format = Format::Json;
    let json: serde_json::Value = serde_json::from_str(&plan.of(&file).expect("a plan")).expect("JSON");
    assert_eq!(json["scan"].as_array().map(Vec::len), Some(18));
    assert_eq!(json["methods"][0]["axes"]["over-sampling"], serde_json::json!(["1", "5"]));
    let parts =
        json["disk"].as_array().expect("stages").iter().map(|stage| stage["bytes"].as_f64().expect("bytes"));
    assert!((parts.sum::<f64>() / json["bytes"].as_f64().expect("bytes") - 1.0).abs() < 1e-9);
}

#[test]
fn a_search_is_told_by_its_trainings_and_pseudo_experiments() {
    let told = |search: &str| {
        let text = format!(
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.csv'\nlayout = 'table'\n[search]\nwindows_gev = [[3300, 3700]]\n\
             injected = 5\n{search}\n"
        );
        let job = JobFile::from_text("job.toml", text).check().expect("a good job");
        what(&job, &plan::Plan::of(&job), Stage::Classify)
    };
    assert_eq!(told(""), "15 trainings of trees a window");
    assert_eq!(
        told("trainings = 1\ncalibrate = 100\nsensitivity = [1, 2]\nsensitivity_experiments = 10"),
        "5 trainings of trees a window, 100 pseudo-experiments, 20 with signal"
    );
    assert_eq!(
        told("sensitivity = [1]\nsensitivity_experiments = 10"),
        "15 trainings of trees a window, 10 pseudo-experiments with signal"
    );
    // Beside points of a scan both are told.
    let both = told("[[scan]]\nmethod = 'noise'\nn_signal = [0]");
    assert!(both.starts_with("50 classifiers a point, 20 epochs; 15 trainings"), "{both}");
}
