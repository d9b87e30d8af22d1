//! How the work of a scan is grouped: for the device that it is begun on, unless its job or its directory says.

use drapes_analysis::dispatch::Shard;
use drapes_analysis::job::{Chip, Grouping, Job, JobFile};
use drapes_analysis::plan::{Company, Fingerprint, Plan, fingerprints};
use drapes_analysis::store::{SetApart, Store, StoredJob, Survey};

use super::Run;
use crate::device::{DeviceChoice, has_driver};
use crate::error::Error;

impl Run {
    /// The job file with what the command line changes of it, and the job: what it leaves to the device is as its directory has
    /// it, or suits the device that ranks will probably have.
    pub(super) fn job(&self) -> Result<(JobFile, Job), Error> {
        let file = JobFile::open(&self.job)?.with(self.changes.clone());
        let job = file.check()?;
        let begun = Store::open(&self.directory(&job)).ok().and_then(|store| store.grouping());
        let grouping = begun.map_or_else(|| Grouping::For(self.chip()), Grouping::AsIn);
        // For cores it has been checked already.
        if grouping == Grouping::For(Chip::Core) {
            return Ok((file, job));
        }
        let file = file.grouped(grouping);
        let job = file.check()?;
        Ok((file, job))
    }

    /// The job as its directory would have it: with the groups of what is there, for names of tasks.
    pub(super) fn foreseen(&self, job: &Job) -> Job {
        let before = Store::open(&self.directory(job)).and_then(|store| store.job());
        before.map_or_else(|_| job.clone(), |before| job.successor_of(&before.job))
    }

    /// The kind of device that ranks will probably have; which GPUs there are is asked when all ranks are there.
    pub(super) fn chip(&self) -> Chip {
        match self.device {
            DeviceChoice::Cuda => Chip::Gpu,
            DeviceChoice::Auto if has_driver() => Chip::Gpu,
            DeviceChoice::Auto | DeviceChoice::Cpu => Chip::Core,
        }
    }

    /// What the user should know of the grouping of a scan: that it is for GPUs, where the job leaves it open, or that it is not what
    /// suits this device, for the directory was `begun` otherwise.
    pub(super) fn note_of_grouping(
        &self,
        file: &JobFile,
        stored: &Job,
        plan: &Plan,
        begun: Begun,
    ) -> Result<Option<String>, Error> {
        let chip = match begun {
            Begun::Now => Chip::Core,
            Begun::Before => self.chip(),
        };
        let is_alone = stored.compute.left_to_device().iter().all(|(_, number)| *number == 1);
        if chip == Chip::Core && is_alone {
            return Ok(None);
        }
        // Of cores nothing is said, unless others come to them: each model and point is alone.
        if file.clone().grouped(Grouping::For(chip)).check()?.compute == stored.compute {
            return Ok(None);
        }
        let (company, directory) = (Company::of(stored, plan), self.directory(stored));
        Ok(Some(match begun {
            Begun::Now => format!(
                "note: grouped for GPUs, which the job leaves open ([compute]): {company}; from its first task on {} keeps that, \
                 wherever it goes on",
                directory.display()
            ),
            Begun::Before => format!("note: grouped as {} was begun: {company}", directory.display()),
        }))
    }
}

/// The job of a directory with its tasks and what is recorded of them.
pub(super) struct Surveyed {
    pub stored: StoredJob,
    pub plan: Plan,
    pub fingerprints: Vec<Fingerprint>,
    pub survey: Survey,
    /// Points that have just been set apart, of which so many can be done now.
    pub able: Option<usize>,
}

impl Surveyed {
    /// What is recorded of the tasks of a job.
    pub fn of(store: &Store, stored: StoredJob, plan: Plan) -> Self {
        let fingerprints = fingerprints(&stored.job, &stored.inputs, &plan);
        let survey = store.survey(&plan, &fingerprints);
        Self { stored, plan, fingerprints, survey, able: None }
    }
}

impl Run {
    /// The same with points that a failed template has kept from their classifiers each in a task of its own, unless failed tasks
    /// are tried again, or other shards work at the job as it is.
    pub(super) fn set_apart(&self, store: &Store, found: Surveyed) -> Surveyed {
        if self.shard() != Shard::WHOLE || self.retry_failed {
            return found;
        }
        let apart = SetApart::of(&found.stored.job, &found.plan, &found.survey.states);
        let Some(SetApart { job, able }) = apart else { return found };
        let (stored, plan) = (StoredJob { job: job.clone(), ..found.stored }, Plan::of(&job));
        Surveyed { able: Some(able), ..Surveyed::of(store, stored, plan) }
    }
}

/// What is said where points have been set apart.
pub(super) fn note_of_apart(able: usize) -> String {
    let points = if able == 1 { "1 point is".to_owned() } else { format!("{able} points are") };
    format!(
        "note: {points} classified alone from now on: a template that they waited for with others has failed"
    )
}

/// When the grouping of a directory was fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// By this run.
    Now,
    /// By another one, which has left something there.
    Before,
}

impl Begun {
    /// What is known of a directory before this run has done anything there.
    pub(super) fn of(store: &Store) -> Self {
        if store.grouping().is_some() { Self::Before } else { Self::Now }
    }
}
