//! The start of a run: rank 0 hears what hardware each rank has, gives it a device, and writes down who computes where.

use drapes_analysis::cli::{inform, tell};
use drapes_analysis::dispatch::{Known, Shard};
use drapes_analysis::job::Chip;
use drapes_analysis::plan::Task;
use tch::Device;

use super::Run;
use super::context::{Context, dismiss};
use super::demands::{self, Supply};
use super::kernels;
use super::prepare::Prepared;
use super::start_up::StartUp;
use super::world::World;
use crate::device::provenance::{Provenance, RankPlace};
use crate::device::{self, DeviceAssignment, RankHardware};
use crate::dispatch::{self, Message, Transport};
use crate::error::Error;
use crate::sample::split::Sample;
use crate::task::rank_log;

/// A run that has fewer seconds until its deadline does not spend any on measuring the machine.
const WORTH_MEASURING: f64 = 60.0;

/// What rank 0 knows of the ranks once all have answered.
pub(super) struct GatheredRanks {
    /// The device of rank 0, or why it has none.
    pub own: Result<Device, String>,
    /// What that was to be.
    pub assignment: DeviceAssignment,
    /// The kind of device that most ranks have.
    pub kind: String,
    /// Memory that rank 0 may take, in bytes, where that is known.
    pub memory: Option<f64>,
    /// Threads that rank 0 may have at work that needs no GPU.
    pub processors: usize,
    /// The memory of its GPU, before anything was computed there.
    pub gpu_memory: Option<f64>,
    /// The host of each rank.
    pub hosts: Vec<String>,
}

impl Run {
    /// Learns what hardware all ranks have, gives each its device and the job, and writes down who is where.
    pub(super) fn handshake(
        &self,
        context: &Context<'_>,
        prepared: &mut Prepared,
        sample: &Sample,
    ) -> Result<GatheredRanks, Error> {
        let Context { world, clock, signals } = context;
        let hardware = self.gather_hardware(context)?;
        let shares = device::memory_shares(&hardware);
        let assigned = device::assign(&hardware, self.device, self.sharing()).map_err(Error::from);
        let affordable = assigned.and_then(|assignments| {
            afford(prepared, sample, &hardware, &assignments)?;
            Ok(assignments)
        });
        let assignments = match affordable {
            Ok(assignments) => assignments,
            Err(error) => {
                dismiss(world)?;
                return Err(error);
            }
        };
        let kind = device::most_common_kind(&assignments).to_owned();
        let mut estimates = prepared.estimates(&kind, sample);
        let is_short = clock.end().is_some_and(|end| end - clock.now() < WORTH_MEASURING);
        let trials = if is_short {
            vec![]
        } else {
            estimates.to_try(&prepared.plan, &prepared.known, assignments.len())
        };
        let threads = prepared.stored.job.compute.threads;
        let processors = device::processor_shares(&hardware, &assignments, threads);
        begin(world, prepared, &assignments, (&shares, &processors), &trials)?;
        // Its text may be long: points are listed one by one. A job has text keys and finite numbers, so this cannot fail.
        let job = serde_json::to_vec(&prepared.stored).unwrap_or_default();
        StartUp::new(**clock, (*signals).clone()).guard(|| world.broadcast(job))?;
        let own = device::take(&assignments[0]);
        let gpu_memory = own.is_ok().then(|| device::gpu_memory_share(&assignments[0])).flatten();
        for line in device::lines(&hardware, &assignments) {
            inform(line);
        }
        if assignments.contains(&DeviceAssignment::Cpu) {
            kernels::tell_of_slower(&prepared.stored.job);
        }
        for warning in device::warnings(&hardware, &assignments, threads) {
            tell(format_args!("warning: {warning}"));
        }
        self.write_provenance(world, prepared, &hardware, &assignments)?;
        if let Ok(device) = &own {
            estimates.try_out(&prepared.stored.job, &trials, *device);
        }
        prepared.estimates = Some(estimates);
        let hosts = hardware.into_iter().map(|hardware| hardware.host).collect();
        let assignment = assignments[0].clone();
        let (memory, processors) = (shares[0], processors[0]);
        Ok(GatheredRanks { own, assignment, kind, memory, processors, gpu_memory, hosts })
    }

