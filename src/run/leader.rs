//! Rank 0 of a run.

use drapes_analysis::cli::{duration, inform, tell};
use drapes_analysis::dispatch::{Dispatcher, Graph, Halt, Known, Limits, Schedule, Shard, makespan};
use drapes_analysis::error::Exit;
use drapes_analysis::plan::Plan;
use drapes_analysis::plan::price::memory::Chip;
use drapes_analysis::store::record::RunInfo;
use drapes_analysis::store::task_state;
use drapes_analysis::store::{Store, TaskState};
use tch::Device;

use super::Run;
use super::compute::{compute, run_info};
use super::finish::Outcome;
use super::other_shards::Shards;
use super::pages::{self, Pages};
use super::planned::Planned;
use super::prepare::Prepared;
use super::prices::{self, Shown};
use super::stalled::{self, Beginning};
use super::start_up::StartUp;
use super::status_file::StatusFile;
use crate::demands::{self, Supply};
use crate::device::{self, DeviceAssignment, RankHardware};
use crate::dispatch::{self, Leader, Message, NoOtherShards, OtherShards, ResultReader, Transport};
use crate::error::{Error, Rest};
use crate::progress::Progress;
use crate::provenance::{Provenance, RankPlace};
use crate::rank_log;
use crate::split::Sample;
use crate::stop::{Clock, Signals};
use crate::task::{self, Workplace};
use crate::world::World;

/// A run that has fewer seconds until its deadline does not spend any on measuring the machine.
const WORTH_MEASURING: f64 = 60.0;

impl Run {
    pub(super) fn run_leader(&self, world: &World, signals: &Signals) -> Result<Exit, Error> {
        let clock = Clock::until(self.deadline(), self.margin);
        let mut prepared = match self.prepare(world.size(), signals) {
            Ok(prepared) => prepared,
            Err(error) => {
                dismiss(world)?;
                return Err(error);
            }
        };
        for (task, state) in prepared.plan.tasks.iter().zip(&prepared.survey.states) {
            if let TaskState::Ignored { why } = state {
                inform(format_args!("{}: done again, {why}", task.id));
            }
        }
        if prepared.open() == 0 {
            dismiss(world)?;
            return self.finish(&mut prepared, &Outcome::Nothing);
        }
        if let Some(warning) = started_once(world) {
            tell(format_args!("warning: {warning}"));
        }
        for note in prepared.plan.notes() {
            inform(format_args!("note: {note}"));
        }
        let sample = match task::load(&prepared.stored.job, &prepared.data_directory) {
            Ok(sample) => sample,
            Err(error) => {
                dismiss(world)?;
                return Err(error);
            }
        };
        for note in sample.notes_on_columns(&prepared.stored.job) {
            tell(format_args!("warning: {note}"));
        }
        let places = self.handshake(world, signals, &clock, &mut prepared, &sample)?;
        let outcome = self.hand_out(world, signals, &clock, &mut prepared, places, sample);
        // However it ended, the page must not say for ever that it goes on.
        let outcome = outcome.inspect_err(|_| pages::last(&prepared.store))?;
        self.finish(&mut prepared, &outcome)
    }

