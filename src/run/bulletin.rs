//! What a run tells while it goes on: people on standard error, and whoever asks for the status.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use drapes_analysis::dispatch::Halt;
use drapes_analysis::plan::Plan;
use drapes_analysis::store::{Occupancy, RunningTask};

use crate::dispatch::{Ended, Observer};
use crate::error::Error;
use crate::progress::Progress;

/// What ranks do is written down so often.
const TELLING: Duration = Duration::from_secs(5);

/// Tells people and files what happens.
pub struct Bulletin<'a> {
    plan: &'a Plan,
    progress: Progress<'a>,
    occupancy: &'a mut Occupancy,
    running: BTreeMap<usize, RunningTask>,
    told: Instant,
    changed: bool,
}

impl<'a> Bulletin<'a> {
    pub fn new(plan: &'a Plan, progress: Progress<'a>, occupancy: &'a mut Occupancy) -> Self {
        Self { plan, progress, occupancy, running: BTreeMap::new(), told: Instant::now(), changed: false }
    }

    /// Takes the bar away.
    pub fn finish(self) {
        self.progress.finish();
    }
}

impl Observer for Bulletin<'_> {
    fn began(&mut self, task: usize, rank: usize) {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let id = self.plan.tasks[task].id.clone();
        // The first tasks are told at once.
        self.changed |= !self.running.is_empty();
        if self.running.is_empty() {
            self.told = self.told.checked_sub(TELLING).unwrap_or(self.told);
            self.changed = true;
        }
        self.running.insert(task, RunningTask { task: id, rank, since, share: 0.0 });
        self.progress.began(task, rank);
    }

    fn progress(&mut self, task: usize, share: f64) {
        if let Some(running) = self.running.get_mut(&task) {
            running.share = share;
            self.changed = true;
        }
        self.progress.progress(task, share);
    }

    fn ended(&mut self, task: usize, rank: usize, ended: &Ended) {
        self.running.remove(&task);
        self.changed = true;
        self.progress.ended(task, rank, ended);
    }

    fn lost(&mut self, task: usize, needs: usize) {
        self.progress.lost(task, needs);
    }

    fn retired(&mut self, rank: usize, reason: &str) {
        self.progress.retired(rank, reason);
    }

    fn halting(&mut self, why: Halt) {
        self.progress.halting(why);
    }

    fn pulse(&mut self) -> Result<(), Error> {
        if self.changed && self.told.elapsed() >= TELLING {
            self.told = Instant::now();
            self.changed = false;
            self.occupancy.tell(self.running.values().cloned().collect())?;
        }
        self.progress.pulse()
    }
}
