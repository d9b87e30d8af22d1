//! Who works in a directory, and at what.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::occupancy::Process;
use crate::plan::TaskId;

/// A process that works in a directory, as its file says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Occupant {
    /// The process.
    pub process: Process,
    /// When it began, in seconds since 1970.
    pub since: u64,
    /// Its share of the scan, from 1.
    pub shard: u32,
    /// Of how many.
    pub shards: u32,
    /// Ranks that it has.
    pub ranks: usize,
    /// What tells the job that it works at from others; none until it has stored its job.
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
    /// Whether there is anything that they can do.
    #[serde(default)]
    pub activity: Activity,
    /// Seconds until they have done their part, as they see it: they know their machine, and whoever looks may sit at another.
    #[serde(default)]
    pub seconds_left: Option<f64>,
}

/// Seconds until all that work here have done their part; none where nobody works, or one of them has not said it.
pub fn seconds_left(occupants: &[(Occupant, Liveness)]) -> Option<f64> {
    let alive = occupants.iter().filter(|(_, liveness)| *liveness == Liveness::Alive);
    let told: Option<Vec<f64>> = alive.map(|(occupant, _)| occupant.doing.seconds_left).collect();
    told?.into_iter().reduce(f64::max)
}

/// Whether a process has something to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// It works.
    #[default]
    Working,
    /// All that is left to it waits for tasks of others.
    Waiting,
}

/// A task that a rank is at.
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

/// Whether an occupant still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It works.
    Alive,
    /// It is gone: its process has ended, or has not been heard of for long.
    Dead,
}

impl std::fmt::Display for Occupant {
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
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
