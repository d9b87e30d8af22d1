//! Starts the computing thread of a rank beside its main thread, and ends the rank if either fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use drapes_analysis::store::record::RunInfo;

use super::world::World;
use crate::device::{self, DeviceAssignment};
use crate::dispatch::{self, Assignment, ComputingThread, ComputingThreadEnd, Ended, Environment, Performer};
use crate::error::{Error, RanksError};
use crate::progress_sink::ProgressSink;
use crate::task::Workplace;

/// The name of computing threads; a panic there is a failed task, and said as one.
pub const COMPUTING: &str = "computing";

/// Runs the computing thread beside `talk`.
pub fn compute<T>(
    world: &World,
    threads: usize,
    place: Result<Workplace, String>,
    talk: impl FnOnce(&ComputingThread) -> Result<T, Error>,
) -> Result<T, Error> {
    let own = world.rank();
    let (computing_thread, end): (ComputingThread, ComputingThreadEnd) = ComputingThread::new();
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name(COMPUTING.to_owned());
        let spawned = builder.spawn_scoped(scope, move || {
            device::prepare_cpu(threads);
            dispatch::run_tasks(&end, &mut Tasks { place });
        });
        let broken =
            |error: std::io::Error| RanksError::Broke { rank: world.rank(), reason: error.to_string() };
        spawned.map_err(broken)?;
        // What goes wrong here is told at once, not when the task of the computing thread has ended. That thread
        // ends when the worker is dropped.
        let result = talk(&computing_thread).map_err(|error| {
            // Where there is one rank only, nothing else ends its task.
            computing_thread.halt();
            match &error {
                // The caller gives back the directory first. But where this rank's own task does not end, it cannot.
                Error::Ranks(RanksError::NoAnswer { ranks, .. })
                    if ranks.iter().all(|(rank, _)| *rank != own) =>
                {
                    error
                }
                Error::Ranks(RanksError::NoAnswer { .. }) => super::end_all(world, &error),
                _ => super::stop_all(world, error),
            }
        });
        drop(computing_thread);
        result
    })
}

/// Tasks, done at one place.
struct Tasks {
    /// None of it where the rank cannot work, and why.
    place: Result<Workplace, String>,
}

impl Performer for Tasks {
    fn prepare(&mut self) -> Result<Environment, String> {
        let place = self.place.as_ref().map_err(Clone::clone)?;
        match catch_unwind(AssertUnwindSafe(|| place.prepare())) {
            Ok(environment) => environment.map_err(|error| error.to_string()),
            Err(_) => Err("reading the data panicked; please report this with the job file".to_owned()),
        }
    }

    fn perform(&mut self, assignment: &Assignment, sink: &dyn ProgressSink) -> Ended {
        match &self.place {
            Ok(place) => {
                let Assignment { task, fingerprint, attempt, .. } = assignment;
                place.perform(task, fingerprint, *attempt, sink)
            }
            Err(_) => Ended::Stopped,
        }
    }

    fn check(&self) -> Result<(), String> {
        self.place.as_ref().map_err(Clone::clone).and_then(Workplace::check_device)
    }
}

pub fn run_info(world: &World, assignment: &DeviceAssignment) -> RunInfo {
    RunInfo { host: World::host(), rank: world.rank(), device: assignment.device(), ..RunInfo::default() }
}
