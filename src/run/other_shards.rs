//! What the other jobs of a job array have done in the same directory, each with its shard of the scan.

use std::collections::BTreeSet;

use drapes_analysis::dispatch::Shard;
use drapes_analysis::plan::Plan;
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::store::{Activity, Liveness, LockOwner, RecordState, Store};

use crate::dispatch::{OtherShards, TaskElsewhere};

/// The other shards of a directory, seen through its files.
pub struct Shards<'a> {
    pub store: &'a Store,
    pub plan: &'a Plan,
    pub fingerprints: &'a [Fingerprint],
    /// The shard of each task, from 1.
    pub owners: &'a [u32],
    pub count: u32,
    /// What was known of every task at the beginning. Where failures are tried again, the record of one that is still the
    /// same is news of the past.
    pub before: &'a [RecordState],
    pub retried: bool,
    /// Those that had tasks which were waited for and were not there, at the last look.
    pub absent: Vec<Shard>,
}

impl OtherShards for Shards<'_> {
    fn news(&mut self, task: usize) -> Option<TaskElsewhere> {
        match self.store.state(&self.plan.tasks[task], &self.fingerprints[task]) {
            RecordState::Done(_) => Some(TaskElsewhere::Done),
            state @ RecordState::Failed { .. } if !self.retried || state != self.before[task] => {
                Some(TaskElsewhere::Failed)
            }
            _ => None,
        }
    }

    fn is_at_work(&mut self, awaited: &[usize]) -> bool {
        let alive: Vec<LockOwner> = self
            .store
            .lock_owners()
            .into_iter()
            .filter(|(_, liveness)| *liveness == Liveness::Alive)
            .map(|(owner, _)| owner)
            .collect();
        let owners: BTreeSet<u32> = awaited.iter().map(|task| self.owners[*task]).collect();
        let of = |owner: u32| alive.iter().find(|who| (who.shard, who.shards) == (owner, self.count));
        let absent = owners.iter().filter(|owner| of(**owner).is_none());
        self.absent = absent.map(|index| Shard { index: *index, count: self.count }).collect();
        // A shard that itself waits for another one does not count as working: whether the one that it waits for is at work
        // decides.
        owners.into_iter().filter_map(of).any(|who| who.doing.activity == Activity::Working)
    }
}
