//! The time that tasks have taken so far, also those without a record: stopped or crashed trainings, and running tasks.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plan::device_kind::is_gpu;
use crate::plan::{Plan, Task};
use crate::store::{Store, TaskState};

/// The first 512 bytes of a checkpoint. HDF5 leaves them to its users, and so they can be read without HDF5.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heading {
    /// Seconds of work behind it.
    pub seconds: f64,
    /// The share of the task that is done; zero in those of earlier versions.
    #[serde(default)]
    pub share: f64,
    /// The device that they were spent on.
    pub device: String,
}

impl Heading {
    /// Its length in a file.
    pub const BYTES: usize = 512;

    /// The heading as a line of JSON, filled up with spaces.
    pub fn to_bytes(&self) -> Vec<u8> {
        // A name of a device and a finite number: this cannot fail.
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.resize(Self::BYTES - 1, b' ');
        bytes.push(b'\n');
        bytes
    }

    /// That of a checkpoint; none if there is none.
    pub fn of(checkpoint: &Path) -> Option<Self> {
        let mut bytes = vec![0; Self::BYTES];
        File::open(checkpoint).ok()?.read_exact(&mut bytes).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

/// Time that was spent on a task.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeSpent {
    /// On a processor core.
    pub core_seconds: f64,
    /// On a GPU.
    pub gpu_seconds: f64,
}

impl TimeSpent {
    fn on(device: &str, seconds: f64) -> Self {
        if is_gpu(device) {
            Self { gpu_seconds: seconds, ..Self::default() }
        } else {
            Self { core_seconds: seconds, ..Self::default() }
        }
    }

    /// The sum over devices.
    pub fn seconds(&self) -> f64 {
        self.core_seconds + self.gpu_seconds
    }

    /// The sum of this time and another.
    pub fn and(&self, other: &Self) -> Self {
        Self {
            core_seconds: self.core_seconds + other.core_seconds,
            gpu_seconds: self.gpu_seconds + other.gpu_seconds,
        }
    }
}

/// The time that every task of a plan has taken, ended or not. Time that a run lost when it died, after its trainings were
/// last saved, is not written down anywhere and does not count.
pub fn time_spent(store: &Store, plan: &Plan, task_states: &[TaskState]) -> Vec<TimeSpent> {
    let devices = devices(store);
    let now = seconds(SystemTime::now());
    plan.tasks
        .iter()
        .zip(task_states)
        .map(|(task, task_state)| of_task(store, task, task_state, &devices, now))
        .collect()
}

fn of_task(store: &Store, task: &Task, task_state: &TaskState, devices: &[String], now: f64) -> TimeSpent {
    if let Some(run) = task_state.run() {
        return TimeSpent::on(&run.device, run.seconds);
    }
    if matches!(task_state, TaskState::Waiting { .. } | TaskState::Lost { .. }) {
        return TimeSpent::default();
    }
    let checkpoint = store.checkpoint(&task.id);
    let heading = Heading::of(&checkpoint);
    let saved = heading.as_ref().map_or(0.0, |heading| heading.seconds);
    let TaskState::Running { rank, since, .. } = task_state else {
        return heading.map_or(TimeSpent::default(), |heading| TimeSpent::on(&heading.device, saved));
    };
    // A checkpoint of this run holds its time until then.
    let written = std::fs::metadata(&checkpoint).and_then(|file| file.modified()).map_or(0.0, seconds);
    let from = written.max(*since as f64);
    let device = heading.as_ref().map(|heading| &heading.device).or(devices.get(*rank));
    TimeSpent::on(device.map_or("cpu", String::as_str), saved + (now - from).max(0.0))
}

/// What the ranks of the last run compute on.
fn devices(store: &Store) -> Vec<String> {
    let text = std::fs::read(store.directory().join("provenance.json")).unwrap_or_default();
    let provenance: Value = serde_json::from_slice(&text).unwrap_or_default();
    let ranks = provenance["ranks"].as_array().cloned().unwrap_or_default();
    ranks.iter().map(|rank| rank["device"].as_str().unwrap_or_default().to_owned()).collect()
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;
    use crate::store::{RunInfo, StoredJob};

    #[test]
    fn stopped_and_running_work_counts() {
        let directory = tempfile::tempdir().expect("a directory");
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[compute]\ndenoisers_per_task = 1\n\
                    [[scan]]\nmethod = 'noise'\nn_signal = [0, 5, 10]\n";
        let file = JobFile::from_text("job.toml", text);
        let job = file.check().expect("a good job");
        let plan = Plan::of(&job);
        let store = Store::create(directory.path(), &file, &StoredJob { job, inputs: vec![] }).expect("room");
        let mut task_states = vec![TaskState::Ready; plan.tasks.len()];
        let trainings: Vec<usize> =
            (0..plan.tasks.len()).filter(|task| plan.tasks[*task].id.0.starts_with("train/")).collect();
        let run = RunInfo { seconds: 30.0, device: "cuda:0 (a GPU)".to_owned(), ..RunInfo::default() };
        task_states[trainings[0]] = TaskState::Done { run };
        let now = seconds(SystemTime::now());
        let since = (now - 100.0) as u64;
        task_states[trainings[1]] = TaskState::Running { host: "a".to_owned(), rank: 1, since, share: 0.5 };
        let save = |task: usize, seconds: f64, device: &str| {
            let heading = Heading { seconds, share: 0.5, device: device.to_owned() };
            let bytes = [heading.to_bytes(), b"\x89HDF".to_vec()].concat();
            std::fs::write(store.checkpoint(&plan.tasks[task].id), bytes).expect("room");
        };
        // Saved just now, 70 s of an earlier run and 100 s of this one.
        save(trainings[1], 170.0, "cpu");
        save(trainings[2], 40.0, "cpu");
        let found = time_spent(&store, &plan, &task_states);
        assert_eq!(found[trainings[0]], TimeSpent { gpu_seconds: 30.0, core_seconds: 0.0 });
        assert!((found[trainings[1]].core_seconds - 170.0).abs() < 3.0, "{found:?}");
        assert_eq!(found[trainings[2]], TimeSpent { gpu_seconds: 0.0, core_seconds: 40.0 });
        let all = found.iter().fold(TimeSpent::default(), |sum, one| sum.and(one));
        assert!((all.seconds() - 240.0).abs() < 3.0, "{all:?}");
        // Without a checkpoint, and on a device that the run's provenance tells.
        std::fs::remove_file(store.checkpoint(&plan.tasks[trainings[1]].id)).expect("a file");
        let provenance = r#"{"ranks": [{"device": "cpu"}, {"device": "cuda:1 (b)"}]}"#;
        std::fs::write(directory.path().join("provenance.json"), provenance).expect("room");
        let found = time_spent(&store, &plan, &task_states);
        assert!((found[trainings[1]].gpu_seconds - 100.0).abs() < 3.0, "{found:?}");
    }
}
