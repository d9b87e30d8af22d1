//! Before the first task: checks job, data and directory, takes the lock, and finds what is left to do.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use drapes_analysis::cli::{inform, tell};
use drapes_analysis::dispatch::{Graph, Known, Shard};
use drapes_analysis::figures::Figure;
use drapes_analysis::job::{Job, JobFile};
use drapes_analysis::plan::fingerprint::{Fingerprint, InputFile};
use drapes_analysis::plan::price::{EventCounts, Price};
use drapes_analysis::plan::rates::Rates;
use drapes_analysis::plan::{Plan, TaskId};
use drapes_analysis::store::{
    DirectoryLock, LockOwner, LockTimeout, RecordState, Stop, Store, StoredJob, Survey,
};

use super::Run;
use super::demands::{self, Supply};
use super::estimates::Estimates;
use super::grouping::{Begun, Surveyed};
use super::stop_requests::StopRequests;
use super::world::World;
use crate::data;
use crate::device::{self, DeviceChoice};
use crate::dispatch::stop::{Clock, Signals};
use crate::error::Error;
use crate::sample::repeats;
use crate::sample::split::Sample;

/// A job ready to compute.
pub struct Prepared {
    pub stored: StoredJob,
    pub plan: Plan,
    /// Those of its tasks.
    pub fingerprints: Vec<Fingerprint>,
    pub store: Store,
    pub data_directory: PathBuf,
    /// What its records said at the last look.
    pub survey: Survey,
    /// Tasks that have ended since.
    pub ended: Vec<usize>,
    /// The shard of each task, from 1.
    pub owners: Vec<u32>,
    /// Whether each task is asked for: all are, unless --only names some.
    pub selected: Vec<bool>,
    /// What is to be done, and by whom.
    pub known: Vec<Known>,
    /// Looks whether somebody asks this run to stop.
    pub stop: StopRequests,
    /// The right to work in the directory.
    pub occupancy: DirectoryLock,
    /// How tasks were stopped in earlier runs.
    pub stops: HashMap<TaskId, Stop>,
    /// Rates of devices that somebody has measured.
    pub rates: Vec<Rates>,
    /// What the tasks take, once it is known what the ranks compute on.
    pub estimates: Option<Estimates>,
    /// The events, where they were read to see whether they fit the job: reading them takes most of the start.
    pub sample: Option<Sample>,
    /// What the user should know of how the work is grouped.
    pub grouping: Option<String>,
    /// Points that have just been set apart, of which so many can be done now; not stored yet.
    pub able: Option<usize>,
}

