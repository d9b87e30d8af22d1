//! Jobs whose trainings take so long on the machine at hand, however fast it is.

use std::fs;
use std::path::{Path, PathBuf};

use super::{answer, drapes, files, small_job, write};

/// Passes that are tried to learn how long one takes.
const TRIED: usize = 120;

/// So many passes that each training of a job takes about that many seconds when it has a core: no fewer but for what a task takes
/// beside them.
pub fn epochs_that_last(place: &Path, seconds: f64, job: impl Fn(usize) -> PathBuf) -> usize {
    passes_that_last(place, seconds, ("train/*", "train"), job)
}

/// The same for classifiers of events that are there without a model.
pub fn classifier_epochs_that_last(place: &Path, seconds: f64, job: impl Fn(usize) -> PathBuf) -> usize {
    passes_that_last(place, seconds, ("classify/idealised-*", "classify"), job)
}

fn passes_that_last(
    place: &Path,
    seconds: f64,
    (tasks, stage): (&str, &str),
    job: impl Fn(usize) -> PathBuf,
) -> usize {
    let out = place.join("tried");
    answer(drapes().arg("run").arg(job(TRIED)).arg("--out").arg(&out).args(["--only", tasks]));
    let taken = files(&out.join("tasks").join(stage), "json").into_iter().map(|path| {
        let text = fs::read(&path).expect("a record");
        let record: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        record["run"]["seconds"].as_f64().expect("seconds")
    });
    let quickest = taken.min_by(f64::total_cmp).expect("a training").max(0.01);
    fs::remove_dir_all(&out).expect("our own directory");
    ((seconds / quickest * TRIED as f64).ceil() as usize).max(TRIED)
}

/// The small job with trainings of so many passes.
pub fn trained_longer(place: &Path, epochs: usize) -> PathBuf {
    let text = fs::read_to_string(small_job(place, "")).expect("the job");
    let (once, longer) = ("epochs = 1\nbatch", format!("epochs = {epochs}\nbatch"));
    assert!(text.contains(once), "{text}");
    write(place, "long.toml", &text.replace(once, &longer))
}

/// The small job with two trainings that are still at work some seconds after they began, and that end soon after.
pub fn lasting_job(place: &Path) -> PathBuf {
    let epochs = epochs_that_last(place, 4.0, |epochs| trained_longer(place, epochs));
    trained_longer(place, epochs)
}
