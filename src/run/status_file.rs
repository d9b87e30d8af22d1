//! Follows a run: progress for people on standard error, and the status file that `drapes status` reads.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime};

use drapes_analysis::dispatch::Halt;
use drapes_analysis::plan::Plan;
use drapes_analysis::store::{Activity, DirectoryLock, Doing, RunningTask};

use super::pages::Pages;
use super::progress::Progress;
use crate::dispatch::{Ended, Observer};
use crate::error::Error;

/// Time between two writes of the status file.
const TELLING: Duration = Duration::from_secs(5);

/// An observer that shows progress to people and keeps the status file.
pub struct StatusFile<'a> {
    plan: &'a Plan,
    progress: Progress<'a>,
    occupancy: &'a mut DirectoryLock,
    pages: Pages,
    running: BTreeMap<usize, RunningTask>,
    /// Tasks that have left a record.
    ended: Vec<usize>,
    /// Failed tasks that are to be tried again and have not begun.
    retrying: BTreeSet<usize>,
    activity: Activity,
    told: Instant,
    changed: bool,
}

impl<'a> StatusFile<'a> {
    /// The observer of a run that tries these failed tasks again.
    pub fn new(
        plan: &'a Plan,
        progress: Progress<'a>,
        occupancy: &'a mut DirectoryLock,
        pages: Pages,
        retrying: BTreeSet<usize>,
    ) -> Self {
        let (running, activity, told) = (BTreeMap::new(), Activity::Working, Instant::now());
        let ended = vec![];
        Self { plan, progress, occupancy, pages, running, ended, retrying, activity, told, changed: false }
    }

    /// Has the status file written at the next tick.
    fn tell_soon(&mut self) {
        self.told = self.told.checked_sub(TELLING).unwrap_or(self.told);
        self.changed = true;
    }

    /// Removes the bar and waits for a page that is being written; returns the tasks that have left a record.
    pub fn finish(mut self) -> Vec<usize> {
        self.pages.wait();
        self.progress.finish();
        self.ended
    }
}

impl Observer for StatusFile<'_> {
    fn began(&mut self, task: usize, rank: usize) {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let id = self.plan.tasks[task].id.clone();
        // The first tasks are told at once.
        self.changed = true;
        if self.running.is_empty() {
            self.tell_soon();
        }
        self.activity = Activity::Working;
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
        if matches!(ended, Ended::Done { .. } | Ended::Failed { .. }) {
            self.retrying.remove(&task);
            self.ended.push(task);
        }
        self.changed = true;
        self.progress.ended(task, rank, ended);
    }

    fn lost(&mut self, task: usize, needs: usize) {
        self.progress.lost(task, needs);
    }

    fn silent(&mut self, rank: usize, host: &str, silence: Option<Duration>) {
        self.progress.silent(rank, host, silence);
    }

    fn retired(&mut self, rank: usize, host: &str, reason: &str) {
        self.progress.retired(rank, host, reason);
    }

    fn halting(&mut self, why: Halt) {
        self.progress.halting(why);
    }

    fn repeated(&mut self, task: usize) {
        self.progress.repeated(task);
    }

    fn activity(&mut self, activity: Activity) {
        if activity != self.activity {
            self.activity = activity;
            // Others wait for this one, or no more.
            self.tell_soon();
        }
        self.progress.activity(activity);
    }

    fn tick(&mut self) -> Result<(), Error> {
        if self.changed && self.told.elapsed() >= TELLING {
            self.told = Instant::now();
            self.changed = false;
            let running = self.running.values().cloned().collect();
            let retrying = self.retrying.iter().map(|task| self.plan.tasks[*task].id.clone()).collect();
            let seconds_left = Some(self.progress.expected_left());
            let doing = Doing { running, retrying, activity: self.activity, seconds_left, told: 0.0 };
            self.occupancy.tell(doing.said_now())?;
        }
        self.pages.tick();
        self.progress.tick()
    }
}