    /// Learns where all ranks are, gives each its device, and writes down who is where.
    fn handshake(
        &self,
        world: &World,
        signals: &Signals,
        clock: &Clock,
        prepared: &mut Prepared,
        sample: &Sample,
    ) -> Result<Places, Error> {
        let hello = |_, message| match message {
            Message::Hello(hardware) => Some(Ok(hardware)),
            _ => None,
        };
        let mut ranks_hardware: Vec<RankHardware> = vec![device::detect(World::host(), self.device)];
        let waiting = StartUp::new(*clock, signals.clone());
        ranks_hardware.extend(dispatch::gather(world, signals, || waiting.is_over(), hello)?);
        let shares = device::memory_shares(&ranks_hardware);
        let assigned = device::assign(&ranks_hardware, self.device, self.sharing()).map_err(Error::from);
        let affordable = assigned.and_then(|assignments| {
            afford(prepared, sample, &ranks_hardware, &assignments)?;
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
        for (rank, assignment) in assignments.iter().enumerate().skip(1) {
            let data_directory = prepared.data_directory.clone();
            let (assignment, memory, trials) = (assignment.clone(), shares[rank], trials.clone());
            world.send(rank, &Message::Begin { data_directory, assignment, memory, trials })?;
        }
        // Its text may be long: points are listed one by one. A job has text keys and finite numbers, so this cannot fail.
        let job = serde_json::to_vec(&prepared.stored).unwrap_or_default();
        StartUp::new(*clock, signals.clone()).guard(|| world.broadcast(job))?;
        let device = device::take(&assignments[0]);
        for line in device::lines(&ranks_hardware, &assignments) {
            inform(line);
        }
        for warning in device::warnings(&ranks_hardware, &assignments, prepared.stored.job.compute.threads) {
            tell(format_args!("warning: {warning}"));
        }
        let ranks = ranks_hardware
            .iter()
            .zip(&assignments)
            .map(|(hardware, assignment)| RankPlace::new(hardware, assignment))
            .collect();
        let provenance = Provenance::new(self.command(prepared, world.size()), world.library(), ranks);
        let store = &prepared.store;
        if self.shard() == Shard::WHOLE {
            store.write_json("provenance.json", &provenance)?;
        } else {
            // Each shard has a file of its own. That of the directory is of the one that came first.
            store.write_json(
                &format!("logs/{}provenance.json", rank_log::prefix(self.shard())),
                &provenance,
            )?;
            if !store.directory().join("provenance.json").exists() {
                store.write_json("provenance.json", &provenance)?;
            }
        }
        // One line for each run that has worked here; shards do not write into one file, since lines that several hosts
        // append to a file of a network file system may overwrite each other.
        store.append(&format!("logs/{}runs.jsonl", rank_log::prefix(self.shard())), &provenance)?;
        let hosts = ranks_hardware.into_iter().map(|hardware| hardware.host).collect();
        if let Ok(device) = &device {
            estimates.try_out(&prepared.stored.job, &trials, *device);
        }
        prepared.estimates = Some(estimates);
        Ok(Places { own: device, assignment: assignments[0].clone(), kind, memory: shares[0], hosts })
    }

    /// Hands out what is to be done.
    fn hand_out(
        &self,
        world: &World,
        signals: &Signals,
        clock: &Clock,
        prepared: &mut Prepared,
        places: Places,
        sample: Sample,
    ) -> Result<Outcome, Error> {
        let environment = task::environment(&sample);
        tell_of(&sample);
        let Prepared {
            stored,
            plan,
            fingerprints,
            store,
            data_directory,
            survey,
            ended,
            owners,
            known,
            occupancy,
            stops,
            estimates,
            ..
        } = prepared;
        let states = &survey.states;
        let Some(estimates) = estimates else { unreachable!("they are made when all ranks are there") };
        estimates.tell_of_guess();
        let runs = states.iter().map(done_run);
        let mut pace = estimates.pace();
        pace.and(&task_state::pace(plan, estimates.seconds(), runs, &places.kind));
        let shown = Shown { stops, fingerprints, kind: &places.kind };
        let outlooks = prices::outlooks(plan, estimates.seconds(), &pace, &shown);
        // What is expected of whole tasks, of those too that go on from a checkpoint.
        let whole = estimates.expected(plan, &pace);
        let schedule = Schedule::new(Graph::of(plan), &whole, known);
        let limits =
            Limits { deadline: clock.end(), max_failures: self.max_failures.map(|most| most as usize) };
        let mut dispatcher =
            Dispatcher::new(schedule, outlooks, world.size(), limits, pace).of_ranks_that_join();
        let expected: Vec<f64> = (0..plan.tasks.len()).map(|task| dispatcher.expected(task)).collect();
        let settled: Vec<bool> = known.iter().map(|known| *known != Known::Open).collect();
        let (left, total) = (dispatcher.schedule().unfinished(), plan.tasks.len());
        // The last shard alone makes pictures, and nobody knows yet which that is.
        let ending = if self.shard() == Shard::WHOLE { estimates.ending() } else { 0.0 };
        let time = duration(makespan(plan, &expected, &settled, world.size()) + ending);
        let until =
            clock.end().map_or(String::new(), |end| format!(", {} until tasks must stop", duration(end)));
        inform(format_args!("{left} of {total} tasks to do, about {time}{until}"));
        let place = places.own.map(|device| {
            let (store, stored, data) = (store.clone(), stored.clone(), data_directory.clone());
            let place = Workplace::new(
                store,
                stored,
                data,
                device,
                run_info(world, &places.assignment),
                self.shard(),
            );
            place.with_sample(sample).saving_every(self.checkpoint_every).with_memory(places.memory)
        });
        let progress = Progress::new(plan, &whole, known, world.size()).ending_after(ending);
        let is_failed = |task: &usize| matches!(states[*task], TaskState::Failed { .. });
        let retrying = (0..plan.tasks.len()).filter(|task| known[*task] == Known::Open).filter(is_failed);
        let mut status_file =
            StatusFile::new(plan, progress, occupancy, Pages::new(store), retrying.collect());
        let mut shards = Shards {
            store,
            plan,
            fingerprints,
            owners,
            count: self.shard().count,
            before: states,
            retried: self.retry_failed,
            absent: vec![],
        };
        let other_shards: &mut dyn OtherShards =
            if self.shard() == Shard::WHOLE { &mut NoOtherShards } else { &mut shards };
        let mut results = Results { store, plan };
        let assignments = Planned { plan, fingerprints };
        let absent = compute(world, stored.job.compute.threads, place, |computing_thread| {
            let leader = Leader {
                transport: world,
                environment,
                hosts: places.hosts,
                assignments: &assignments,
                results: &mut results,
                computing_thread,
                dispatcher: &mut dispatcher,
                clock,
                signals,
                observer: &mut status_file,
                other_shards,
                patience: self.await_shards,
            };
            leader.run()
        })?;
        world.give_up_on(&absent);
        *ended = status_file.finish();
        if let Some(needed) = dispatcher.too_short_for_any() {
            // Reading the data and waiting for ranks has taken some of it.
            let left = clock.end().map_or(0.0, |end| (end - clock.now()).max(0.0));
            return Err(Error::TooLittleTime { left, needed });
        }
        let Some(halted) = dispatcher.halted() else { return Ok(Outcome::Throughout) };
        let rest = if dispatcher.schedule().unfinished() < left { Rest::Advanced } else { Rest::Stood };
        stalled::refuse(store, &Beginning { job: &stored.job, plan, known, stops }, rest)?;
        let is_waiting = matches!(halted, Halt::Others | Halt::Deadline) && !shards.absent.is_empty();
        if is_waiting && !dispatcher.has_begun() {
            // Who puts this job back into the queue must not do so for ever.
            let waiting = dispatcher.schedule().unfinished();
            return Err(Error::ShardsAbsent { own: self.shard(), absent: shards.absent, waiting });
        }
        Ok(Outcome::Until(halted, shards.absent))
    }
}

/// That the ranks have what the open tasks demand, now that it is known what they are and how many events there are.
fn afford(
    prepared: &Prepared,
    sample: &Sample,
    ranks_hardware: &[RankHardware],
    assignments: &[DeviceAssignment],
) -> Result<(), Error> {
    let Prepared { stored, plan, store, known, .. } = prepared;
    demands::check_threads(&stored.job, ranks_hardware)?;
    let is_on_gpu = assignments.iter().any(|assignment| matches!(assignment, DeviceAssignment::Gpu { .. }));
    let shares = device::memory_shares(ranks_hardware);
    let supply = Supply {
        ranks: ranks_hardware.len(),
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

/// What people should know of the events before the first task.
pub(super) fn tell_of(sample: &Sample) {
    if sample.dropped().total() > 0 {
        inform(format_args!("note: left out of the events: {}", sample.dropped()));
    }
    for repeat in sample.repeats() {
        tell(format_args!(
            "warning: {repeat} (classifiers may be judged on events that they were trained on)"
        ));
    }
    for remark in sample.remarks() {
        inform(format_args!("note: {remark}"));
    }
}

/// A job of several tasks in which the program was started once: no harm, but most of what was asked for lies idle.
fn started_once(world: &World) -> Option<String> {
    let tasks: usize = std::env::var("SLURM_NTASKS").ok()?.parse().ok()?;
    let is_alone = tasks > 1 && !world.is_launched();
    is_alone.then(|| {
        format!(
            "Slurm has given this job {tasks} tasks, but drapes was started once (the others do nothing) start it with \
             srun, or with --ranks {tasks}"
        )
    })
}

/// Sends the other ranks home.
fn dismiss(world: &World) -> Result<(), Error> {
    world.give_up_on(&dispatch::stop_ranks(world)?);
    world.dismissed();
    Ok(())
}

/// Where the ranks are.
struct Places {
    /// The device of rank 0, or why it has none.
    own: Result<Device, String>,
    /// What that was to be.
    assignment: DeviceAssignment,
    /// The kind of device that most ranks have.
    kind: String,
    /// Memory that rank 0 may take, in bytes, where that is known.
    memory: Option<f64>,
    /// The host of each rank.
    hosts: Vec<String>,
}

/// The results of a directory as rank 0 reads them.
pub(super) struct Results<'a> {
    pub store: &'a Store,
    pub plan: &'a Plan,
}

impl ResultReader for Results<'_> {
    fn is_readable(&mut self, task: usize) -> bool {
        self.store.refresh();
        task::is_readable(self.store, &self.plan.tasks[task].id)
    }
}

fn done_run(state: &TaskState) -> Option<&RunInfo> {
    match state {
        TaskState::Done(run) => Some(run),
        _ => None,
    }
}