    /// The hardware of every rank, rank 0 first.
    fn gather_hardware(&self, context: &Context<'_>) -> Result<Vec<RankHardware>, Error> {
        let Context { world, clock, signals } = *context;
        let hello = |_, message| match message {
            Message::Hello(hardware) => Some(Ok(hardware)),
            _ => None,
        };
        let mut hardware = vec![device::detect(World::host(), self.device)];
        let waiting = StartUp::new(*clock, signals.clone());
        hardware.extend(dispatch::gather(world, signals, || waiting.is_over(), hello)?);
        Ok(hardware)
    }

    /// Writes down with what program and command, and where, this run computes.
    fn write_provenance(
        &self,
        world: &World,
        prepared: &Prepared,
        hardware: &[RankHardware],
        assignments: &[DeviceAssignment],
    ) -> Result<(), Error> {
        let ranks = hardware.iter().zip(assignments);
        let ranks = ranks.map(|(hardware, assignment)| RankPlace::new(hardware, assignment)).collect();
        let provenance = Provenance::new(self.command(prepared, world.size()), world.library(), ranks);
        let store = &prepared.store;
        let prefix = rank_log::prefix(self.shard());
        if self.shard() == Shard::WHOLE {
            store.write_json("provenance.json", &provenance)?;
        } else {
            // Each shard has a file of its own. That of the directory is of the one that came first.
            store.write_json(&format!("logs/{prefix}provenance.json"), &provenance)?;
            if !store.directory().join("provenance.json").exists() {
                store.write_json("provenance.json", &provenance)?;
            }
        }
        // One line for each run that has worked here; shards do not write into one file, since lines that several hosts
        // append to a file of a network file system may overwrite each other.
        Ok(store.append(&format!("logs/{prefix}runs.jsonl"), &provenance)?)
    }
}

/// Tells every other rank what it computes on, and which tasks it tries out while rank 0 measures.
fn begin(
    world: &World,
    prepared: &Prepared,
    assignments: &[DeviceAssignment],
    (memory, processors): (&[Option<f64>], &[usize]),
    trials: &[Task],
) -> Result<(), Error> {
    for (rank, assignment) in assignments.iter().enumerate().skip(1) {
        let data_directory = prepared.data_directory.clone();
        let (assignment, trials) = (assignment.clone(), trials.to_vec());
        let (memory, processors) = (memory[rank], processors[rank]);
        world.send(rank, &Message::Begin { data_directory, assignment, memory, processors, trials })?;
    }
    Ok(())
}

/// Checks that the ranks have what the open tasks demand, now that it is known what they are and how many events there are.
fn afford(
    prepared: &Prepared,
    sample: &Sample,
    hardware: &[RankHardware],
    assignments: &[DeviceAssignment],
) -> Result<(), Error> {
    let Prepared { stored, plan, store, known, .. } = prepared;
    demands::check_threads(&stored.job, hardware)?;
    let is_on_gpu = assignments.iter().any(|assignment| matches!(assignment, DeviceAssignment::Gpu { .. }));
    let shares = device::memory_shares(hardware);
    let supply = Supply {
        ranks: hardware.len(),
        chip: if is_on_gpu { Chip::Gpu } else { Chip::Core },
        memory: shares.into_iter().flatten().reduce(f64::max),
        folder: store.directory(),
    };
    let open: Vec<bool> = known.iter().map(|known| *known == Known::Open).collect();
    let counts = sample.counts(&stored.job);
    if let Some(warning) = demands::check(&stored.job, plan, counts, &open, &supply)? {
        tell(format_args!("warning: {warning}"));
    }
    Ok(())
}
