//! Folders of users: nothing of theirs is changed, whatever it is called.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use support::{answer, directory, drapes, refusal, small_job};

/// Files that a scan has, and more that end like them.
const NAMES: [&str; 27] = [
    "job.toml",
    "job.json",
    "results.csv",
    "provenance.json",
    "drawn.json",
    "report.html",
    "thesis.part",
    "results.csv.0123456789ab-3.part",
    "figures/fig05.csv",
    "figures/fig06.pdf",
    "figures/fig06.csv",
    "figures/training.svg",
    "figures/mine.part",
    "figures/earlier/fig06.csv",
    "tasks/folded.jsonl",
    "tasks/folded.h5",
    "tasks/notes.part",
    "tasks/fit/a.json",
    "tasks/train/a.h5",
    "tasks/train/a.checkpoint",
    "tasks/classify/a.stopped",
    "tasks/classify/a.0123456789ab-3.part",
    "running/turn.lock",
    "running/1-of-1.json",
    "running/1-of-1.stop",
    "logs/runs.jsonl",
    "logs/rank-000.log",
];

fn fill(folder: &Path, names: &[&str]) {
    for name in names {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("room");
        fs::write(path, format!("{{\"mine\": \"{name}\"}}")).expect("room");
    }
}

/// Every folder and file with its bytes.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            found.extend(bytes(&path));
            found.insert(path, None);
        } else {
            let content = fs::read(&path).expect("a file");
            found.insert(path, Some(content));
        }
    }
    found
}

#[test]
fn a_folder_of_a_user_stays_as_it_is() {
    let place = directory();
    let job = small_job(place.path(), "");
    let all = NAMES.as_slice();
    let each = NAMES.iter().map(std::slice::from_ref);
    for (count, names) in std::iter::once(all).chain(each).enumerate() {
        let out = place.path().join(format!("mine-{count}"));
        fill(&out, names);
        let before = bytes(&out);
        let runs: &[&[&str]] = if count == 0 {
            &[&[], &["--shard", "1/2"], &["--ranks", "2"], &["--retry-failed"]]
        } else {
            &[&[]]
        };
        for options in runs {
            let (code, message) =
                refusal(drapes().arg("run").arg(&job).arg("--out").arg(&out).args(*options));
            assert_eq!(code, 2, "{names:?}: {message}");
            assert!(message.contains("holds no scan of drapes and is not empty"), "{names:?}: {message}");
            assert!(bytes(&out) == before, "{names:?} {options:?}");
        }
        let export = place.path().join("export").display().to_string();
        let (hepdata, uhi) = (["export", "--hepdata", &export], ["export", "--uhi", &export]);
        let verbs: [&[&str]; 8] =
            [&["reduce"], &["plot"], &["report"], &["compact"], &["status"], &["stop"], &hepdata, &uhi];
        // All verbs ask the same question, so that one verb is tried on each single file.
        let is_thorough = std::env::var_os("DRAPES_KILLS").is_some();
        let asked = if count == 0 || is_thorough { &verbs[..] } else { &verbs[count % verbs.len()..][..1] };
        for verb in asked {
            let (code, message) = refusal(drapes().args(*verb).arg(&out));
            assert_eq!(code, 2, "{names:?}: {message}");
            assert!(message.contains("holds no results of drapes"), "{names:?}: {message}");
            assert!(bytes(&out) == before, "{names:?} {verb:?}");
        }
    }
    // The folder of the job itself, by its short name.
    let before = bytes(place.path());
    let mut run = drapes();
    let (code, _) = refusal(run.current_dir(place.path()).args(["run", "small.toml", "--out", "."]));
    assert_eq!(code, 2);
    assert!(bytes(place.path()) == before);
}

#[test]
fn what_a_user_puts_into_a_scan_stays() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    fs::create_dir(&out).expect("an empty folder is free");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&out));
    let extras = [
        "notes.txt",
        "thesis.part",
        "data.h5.part",
        "mine.0123456789ab-3.part",
        "figures/mine.pdf",
        "figures/mine.part",
        "figures/fig06.pdf",
        "figures/fig17.png",
        "figures/earlier/fig06.csv",
        "tasks/list.txt",
        "tasks/classify/notes.part",
        "running/readme.txt",
        "running/1-of-1.stop",
        "running/bus.stop",
        "logs/mine.log",
    ];
    fill(&out, &extras);
    let kept = |out: &Path| -> Vec<Option<Vec<u8>>> {
        extras.iter().map(|name| fs::read(out.join(name)).ok()).collect()
    };
    let before = kept(&out);
    // What a process of ours has left goes.
    let left = [
        "results.csv.0123456789ab-3.part",
        "report.html.0123456789ab-3.part",
        "tasks/fit/a.json.0123456789ab-3.part",
        "tasks/template/a.checkpoint.0123456789ab-3.part",
        "tasks/template/a.stopped.0123456789ab-3.part",
    ];
    fill(&out, &left);
    fs::remove_file(out.join("drawn.json")).expect("what was drawn");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&out));
    assert!(left.iter().all(|name| !out.join(name).exists()));
    for verb in ["reduce", "plot", "report", "compact", "status", "reduce"] {
        answer(drapes().arg(verb).arg(&out));
        assert!(kept(&out) == before, "{verb}");
    }
    // A table of the user's under the name of one of ours makes room.
    fill(&out, &["results.csv", "figures/fig04.csv", "figures/fig04.pdf"]);
    answer(drapes().arg("reduce").arg(&out));
    for name in ["results.csv", "fig04.csv", "fig04.pdf"] {
        let moved = fs::read_to_string(out.join("figures/earlier").join(name)).expect("the user's file");
        assert!(moved.contains("mine"), "{name}");
    }
    assert!(fs::read_to_string(out.join("results.csv")).expect("results").starts_with("task,method"));
    // So does a page.
    fill(&out, &["report.html"]);
    answer(drapes().arg("report").arg(&out));
    let moved = fs::read_to_string(out.join("figures/earlier/report.html")).expect("the user's file");
    assert!(moved.contains("mine"));
    assert!(fs::read_to_string(out.join("report.html")).expect("a page").starts_with("<!doctype html>"));
    let (code, message) = refusal(drapes().arg("report").arg(&out).arg("--out").arg(out.join("notes.txt")));
    assert!(code == 2 && message.contains("is no report of drapes"), "{message}");
    assert!(kept(&out) == before);
}
