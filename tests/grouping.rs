//! A job that leaves to the device how its work is grouped: the directory keeps what it was begun with.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use drapes::device;
use support::{ALONE, answer, directory, drapes, records, refusal, small_job, write};

/// A job that says nothing of what trains together.
fn open_job(place: &Path) -> PathBuf {
    let text = fs::read_to_string(small_job(place, "")).expect("the job");
    assert!(text.contains(ALONE));
    write(place, "open.toml", &text.replace(ALONE, "[compute]\n"))
}

fn run(job: &Path, out: &Path, more: &[&str]) -> Command {
    let mut run = drapes();
    run.arg("run").arg(job).arg("--out").arg(out).args(more);
    run
}

/// Standard output and standard error of a command that ends well.
fn told(command: &mut Command) -> (String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(status.success(), "{}", text(&stderr));
    (text(&stdout), text(&stderr))
}

/// Records of trainings.
fn trainings(out: &Path) -> Vec<String> {
    records(out).into_keys().filter(|name| name.starts_with("tasks/train/")).collect()
}

#[test]
fn gpus_and_cores_group_what_a_job_leaves_open_as_suits_them() {
    let place = directory();
    let job = open_job(place.path());
    let out = place.path().join("out");
    // A dry run needs no GPU to say what there would be to do on one.
    let (list, notes) = told(&mut run(&job, &out, &["--device", "cuda", "--dry-run"]));
    assert!(
        list.contains("train/denoisers-w2800-6000-c00") && list.contains(" on one rank of GPUs"),
        "{list}"
    );
    assert!(notes.contains("2 denoisers and the classifiers of 2 points together"), "{notes}");
    let (list, notes) = told(&mut run(&job, &out, &["--device", "cpu", "--dry-run"]));
    assert!(
        list.contains("train/denoiser-s500-w2800-6000") && !notes.contains("grouped for GPUs"),
        "{list}{notes}"
    );
    // What a job names it means, on a GPU too.
    let named = small_job(place.path(), "");
    let (list, notes) = told(&mut run(&named, &out, &["--device", "cuda", "--dry-run"]));
    assert!(
        list.contains("train/denoiser-s500-w2800-6000") && !notes.contains("grouped for GPUs"),
        "{list}{notes}"
    );
}

#[test]
fn a_directory_goes_on_as_it_was_begun() {
    let place = directory();
    let job = open_job(place.path());
    let out = place.path().join("out");
    let together = ["--device", "cpu", "--set", "compute.denoisers_per_task=2", "--only", "train/*"];
    answer(&mut run(&job, &out, &together));
    let begun = records(&out);
    assert_eq!(trainings(&out).len(), 1, "both denoisers in one task: {begun:?}");
    // Without the change, and on any device, the same tasks are meant.
    let (_, notes) = told(&mut run(&job, &out, &["--device", "cuda", "--dry-run"]));
    assert!(notes.contains("was begun: 2 denoisers together"), "{notes}");
    let (_, notes) = told(&mut run(&job, &out, &["--device", "cpu"]));
    assert!(notes.contains("was begun: 2 denoisers together"), "{notes}");
    let done = records(&out);
    assert!(begun.iter().all(|(name, record)| done[name] == *record) && trainings(&out).len() == 1);
    let stored = fs::read_to_string(out.join("job.toml")).expect("the job");
    assert!(
        stored.contains("denoisers_per_task = 2"),
        "who reads it elsewhere finds the same tasks: {stored}"
    );
    // A number that would take finished tasks out is refused as ever.
    let (code, message) =
        refusal(&mut run(&job, &out, &["--device", "cpu", "--set", "compute.denoisers_per_task=1"]));
    assert!(code == 2 && message.contains("compute.denoisers_per_task"), "{message}");
}

#[test]
fn a_start_that_finds_no_gpu_binds_nobody() {
    if device::gpus() > 0 {
        eprintln!("skipped: there is a GPU here");
        return;
    }
    let place = directory();
    let job = open_job(place.path());
    let out = place.path().join("out");
    let (code, message) = refusal(&mut run(&job, &out, &["--device", "cuda"]));
    assert!(code == 3 && message.contains("GPU") && !message.contains("grouped for"), "{code} {message}");
    answer(&mut run(&job, &out, &["--device", "cpu", "--only", "train/*"]));
    assert_eq!(trainings(&out).len(), 2, "each denoiser in a task of its own");
}
