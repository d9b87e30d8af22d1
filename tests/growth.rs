//! A scan that grows: only what is new is done, and all is as if it had been asked for at once.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{answer, arrays, directory, drapes, records, refusal, small_job, write};

fn run(job: &Path, out: &Path) -> Command {
    let mut run = drapes();
    run.arg("run").arg(job).arg("--out").arg(out);
    run
}

/// Standard output and standard error of a run that ends well.
fn told(job: &Path, out: &Path) -> (String, String) {
    let output = run(job, out).output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

/// Rows of results.csv by all but the time, in any order.
fn rows(out: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(out.join("results.csv")).expect("results");
    let time = reader.headers().expect("headings").iter().position(|heading| heading == "seconds");
    let row = |record: csv::StringRecord| {
        let cells = record.iter().enumerate().filter(|(column, _)| Some(*column) != time);
        cells.map(|(_, cell)| cell.to_owned()).collect()
    };
    let mut rows: Vec<Vec<String>> = reader.records().map(|record| row(record.expect("a row"))).collect();
    rows.sort();
    rows
}

#[test]
fn a_scan_that_has_grown_is_as_one_from_the_start() {
    let place = directory();
    let first = small_job(place.path(), "");
    let text = fs::read_to_string(&first).expect("the job");
    let (out, whole) = (place.path().join("out"), place.path().join("whole"));
    answer(&mut run(&first, &out));
    let before = (records(&out), arrays(&out));
    let steps = [
        ("[0, 500]", "[0, 250, 500, 1000]"),
        ("seeds = '0-1'", "seeds = '0-2'"),
        (
            "[[scan]]\nmethod = 'supervised'",
            "[[scan]]\nmethod = 'sr'\nn_signal = [500]\noversampling = [1]\n[[scan]]\nmethod = 'supervised'",
        ),
        (
            "[[scan]]\nmethod = 'supervised'",
            "[[scan]]\nmethod = 'noise'\nn_signal = [500]\noversampling = [1]\nside_bands_gev = [[2900, 5000]]\n\
             [[scan]]\nmethod = 'supervised'",
        ),
    ];
    let (mut grown, mut job) = (text.clone(), first.clone());
    for (from, to) in steps {
        assert!(grown.contains(from));
        grown = grown.replace(from, to);
        job = write(place.path(), "grown.toml", &grown);
        let known = records(&out).len();
        let (answer, notes) = told(&job, &out);
        assert!(
            answer.contains("the job has grown") && notes.contains("what is finished stays as it is"),
            "{notes}"
        );
        let total = records(&out).len();
        assert!(notes.contains(&format!("{} of {total} tasks to do", total - known)), "{known}: {notes}");
    }
    let status = answer(drapes().arg("status").arg(&out));
    assert!(
        status.contains("the job has grown 4 times, by 4 points (new: DRAPES SR) and 1 seed"),
        "{status}"
    );
    answer(&mut run(&job, &whole));
    assert_eq!(records(&out), records(&whole));
    assert!(arrays(&out) == arrays(&whole), "weights and events to the bit");
    assert_eq!(rows(&out), rows(&whole));
    for (name, record) in &before.0 {
        assert_eq!(&records(&out)[name], record, "{name}");
    }
    // The job as it was lacks what is finished: refused, and nothing changes.
    let now = records(&out);
    let (code, message) = refusal(&mut run(&first, &out));
    assert_eq!(code, 2, "{message}");
    assert!(
        message.contains("classifier.seeds lacks 2") && message.contains("scan lacks noise-s250"),
        "{message}"
    );
    let (code, message) =
        refusal(&mut run(&write(place.path(), "other.toml", &grown.replace("seed = 5", "seed = 6")), &out));
    assert!(code == 2 && message.contains("(these keys differ: seed)"), "{message}");
    let (_, notes) = told(&job, &out);
    assert!(notes.contains("nothing to do"), "{notes}");
    assert_eq!(records(&out), now);
}

/// What each classifier found, by point, seed and fold: how they were grouped does not matter.
fn classifiers(out: &Path) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for record in records(out).values() {
        let done = &record["outcome"]["done"]["classify"];
        for classifier in done["classifiers"].as_array().into_iter().flatten() {
            let name = format!("{} {} {}", done["point"], classifier["seed"], classifier["fold"]);
            found.insert(name, classifier.clone());
        }
    }
    found
}

#[test]
fn groups_and_templates_that_grow_give_the_numbers_of_a_scan_from_the_start() {
    let place = directory();
    let text = fs::read_to_string(small_job(place.path(), "")).expect("the job");
    let text = text.replace("classifier_seeds_per_task = 1", "classifier_seeds_per_task = 2");
    // References withhold background, which other signal regions would lack.
    let end = text.find("[[scan]]\nmethod = 'idealised'").expect("references");
    let text = text[..end].replace("[independent_background]\nsource = 'withheld'\n", "");
    let first = write(place.path(), "first.toml", &text);
    // A seed that completes no group, a template that becomes larger, and another signal region.
    let grown = text.replace("'0-1'", "'0-2'").replace("oversampling = [1]", "oversampling = [1, 2]")
        + "[[scan]]\nmethod = 'noise'\nn_signal = [500]\noversampling = [1]\nsignal_region_gev = [[3500, 3900]]\n";
    let job = write(place.path(), "grown.toml", &grown);
    let (out, whole) = (place.path().join("out"), place.path().join("whole"));
    answer(&mut run(&first, &out));
    let before = records(&out);
    answer(&mut run(&job, &out));
    answer(&mut run(&job, &whole));
    let after = records(&out);
    assert!(before.iter().all(|(name, record)| after[name] == *record), "what was finished stays");
    let (found, expected) = (classifiers(&out), classifiers(&whole));
    assert!(found.len() > 50 && found.keys().eq(expected.keys()), "{}", found.len());
    for (name, classifier) in &expected {
        assert_eq!(&found[name], classifier, "{name}");
    }
}
