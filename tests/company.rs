//! Points whose classifiers train together, one of whose templates has failed: the others go without it.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use drapes_analysis::plan::TaskId;
use drapes_analysis::store::Store;
use drapes_analysis::store::record::{Outcome, TaskRecord};
use serde_json::Value;
use support::{ALONE, answer, directory, drapes, refusal, small_job, write};

const TEMPLATE: &str = "template/noise-s0-w2800-6000";
const GROUP: &str = "classify/noise-s0-w2800-6000-x1-and-1-c00";

fn run(job: &Path, out: &Path, more: &[&str]) -> Command {
    let mut run = drapes();
    run.arg("run").arg(job).arg("--out").arg(out).args(["--device", "cpu"]).args(more);
    run
}

/// What is recorded of a task, whole.
fn text(out: &Path, task: &str) -> String {
    fs::read_to_string(out.join(format!("tasks/{task}.json"))).expect("a record")
}

fn record(out: &Path, task: &str) -> TaskRecord {
    serde_json::from_str(&text(out, task)).expect("a record")
}

/// Classifiers of each point in the table of results, without the time that they took and the task that trained them.
fn rows(out: &Path) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut reader = csv::Reader::from_path(out.join("results.csv")).expect("results");
    let headings = reader.headers().expect("headings").clone();
    let place = |name: &str| headings.iter().position(|heading| heading == name).expect("a column");
    let (method, injected, seconds) = (place("method"), place("n_signal"), place("seconds"));
    let mut rows: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for row in reader.records().map(|row| row.expect("a row")) {
        let cells = row.iter().enumerate().filter(|(column, _)| *column != seconds);
        let cells = cells.map(|(_, cell)| cell.to_owned()).collect();
        rows.entry(format!("{} {}", &row[method], &row[injected])).or_default().push(cells);
    }
    rows
}

#[test]
fn a_failed_template_costs_its_own_point_alone_and_is_made_up_for() {
    let place = directory();
    let job = fs::read_to_string(small_job(place.path(), "")).expect("the job");
    let together = ALONE.replace("points_per_task = 1", "points_per_task = 2");
    let job = write(place.path(), "together.toml", &job.replace(ALONE, &together));
    let (out, whole) = (place.path().join("out"), place.path().join("whole"));
    answer(&mut run(&job, &whole, &[]));
    // Both templates are made; then one of them is as if it had failed.
    answer(&mut run(&job, &out, &["--only", "template/*"]));
    let store = Store::open(&out).expect("results");
    let mut failed = record(&out, TEMPLATE);
    assert_eq!(failed.id, TaskId(TEMPLATE.to_owned()));
    failed.outcome = Outcome::Failed { reason: "it left the finite numbers".to_owned() };
    store.write_record(&failed).expect("room");

    let (code, message) = refusal(&mut run(&job, &out, &[]));
    assert!(code == 4 && message.contains("1 of 12 tasks have no result"), "{code} {message}");
    let part: Value = serde_json::from_str(&text(&out, GROUP)).expect("a record");
    assert_eq!(part["run"]["lacks"], 1, "{part}");
    let (found, expected) = (rows(&out), rows(&whole));
    let noise = |rows: &BTreeMap<String, Vec<Vec<String>>>| -> Vec<String> {
        rows.keys().filter(|point| point.starts_with("noise")).cloned().collect()
    };
    assert_eq!((noise(&found), noise(&expected).len()), (vec!["noise 500".to_owned()], 2));
    for (point, rows) in &found {
        assert_eq!(rows, &expected[point], "{point}: as in company");
    }

    // What has failed stays so, and nothing is done twice.
    let before = text(&out, GROUP);
    let (code, _) = refusal(&mut run(&job, &out, &[]));
    assert_eq!((code, text(&out, GROUP)), (4, before));
    // Once the template is there, its point gets its classifiers too.
    answer(&mut run(&job, &out, &["--retry-failed"]));
    assert!(!text(&out, GROUP).contains("lacks"));
    assert_eq!(rows(&out), expected);
    let shown = answer(&mut run(&job, &out, &[]));
    assert!(!shown.contains("to do"), "{shown}");
}

#[test]
fn a_template_that_was_made_meanwhile_is_noticed_by_the_same_command() {
    let place = directory();
    let job = fs::read_to_string(small_job(place.path(), "")).expect("the job");
    let together = ALONE.replace("points_per_task = 1", "points_per_task = 2");
    let job = write(place.path(), "together.toml", &job.replace(ALONE, &together));
    let out = place.path().join("out");
    answer(&mut run(&job, &out, &["--only", "template/*"]));
    let store = Store::open(&out).expect("results");
    let good = record(&out, TEMPLATE);
    let outcome = Outcome::Failed { reason: "it left the finite numbers".to_owned() };
    store.write_record(&TaskRecord { outcome, ..good.clone() }).expect("room");
    refusal(&mut run(&job, &out, &[]));
    store.write_record(&good).expect("room");
    answer(&mut run(&job, &out, &[]));
    assert!(!text(&out, GROUP).contains("lacks"));
    assert_eq!(rows(&out).keys().filter(|point| point.starts_with("noise")).count(), 2);
}
