//! A rank's workplace and its computing thread.

use drapes_analysis::fingerprint::{Fingerprint, fingerprints};
use drapes_analysis::plan::Plan;
use drapes_analysis::record::RunInfo;
use drapes_analysis::store::StoredJob;
use tch::Device;

use crate::device;
use crate::dispatch::{self, Ended, Performer, RanksError, Worker, WorkerEnd};
use crate::error::Error;
use crate::task::Workplace;
use crate::watch::Watch;
use crate::world::World;

/// The name of computing threads; a panic there is a failed task, and said as one.
pub const COMPUTING: &str = "computing";

/// Runs the computing thread beside `talk`.
pub fn compute<T>(
    world: &World,
    stored: &StoredJob,
    plan: &Plan,
    place: Workplace,
    talk: impl FnOnce(&Worker) -> Result<T, Error>,
) -> Result<T, Error> {
    let fingerprints = fingerprints(&stored.job, &stored.inputs, plan);
    let threads = stored.job.compute.threads;
    let (worker, end): (Worker, WorkerEnd) = Worker::new();
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name(COMPUTING.to_owned());
        let spawned = builder.spawn_scoped(scope, move || {
            device::prepare_cpu(threads);
            dispatch::work(&end, &mut Tasks { place, plan, fingerprints });
        });
        let broken =
            |error: std::io::Error| RanksError::Broke { rank: world.rank(), reason: error.to_string() };
        spawned.map_err(broken)?;
        // What goes wrong here is told at once, not when the task of the computing thread has ended. That thread
        // ends when the worker is dropped.
        let result = talk(&worker).map_err(|error| {
            // Where there is one rank only, nothing else ends its task.
            worker.halt();
            super::stop_all(world, error)
        });
        drop(worker);
        result
    })
}

/// The tasks of a plan, done at one place.
struct Tasks<'a> {
    place: Workplace,
    plan: &'a Plan,
    fingerprints: Vec<Fingerprint>,
}

impl Performer for Tasks<'_> {
    fn perform(&mut self, task: usize, watch: &dyn Watch) -> Ended {
        self.place.perform(&self.plan.tasks[task], &self.fingerprints[task], watch)
    }

    fn check(&self) -> Result<(), String> {
        device::check(self.place.device())
    }
}

pub fn run_info(world: &World, device: Device) -> RunInfo {
    RunInfo { host: World::host(), rank: world.rank(), device: device::name(device), ..RunInfo::default() }
}
