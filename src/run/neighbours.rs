//! Other jobs of an array, each with its shard of the same scan.

use drapes_analysis::fingerprint::Fingerprint;
use drapes_analysis::plan::Plan;
use drapes_analysis::store::{Liveness, Store, TaskState};

use crate::dispatch::{Neighbours, News};

/// The other shards of a directory, seen through its files.
pub struct Shards<'a> {
    pub store: &'a Store,
    pub plan: &'a Plan,
    pub fingerprints: Vec<Fingerprint>,
    /// Whether failures are tried again: a record of one is then news of the past.
    pub retried: bool,
}

impl Neighbours for Shards<'_> {
    fn news(&mut self, task: usize) -> Option<News> {
        match self.store.state(&self.plan.tasks[task], &self.fingerprints[task]) {
            TaskState::Done(_) => Some(News::Done),
            TaskState::Failed { .. } if !self.retried => Some(News::Failed),
            _ => None,
        }
    }

    fn at_work(&mut self) -> bool {
        self.store.occupants().iter().filter(|(_, liveness)| *liveness == Liveness::Alive).count() > 1
    }
}
