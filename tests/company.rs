//! Points whose classifiers would train together, one of whose templates has failed: the same command does the others alone.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use drapes_analysis::plan::TaskId;
use drapes_analysis::store::Store;
use drapes_analysis::store::record::{Outcome, TaskRecord};
use support::{ALONE, answer, directory, drapes, refusal, small_job, write};

const TEMPLATE: &str = "template/noise-s0-w2800-6000";
const ALONE_NOW: &str = "classify/noise-s500-w2800-6000-x1-c00";

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
    let (method, injected) = (place("method"), place("n_signal"));
    let (seconds, task) = (place("seconds"), place("task"));
    let mut rows: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for row in reader.records().map(|row| row.expect("a row")) {
        let cells = row.iter().enumerate().filter(|(column, _)| ![seconds, task].contains(column));
        let cells = cells.map(|(_, cell)| cell.to_owned()).collect();
        rows.entry(format!("{} {}", &row[method], &row[injected])).or_default().push(cells);
    }
    rows
}

#[test]
fn a_failed_template_costs_its_own_point_alone() {
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

    // A dry run tells and writes nothing.
    let before = fs::read(out.join("job.json")).expect("the job");
    let shown = answer(&mut run(&job, &out, &["--dry-run"]));
    assert!(shown.contains("classify/noise-s500-w2800-6000-x1-c00") && !shown.contains("-and-1-"), "{shown}");
    assert_eq!(fs::read(out.join("job.json")).expect("the job"), before);

    let (code, message) = refusal(&mut run(&job, &out, &[]));
    assert!(code == 4 && message.contains("1 point is classified alone from now on"), "{code} {message}");
    let (found, expected) = (rows(&out), rows(&whole));
    let noise = |rows: &BTreeMap<String, Vec<Vec<String>>>| -> Vec<String> {
        rows.keys().filter(|point| point.starts_with("noise")).cloned().collect()
    };
    assert_eq!((noise(&found), noise(&expected).len()), (vec!["noise 500".to_owned()], 2));
    for (point, rows) in &found {
        assert_eq!(rows, &expected[point], "{point}: as in company");
    }

    // What has failed stays so, and nothing is done twice.
    let before = text(&out, ALONE_NOW);
    let (code, message) = refusal(&mut run(&job, &out, &[]));
    assert!(code == 4 && !message.contains("from now on"), "{code} {message}");
    assert_eq!(text(&out, ALONE_NOW), before);
    // Once the template is there, its point gets its classifiers too. A job that grows keeps them apart.
    let grown =
        fs::read_to_string(&job).expect("the job").replace("n_signal = [0, 500]", "n_signal = [0, 250, 500]");
    let grown = write(place.path(), "grown.toml", &grown);
    answer(&mut run(&grown, &out, &["--retry-failed"]));
    assert_eq!(text(&out, ALONE_NOW), before);
    for (point, rows) in rows(&out).iter().filter(|(point, _)| *point != "noise 250") {
        assert_eq!(rows, &expected[point], "{point}");
    }
    assert_eq!(noise(&rows(&out)).len(), 3);
}

#[test]
fn a_failed_template_that_is_tried_again_leaves_the_company_whole() {
    let place = directory();
    let job = fs::read_to_string(small_job(place.path(), "")).expect("the job");
    let together = ALONE.replace("points_per_task = 1", "points_per_task = 2");
    let job = write(place.path(), "together.toml", &job.replace(ALONE, &together));
    let out = place.path().join("out");
    answer(&mut run(&job, &out, &["--only", "template/*"]));
    let store = Store::open(&out).expect("results");
    let outcome = Outcome::Failed { reason: "the disk was full".to_owned() };
    store.write_record(&TaskRecord { outcome, ..record(&out, TEMPLATE) }).expect("room");
    answer(&mut run(&job, &out, &["--retry-failed"]));
    assert!(text(&out, "classify/noise-s0-w2800-6000-x1-and-1-c00").contains("done"));
}
