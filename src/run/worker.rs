//! Every rank but rank 0: reports its hardware, gets a device and the job, and does tasks until there are no more.

use std::path::{Path, PathBuf};
use std::time::Duration;

use drapes_analysis::error::{Error as AnalysisError, Exit};
use drapes_analysis::plan::rates::Rates;
use drapes_analysis::store::{Store, StoredJob};

use super::compute::{compute, run_info};
use super::start_up::StartUp;
use super::world::World;
use super::{Run, estimates};
use crate::device::{self, DeviceAssignment};
use crate::dispatch::stop::{Clock, Signals};
use crate::dispatch::{self, Message, Transport};
use crate::error::{Error, RanksError};
use crate::task::Workplace;

impl Run {
    pub(super) fn run_worker(&self, world: &World, signals: &Signals) -> Result<Exit, Error> {
        world.send(0, &Message::Hello(device::detect(World::host(), self.device)))?;
        let clock = Clock::until(self.deadline(), self.margin);
        let (data_directory, assignment, memory, processors, trials) = loop {
            match dispatch::first_message(world, &clock, signals)? {
                Message::Begin { data_directory, assignment, memory, processors, trials } => {
                    break (data_directory, assignment, memory, processors, trials);
                }
                // Rank 0 has said why there is nothing to do.
                Message::Stop => {
                    world.send(0, &Message::Left)?;
                    return Ok(Exit::Done);
                }
                _ => {}
            }
        };
        let job = StartUp::new(clock, signals.clone()).guard(|| world.broadcast(vec![]))?;
        let stored: StoredJob = serde_json::from_slice(&job)
            .map_err(|error| RanksError::Message { rank: 0, reason: error.to_string() })?;
        let place = self.workplace(world, &stored, data_directory, &assignment);
        let place = place.map(|place| place.with_memory(memory).with_processors(processors));
        if let (Ok(place), false) = (&place, trials.is_empty()) {
            // Rank 0 measures at this moment, and is to find the machine as it will be: with all ranks at work.
            let _ = estimates::try_out(&stored.job, &trials, place.device(), &Rates::CPU_CORE);
        }
        let threads = stored.job.compute.threads;
        compute(world, threads, place, |computing_thread| {
            dispatch::run_worker(world, computing_thread, &clock, signals)
        })?;
        Ok(Exit::Done)
    }

    /// The workplace of this rank, or why it has none: the directory is not there on this node, or the device does not compute.
    fn workplace(
        &self,
        world: &World,
        stored: &StoredJob,
        data_directory: PathBuf,
        assignment: &DeviceAssignment,
    ) -> Result<Workplace, String> {
        let store = opened(&self.directory(&stored.job)).map_err(|error| error.to_string())?;
        let device = device::take(assignment)?;
        let gpu_memory = device::gpu_memory_share(assignment);
        let info = run_info(world, assignment);
        let place = Workplace::new(store, stored.clone(), data_directory, device, info, self.shard());
        Ok(place.saving_every(self.checkpoint_every).with_gpu_memory(gpu_memory))
    }
}

/// The directory is polled at this interval, so many times.
const POLL: Duration = Duration::from_millis(500);
const POLLS: usize = 10;

/// Opens the directory that rank 0 has begun a moment ago: a network file system may not show it on this node yet.
fn opened(directory: &Path) -> Result<Store, AnalysisError> {
    for _ in 1..POLLS {
        if let Ok(store) = Store::open(directory) {
            return Ok(store);
        }
        // Makes the file system look again.
        let _ = std::fs::read_dir(directory);
        std::thread::sleep(POLL);
    }
    Store::open(directory)
}
