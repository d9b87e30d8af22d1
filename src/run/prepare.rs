//! Everything that can be wrong before the first task, and what is left to do.

use std::path::{Path, PathBuf};

use drapes_analysis::dispatch::{Graph, Known, Shard};
use drapes_analysis::fingerprint::InputFile;
use drapes_analysis::job::{Job, JobFile};
use drapes_analysis::plan::Plan;
use drapes_analysis::price::{EventCounts, Price};
use drapes_analysis::rates::Rates;
use drapes_analysis::store::{Liveness, Occupancy, Store, StoredJob, TaskState};

use super::Run;
use crate::data;
use crate::error::Error;

/// A job ready to compute.
pub struct Prepared {
    pub stored: StoredJob,
    pub plan: Plan,
    pub store: Store,
    pub data_directory: PathBuf,
    pub states: Vec<TaskState>,
    /// What is to be done, and by whom.
    pub known: Vec<Known>,
    /// The right to work in the directory.
    pub occupancy: Occupancy,
}

impl Run {
    pub(super) fn directory(&self, job: &Job) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new("out").join(&job.name))
    }

    pub(super) fn shard(&self) -> Shard {
        self.shard.unwrap_or(Shard::WHOLE)
    }

    pub(super) fn prepare(&self, ranks: usize) -> Result<Prepared, Error> {
        let file = JobFile::open(&self.job)?;
        let job = file.check()?;
        let data_directory = match &self.data_dir {
            Some(directory) => directory.clone(),
            None => file.data_directory()?,
        };
        let inputs = inputs(&job, &data_directory)?;
        let plan = Plan::of(&job);
        let stored = StoredJob { job, inputs };
        let directory = self.directory(&stored.job);
        if !directory.join("job.json").exists() {
            // Before a directory is begun, all that is wrong with its data is told. Later they are read where needed.
            crate::task::load(&stored.job, &data_directory)?;
        }
        let store = Store::create(&directory, &file, &stored)?;
        let (occupancy, dead) = store.occupy(self.shard(), ranks)?;
        for gone in dead {
            eprintln!("note: an earlier run has died here ({gone}); this one goes on with its work");
        }
        if self.shard() == Shard::WHOLE || alone(&store) {
            store.sweep();
        }
        let states = store.states(&stored, &plan);
        let known = self.known(&stored.job, &plan, &states);
        Ok(Prepared { stored, plan, store, data_directory, states, known, occupancy })
    }

    fn known(&self, job: &Job, plan: &Plan, states: &[TaskState]) -> Vec<Known> {
        // By the job's own numbers, so that all shards agree.
        let price = Price::of(job, plan, EventCounts::estimated(job), &Rates::CPU_CORE);
        let own = self.shard().tasks(&Graph::of(plan), &price.seconds);
        let known = |(state, own): (&TaskState, bool)| match state {
            TaskState::Done(_) => Known::Done,
            TaskState::Failed { .. } if !self.retry_failed => Known::Failed,
            _ if own => Known::Open,
            _ => Known::Elsewhere,
        };
        states.iter().zip(own).map(known).collect()
    }
}

impl Prepared {
    /// Tasks that this run may do.
    pub fn open(&self) -> usize {
        self.known.iter().filter(|known| **known == Known::Open).count()
    }
}

/// Whether nobody else works in the directory.
fn alone(store: &Store) -> bool {
    store.occupants().iter().filter(|(_, liveness)| *liveness == Liveness::Alive).count() <= 1
}

fn inputs(job: &Job, data_directory: &Path) -> Result<Vec<InputFile>, Error> {
    let mut names: Vec<&Path> = vec![&job.data.events];
    names.extend(job.independent_background.file());
    names.extend(job.other_sample.file());
    let mut problems = Vec::new();
    let mut digests = Vec::new();
    for name in names {
        match data::digest(&data_directory.join(name), &name.display().to_string()) {
            Ok(digest) => digests.push(digest),
            Err(error) => problems.push(error.into()),
        }
    }
    Error::of_all(problems).map(|()| digests)
}