impl Run {
    pub(super) fn directory(&self, job: &Job) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new("out").join(&job.name))
    }

    pub(super) fn shard(&self) -> Shard {
        self.shard.unwrap_or(Shard::WHOLE)
    }

    /// Checks the job, its data and its directory, takes the lock of the directory, and finds what is left to do.
    ///
    /// # Errors
    /// Something of these is wrong, or another run is at work here.
    pub(super) fn prepare(&self, ranks: usize, signals: &Signals) -> Result<Prepared, Error> {
        let (file, job) = self.job()?;
        let rates = self.rates.iter().map(|path| Rates::read(path)).collect::<Result<_, _>>()?;
        let hardware = device::detect(World::host(), DeviceChoice::Cpu);
        // Before anything is read, and before there are any threads.
        demands::check_threads(&job, std::slice::from_ref(&hardware))?;
        let data_directory = self.data_directory(&file)?;
        // Before anything is begun, a name that fits nothing is told. A large plan takes its time.
        if !self.only.is_empty() {
            Plan::of(&self.foreseen(&job)).selected(&self.only)?;
        }
        Store::claim(&self.directory(&job))?;
        let inputs = inputs(&job, &data_directory)?;
        repeats::check_files(&job, &inputs)?;
        let stored = StoredJob { job, inputs };
        let directory = self.directory(&stored.job);
        let is_known = |known: StoredJob| known.job.physics() == stored.job.physics();
        let is_new = !Store::open(&directory).and_then(|store| store.job()).is_ok_and(is_known);
        let supply = Supply { ranks, chip: self.chip(), memory: hardware.free_memory, folder: &directory };
        // Before a scan is begun, or grows, all that is wrong with its data is told. Later they are read where needed.
        let read = if is_new { Some(planned_for(&stored.job, &data_directory, &supply)?) } else { None };
        let (planned, sample) = read.unzip();
        let store = Store::begin(&directory, &file, &stored)?;
        let (occupancy, dead) = self.occupy(&store, ranks, signals)?;
        let stop = StopRequests::begin(store.clone(), self.shard(), signals.clone());
        for gone in dead {
            inform(format_args!(
                "note: an earlier run has died here ({gone}); this one goes on with its work"
            ));
        }
        // Only now: the job of a run that is at work here is not to be touched.
        let asked = stored;
        let begun = Begun::of(&store);
        let stored = self.settle(&store, &file, &asked)?;
        // Making the plan of a large scan takes seconds, so it is made again only if the directory has added to the job.
        let is_as_asked = stored.job == asked.job;
        let plan = planned.filter(|_| is_as_asked).unwrap_or_else(|| Plan::of(&stored.job));
        let sample = sample.filter(|_| is_as_asked);
        store.check_folded()?;
        let found = self.set_apart(&store, Surveyed::of(&store, stored, plan));
        let Surveyed { stored, plan, fingerprints, survey, able } = found;
        store.sweep(&plan, &survey.states, &Figure::ALL.map(Figure::name));
        // By the job's own numbers, which all shards have in common.
        let price = Price::of(&stored.job, &plan, EventCounts::estimated(&stored.job), &Rates::CPU_CORE);
        let owners = self.shard().owners(&Graph::of(&plan), &price.seconds);
        let selected = plan.selected(&self.only)?;
        let (known, ended) = (self.known(&survey.states, &owners, &selected), vec![]);
        Ok(Prepared {
            grouping: self.note_of_grouping(&file, &stored.job, &plan, begun)?,
            stops: store.stops(),
            stored,
            plan,
            fingerprints,
            store,
            data_directory,
            survey,
            ended,
            owners,
            selected,
            known,
            stop,
            occupancy,
            rates,
            estimates: None,
            sample,
            able,
        })
    }

    /// Where the files of events lie: as the command line says, else as the job does.
    fn data_directory(&self, file: &JobFile) -> Result<PathBuf, Error> {
        self.data_dir.clone().map_or_else(|| Ok(file.data_directory()?), Ok)
    }

    /// The job that is done here, which holds what was asked for and what the directory had before; says how it has grown.
    fn settle(&self, store: &Store, file: &JobFile, asked: &StoredJob) -> Result<StoredJob, Error> {
        let before = store.job().map(|before| before.job.growth()).ok();
        let stored = store.settle(file, asked, self.shard())?;
        if let (Some(before), Some(growth)) = (before, stored.job.growth())
            && before.as_ref() != Some(&growth)
        {
            inform(format_args!("{growth}; what is finished stays as it is"));
        }
        Ok(stored)
    }

    fn occupy(
        &self,
        store: &Store,
        ranks: usize,
        signals: &Signals,
    ) -> Result<(DirectoryLock, Vec<LockOwner>), Error> {
        let mut is_told = false;
        let clock = Clock::until(self.deadline(), self.margin);
        let occupied = store.lock(self.shard(), ranks, &mut |who, silence| {
            if !std::mem::replace(&mut is_told, true) {
                tell(silent(who, silence));
            }
            if signals.received() || clock.is_late() { LockTimeout::GiveUp } else { LockTimeout::Wait }
        });
        occupied.map_err(|error| {
            if signals.received() || is_told && clock.is_late() { Error::Stopped } else { error.into() }
        })
    }

    pub(super) fn known(&self, states: &[RecordState], owners: &[u32], selected: &[bool]) -> Vec<Known> {
        let known = |((state, owner), selected): ((&RecordState, &u32), &bool)| match state {
            RecordState::Done(_) => Known::Done,
            // Tasks that --only leaves out are never needed by those that it names.
            _ if !selected => Known::Elsewhere,
            RecordState::Failed { .. } if !self.retry_failed => Known::Failed,
            _ if *owner == self.shard().index => Known::Open,
            _ => Known::Elsewhere,
        };
        states.iter().zip(owners).zip(selected).map(known).collect()
    }
}

/// The plan of a job whose data were read, and whose demands this machine can meet; and those data.
fn planned_for(job: &Job, data_directory: &Path, supply: &Supply<'_>) -> Result<(Plan, Sample), Error> {
    let plan = Plan::of(job);
    let sample = crate::task::load(job, data_directory)?;
    let open = vec![true; plan.tasks.len()];
    demands::check(job, &plan, sample.counts(job), &open, supply)?;
    Ok((plan, sample))
}

/// The note that another run on another host has the directory and may have died.
fn silent(who: &LockOwner, silence: Duration) -> String {
    format!(
        "note: {who} has the directory and was last heard of {} s ago; waiting until it is heard of again, or counts as \
         dead (three minutes)",
        silence.as_secs()
    )
}

impl Prepared {
    /// The expected times of tasks on a kind of device, for the events that there are.
    pub fn estimates(&self, kind: &str, sample: &Sample) -> Estimates {
        let job = &self.stored.job;
        Estimates::new(kind, &self.rates, (job, &self.plan), sample.counts(job))
    }

    /// Tasks that this run may do.
    pub fn open(&self) -> usize {
        self.known.iter().filter(|known| **known == Known::Open).count()
    }
}

pub(super) fn inputs(job: &Job, data_directory: &Path) -> Result<Vec<InputFile>, Error> {
    let mut problems = Vec::new();
    let mut digests = Vec::new();
    for (which, name) in job.event_files() {
        match data::digest(&data_directory.join(name), &name.display().to_string()) {
            Ok(digest) => digests.push(digest),
            Err(error) => problems.push(Error::from(error).of_file(which)),
        }
    }
    Error::of_all(problems).map(|()| digests)
}
