//! The page of a scan: `run` leaves one, and `report` makes it of any directory that holds a scan.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::lasting::trained_longer;
use support::{answer, directory, drapes, files, mpirun, refusal, small_job};

/// Everything that a report must not change: records, arrays, the job, tables and pictures.
fn results(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let kinds = ["json", "h5", "csv", "toml", "svg", "png", "pdf", "jsonl"];
    let found = kinds.iter().flat_map(|kind| files(out, kind));
    found.map(|path| (path.clone(), fs::read(path).expect("a file"))).collect()
}

fn page(out: &Path) -> String {
    fs::read_to_string(out.join("report.html")).expect("a page")
}

#[test]
fn a_run_leaves_a_page_and_report_makes_it_again_without_a_change() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    let told = answer(mpirun(2).arg("run").arg(&job).arg("--out").arg(&out));
    assert!(told.contains("report.html"), "{told}");
    let first = page(&out);
    assert!(first.contains(">finished</span>") && !first.contains("<body data-running"), "it has ended");
    for part in [
        "DRAPES ∅",
        "id=\"fig05\"",
        "id=\"trainings\"",
        "demo_dijets.features.h5",
        "SHA-256",
        "name = &#39;small&#39;",
    ] {
        assert!(first.contains(part), "{part}");
    }
    // Both ranks have a lane, with bars at their time of day.
    assert!(first.contains("rank 0<small>") && first.contains("rank 1<small>"));
    assert!(first.contains("without pauses in which no rank worked"));
    // Nothing in it points elsewhere.
    for reference in ["src=", "http-equiv=\"refresh\"", "@import", "url(\"", "href=\"http"] {
        assert!(!first.contains(reference), "{reference}");
    }
    let before = results(&out);
    let told = answer(drapes().arg("report").arg(&out));
    assert_eq!(told.trim(), out.join("report.html").display().to_string());
    let told = answer(drapes().args(["report", "--format", "json"]).arg(&out));
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["name"], "small");
    assert_eq!(told["progress"]["state"], "finished");
    assert_eq!(told["page"], out.join("report.html").display().to_string());
    assert_eq!(told["methods"]["rows"].as_array().map(Vec::len), Some(4));
    assert!(told["figures"].as_array().expect("figures").iter().any(|figure| figure["name"] == "fig05"));
    assert!(results(&out) == before, "a report changes no result");
    // Asked to be quiet, a run that has nothing to do says nothing.
    let quiet = drapes().args(["run", "-q"]).arg(&job).arg("--out").arg(&out).output().expect("a run");
    assert_eq!((quiet.status.code(), quiet.stdout.len(), quiet.stderr.len()), (Some(0), 0, 0), "{quiet:?}");
    // A bare name lies in the working directory.
    answer(drapes().current_dir(place.path()).arg("report").arg(&out).args(["--out", "bare.html"]));
    assert!(place.path().join("bare.html").exists());
    // Somewhere else, and from a copy of what is needed to draw at home.
    let elsewhere = place.path().join("mine.html");
    answer(drapes().arg("report").arg(&out).arg("--out").arg(&elsewhere));
    assert!(fs::read_to_string(&elsewhere).expect("a page").contains("id=\"fig05\""));
    let home = place.path().join("home");
    fs::create_dir_all(home.join("figures")).expect("room");
    for name in ["job.json", "figures/fig05.csv"] {
        fs::copy(out.join(name), home.join(name)).expect("room");
    }
    answer(drapes().arg("report").arg(&home));
    let home = page(&home);
    assert!(home.contains("id=\"fig05\"") && home.contains("badge incomplete"));
}

#[test]
fn what_is_no_scan_or_is_damaged_is_refused_and_says_why() {
    let place = directory();
    let empty = place.path().join("empty");
    fs::create_dir(&empty).expect("room");
    let (code, message) = refusal(drapes().arg("report").arg(&empty));
    assert!(code == 2 && message.contains("holds no results of drapes (it has no job.json)"), "{message}");
    let (code, message) = refusal(drapes().arg("report").arg(place.path().join("nowhere")));
    assert!(code == 2 && message.contains("holds no results of drapes"), "{message}");
    fs::write(empty.join("job.json"), "{\"mine\": 1}").expect("room");
    let (code, message) = refusal(drapes().arg("report").arg(&empty));
    assert!(code == 2 && message.contains("its job.json is not one of drapes"), "{message}");
    assert_eq!(fs::read_dir(&empty).expect("a folder").count(), 1, "nothing is written there");
    // A scan whose job is torn, and one with a table that a spreadsheet has spoilt.
    let out = place.path().join("out");
    answer(drapes().arg("run").arg(small_job(place.path(), "")).arg("--out").arg(&out));
    let job = fs::read(out.join("job.json")).expect("the job");
    fs::write(out.join("job.json"), &job[..job.len() / 2]).expect("room");
    let (code, message) = refusal(drapes().arg("report").arg(&out));
    assert!(code == 2 && message.contains("cannot understand") && message.contains("job.json"), "{message}");
    fs::write(out.join("job.json"), job).expect("room");
    let table = fs::read_to_string(out.join("figures/fig05.csv")).expect("a table");
    let semicolons = table.replace(',', ";").replace('.', ",").replacen(";noise;", ";noise;a lot;", 1);
    fs::write(out.join("figures/fig05.csv"), semicolons).expect("room");
    let (code, message) = refusal(drapes().arg("report").arg(&out));
    assert!(code == 2 && message.contains("figures/fig05.csv") && message.contains("line "), "{message}");
    fs::write(out.join("figures/fig05.csv"), table).expect("room");
    // A record that is damaged or failed takes its own part with it, and the page says so with the command that helps.
    let record = files(&out.join("tasks/classify"), "json").into_iter().next().expect("a record");
    let bytes = fs::read(&record).expect("a record");
    let digit = bytes.iter().rposition(|byte| *byte == b'7').expect("a digit");
    let mut changed = bytes.clone();
    changed[digit] = b'8';
    fs::write(&record, changed).expect("room");
    answer(drapes().arg("report").arg(&out));
    let text = page(&out);
    assert!(text.contains("is damaged and counts for nothing here"), "{text}");
    assert!(text.contains("does these tasks again") && text.contains("drapes run "));
}

#[test]
fn a_running_scan_has_a_page() {
    let place = directory();
    // Long enough to be looked at, and stopped then.
    let job = trained_longer(place.path(), 30_000);
    let out = place.path().join("out");
    let mut run = drapes();
    let mut child =
        run.arg("run").arg(&job).arg("--out").arg(&out).stderr(Stdio::null()).spawn().expect("a start");
    let start = Instant::now();
    while !out.join("report.html").exists() {
        assert!(start.elapsed() < Duration::from_secs(120), "the run writes its page by itself");
        assert!(child.try_wait().expect("a child").is_none(), "it runs");
        std::thread::sleep(Duration::from_millis(100));
    }
    let told = answer(drapes().args(["report", "--format", "json"]).arg(&out));
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let pid = child.id().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("a signal");
    assert_eq!(child.wait().expect("an end").code(), Some(75));
    assert_eq!(told["progress"]["state"], "running", "{}", told["progress"]);
    assert!(told["progress"]["running"][0]["task"].as_str().is_some_and(|task| task.starts_with("train/")));
    // When it has stopped, the page says so, and what goes on.
    let text = page(&out);
    assert!(text.contains("badge incomplete") && !text.contains("<body data-running"));
    assert!(text.contains("nobody is at work") && text.contains("The same command goes on:"));
}
