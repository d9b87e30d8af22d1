//! The owner of a directory's lock: the process that works there, and what its ranks do.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::directory_lock::Process;
use crate::plan::TaskId;

/// A process that works in a directory, as its lock file names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LockOwner {
    /// The process.
    pub process: Process,
    /// When it began, in seconds since 1970.
    pub since: u64,
    /// Its shard of the scan, from 1.
    pub shard: u32,
    /// The number of shards.
    pub shards: u32,
    /// Ranks that it has.
    pub ranks: usize,
    /// A digest of the job that it works at, which tells it from other jobs; none until it has stored its job.
    #[serde(default)]
    pub job: Option<String>,
    /// What they do.
    #[serde(flatten)]
    pub doing: Doing,
}

/// What the ranks of a process do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Doing {
    /// Tasks that run.
    pub running: Vec<RunningTask>,
    /// Failed tasks that are still to be tried again.
    #[serde(default)]
    pub retrying: Vec<TaskId>,
    /// Whether they have something to do or wait for other shards.
    #[serde(default)]
    pub activity: Activity,
    /// Seconds until they have done their part, by their own estimate: they know the speed of their machine, while the
    /// process that asks may run on another one.
    #[serde(default)]
    pub seconds_left: Option<f64>,
    /// When they said so, in seconds since 1970: what has passed since then is over.
    #[serde(default)]
    pub told: f64,
}

impl Doing {
    /// The same, said now.
    pub fn said_now(self) -> Self {
        Self { told: precise_now(), ..self }
    }

    /// Seconds that are left at this moment, in seconds since 1970.
    fn left_at(&self, moment: f64) -> Option<f64> {
        // Clocks of two machines differ, and a run that is held up is none that ends.
        let since = (moment - self.told).clamp(0.0, LONGEST_SILENCE);
        self.seconds_left.map(|seconds| (seconds - since).max(0.0))
    }
}

/// A run says how long it takes whenever that changes, and after so many seconds at the latest, if all is well.
const LONGEST_SILENCE: f64 = 10.0;

/// Seconds until every living owner has done its part; none if there is no owner, or one of them has not estimated it.
pub fn seconds_left(owners: &[(LockOwner, Liveness)]) -> Option<f64> {
    let (alive, now) = (owners.iter().filter(|(_, liveness)| *liveness == Liveness::Alive), precise_now());
    let told: Option<Vec<f64>> = alive.map(|(owner, _)| owner.doing.left_at(now)).collect();
    told?.into_iter().reduce(f64::max)
}

/// Whether a process has something to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// It works.
    #[default]
    Working,
    /// All of its remaining tasks wait for tasks of other shards.
    Waiting,
}

/// A task that a rank works at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunningTask {
    /// The task.
    pub task: TaskId,
    /// The rank.
    pub rank: usize,
    /// When it began, in seconds since 1970.
    pub since: u64,
    /// The share of it that is done.
    pub share: f64,
}

/// Whether the owner of a lock still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It works.
    Alive,
    /// Its process has ended, or has written no heartbeat for long.
    Dead,
}

impl std::fmt::Display for LockOwner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let minutes = now().saturating_sub(self.since) / 60;
        write!(f, "process {} on {}, since {minutes} min", self.process.pid, self.process.host)?;
        if self.shards > 1 {
            write!(f, ", shard {}/{}", self.shard, self.shards)?;
        }
        match self.doing.activity {
            Activity::Waiting => f.write_str(", which waits for other shards"),
            Activity::Working => Ok(()),
        }
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    precise_now() as u64
}

/// Seconds since 1970, with their fraction.
fn precise_now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
