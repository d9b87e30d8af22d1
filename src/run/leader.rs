//! Rank 0 of a run: prepares it, starts the other ranks, hands out tasks, and ends it.

use drapes_analysis::cli::{duration, inform, tell};
use drapes_analysis::dispatch::{Dispatcher, Graph, Halt, Known, Limits, Schedule, Shard, makespan};
use drapes_analysis::error::Exit;
use drapes_analysis::job::Job;
use drapes_analysis::job::injection::Injection;
use drapes_analysis::job::regions::Region;
use drapes_analysis::plan::{Pace, Plan};
use drapes_analysis::store::record::RunInfo;
use drapes_analysis::store::task_state;
use drapes_analysis::store::{RecordState, Store};

use super::Run;
use super::compute::{compute, run_info};
use super::context::{Context, dismiss};
use super::finish::Outcome;
use super::grouping::note_of_apart;
use super::handshake::GatheredRanks;
use super::other_shards::Shards;
use super::pages::{self, Pages};
use super::planned::Planned;
use super::prepare::Prepared;
use super::prices::{self, Shown};
use super::progress::Progress;
use super::stalled::{self, Beginning};
use super::status_file::StatusFile;
use super::world::World;
use crate::dispatch::stop::{Clock, Signals};
use crate::dispatch::{Leader, NoOtherShards, OtherShards, ResultReader};
use crate::error::{Error, Rest};
use crate::models::mass_by_trees;
use crate::sample::split::Sample;
use crate::task::{self, Workplace};

/// The share of the variance of the mass above which a search is warned of its features: published ones tell about a half.
const LARGEST_SHARE_TOLD: f64 = 0.9;

impl Run {
    /// Does all that rank 0 does in a run.
    ///
    /// # Errors
    /// The run cannot begin, results cannot be stored, a rank does not answer, or tasks have failed.
    pub(super) fn run_leader(&self, world: &World, signals: &Signals) -> Result<Exit, Error> {
        let clock = Clock::until(self.deadline(), self.margin);
        let mut prepared = match self.prepare(world.size(), signals) {
            Ok(prepared) => prepared,
            Err(error) => {
                dismiss(world)?;
                return Err(error);
            }
        };
        let states = || prepared.plan.tasks.iter().zip(&prepared.survey.states);
        for (task, state) in states().filter(|(_, state)| !state.is_foreign()) {
            if let RecordState::Ignored { why } = state {
                inform(format_args!("{}: done again, {why}", task.id));
            }
        }
        // Of another version all are, which is no news of each.
        let foreign = states().filter(|(_, state)| state.is_foreign()).count();
        if foreign > 0 {
            inform(format_args!(
                "note: {foreign} tasks are done again, since their records belong to other inputs or another version of drapes; \
                 to keep these, stop this run and name another --out"
            ));
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
        let read = prepared.sample.take();
        let load = || task::load(&prepared.stored.job, &prepared.data_directory);
        let sample = match read.map_or_else(load, Ok) {
            Ok(sample) => sample,
            Err(error) => {
                dismiss(world)?;
                return Err(error);
            }
        };
        let context = Context { world, clock: &clock, signals };
        let ranks = self.handshake(&context, &mut prepared, &sample)?;
        // Only now: a start that finds no GPU has grouped nothing.
        prepared.grouping.iter().for_each(inform);
        if let Some(able) = prepared.able {
            prepared.store.set_apart(&prepared.stored)?;
            inform(note_of_apart(able));
        }
        prepared.store.write_warnings(&tell_of(&prepared.stored.job, &sample))?;
        let outcome = self.hand_out(&context, &mut prepared, ranks, sample);
        // Written however the run ended: otherwise the page would say for ever that it goes on.
        let outcome = outcome.inspect_err(|_| pages::last(&prepared.store))?;
        self.finish(&mut prepared, &outcome)
    }

    /// Hands out what is to be done, and says how that ended.
    fn hand_out(
        &self,
        context: &Context<'_>,
        prepared: &mut Prepared,
        ranks: GatheredRanks,
        sample: Sample,
    ) -> Result<Outcome, Error> {
        let Context { world, clock, signals } = *context;
        let environment = task::environment(&sample);
        let Scheduled { mut dispatcher, whole, ending, pace } = self.schedule(context, prepared, &ranks.kind);
        let kept = prices::kept(&prepared.plan, &prepared.stops, &prepared.fingerprints);
        let left = dispatcher.schedule().unfinished();
        let place = self.workplace_of_leader(world, prepared, &ranks, sample);
        let Prepared { stored, plan, fingerprints, store, survey, ended, owners, known, occupancy, .. } =
            prepared;
        let states = &survey.states;
        let progress = Progress::new(plan, &whole, known, world.size())
            .knowing(&pace)
            .going_on_from(kept)
            .ending_after(ending);
        let is_failed = |task: &usize| matches!(states[*task], RecordState::Failed { .. });
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
                hosts: ranks.hosts,
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
        let absent = shards.absent;
        self.outcome(prepared, clock, &dispatcher, (left, absent))
    }

    /// Prepares the dispatcher with the expected time of every task, and tells how long all of it takes.
    fn schedule(&self, context: &Context<'_>, prepared: &Prepared, kind: &str) -> Scheduled {
        let Context { world, clock, .. } = *context;
        let Prepared { plan, fingerprints, survey, known, stops, estimates, .. } = prepared;
        let Some(estimates) = estimates else { unreachable!("they are made when all ranks are there") };
        estimates.tell_of_guess();
        let runs = survey.states.iter().map(done_run);
        let mut pace = estimates.pace();
        pace.and(&task_state::pace(plan, estimates.seconds(), runs, kind));
        let shown = Shown { stops, fingerprints, kind };
        let outlooks = prices::outlooks(plan, estimates.seconds(), &pace, &shown);
        // What is expected of whole tasks, of those too that go on from a checkpoint.
        let whole = estimates.expected(plan, &pace);
        let schedule = Schedule::new(Graph::of(plan), &whole, known);
        let limits =
            Limits { deadline: clock.end(), max_failures: self.max_failures.map(|most| most as usize) };
        let dispatcher =
            Dispatcher::new(schedule, outlooks, world.size(), limits, pace.clone()).of_ranks_that_join();
        let expected: Vec<f64> = (0..plan.tasks.len()).map(|task| dispatcher.expected(task)).collect();
        let settled: Vec<bool> = known.iter().map(|known| *known != Known::Open).collect();
        let (left, total) = (dispatcher.schedule().unfinished(), plan.tasks.len());
        // The last shard alone makes pictures, and nobody knows yet which that is.
        let ending = if self.shard() == Shard::WHOLE { estimates.ending() } else { 0.0 };
        let time = duration(makespan(plan, &expected, &settled, world.size()) + ending);
        let until =
            clock.end().map_or(String::new(), |end| format!(", {} until tasks must stop", duration(end)));
        inform(format_args!("{left} of {total} tasks to do, about {time}{until}"));
        Scheduled { dispatcher, whole, ending, pace }
    }

    /// The workplace of rank 0, which does tasks too, or why it has none.
    fn workplace_of_leader(
        &self,
        world: &World,
        prepared: &Prepared,
        ranks: &GatheredRanks,
        sample: Sample,
    ) -> Result<Workplace, String> {
        let device = ranks.own.clone()?;
        let Prepared { store, stored, data_directory, .. } = prepared;
        let (store, stored, data) = (store.clone(), stored.clone(), data_directory.clone());
        let info = run_info(world, &ranks.assignment);
        let place = Workplace::new(store, stored, data, device, info, self.shard());
        let place = place.with_sample(sample).saving_every(self.checkpoint_every).with_memory(ranks.memory);
        Ok(place.with_gpu_memory(ranks.gpu_memory).with_processors(ranks.processors))
    }

    /// How work has ended that had so many tasks `left` when it began, while these shards were `absent`.
    ///
    /// # Errors
    /// The same command would do no better: the time is too short for any task, tasks do not get further, or what is left
    /// waits for other shards that nobody has started.
    fn outcome(
        &self,
        prepared: &Prepared,
        clock: &Clock,
        dispatcher: &Dispatcher,
        (left, absent): (usize, Vec<Shard>),
    ) -> Result<Outcome, Error> {
        let Prepared { stored, plan, store, known, stops, .. } = prepared;
        if let Some(needed) = dispatcher.too_short_for_any() {
            // Reading the data and waiting for ranks has taken some of it.
            let left = clock.end().map_or(0.0, |end| (end - clock.now()).max(0.0));
            return Err(Error::TooLittleTime { left, needed });
        }
        let Some(halted) = dispatcher.halted() else { return Ok(Outcome::Throughout) };
        let rest = if dispatcher.schedule().unfinished() < left { Rest::Advanced } else { Rest::Stood };
        stalled::refuse(store, &Beginning { job: &stored.job, plan, known, stops }, rest)?;
        let is_waiting = matches!(halted, Halt::Others | Halt::Deadline) && !absent.is_empty();
        if is_waiting && !dispatcher.has_begun() {
            // A script that queues the job again after exit code 75 would do so for ever.
            let waiting = dispatcher.schedule().unfinished();
            return Err(Error::ShardsAbsent { own: self.shard(), absent, waiting });
        }
        Ok(Outcome::Until(halted, absent))
    }
}

/// The tasks of a run before the first is handed out.
struct Scheduled {
    dispatcher: Dispatcher,
    /// Seconds expected of each task as a whole.
    whole: Vec<f64>,
    /// Seconds that tables and pictures take after the last task.
    ending: f64,
    /// What was known of the machine when that was expected.
    pace: Pace,
}

/// Tells what the user should know of the events before the first task; gives back what results are to be read with.
pub(super) fn tell_of(job: &Job, sample: &Sample) -> Vec<String> {
    if sample.dropped().total() > 0 {
        inform(format_args!("note: left out of the events: {}", sample.dropped()));
    }
    let mut warnings = sample.notes_on_columns(job);
    let repeats = sample.repeats().iter();
    warnings.extend(
        repeats.map(|repeat| {
            format!("{repeat} (classifiers may be judged on events that they were trained on)")
        }),
    );
    for remark in sample.remarks() {
        inform(format_args!("note: {remark}"));
    }
    if let Some(share) = mass_told(job, sample).filter(|share| *share > LARGEST_SHARE_TOLD) {
        warnings.push(format!(
            "the features tell {:.0}% of the variance of {} in the side-bands (R² of boosted trees on events that they have \
             not seen: a cut on scores may select masses, and carve a bump where there is none) leave out of data.features what \
             follows the mass, or divide it by the mass in [data.columns]",
            100.0 * share,
            job.data.resonant
        ));
    }
    for warning in &warnings {
        tell(format_args!("warning: {warning}"));
    }
    warnings
}

/// The share of the variance of the mass that a search's features tell; none where nothing is searched or nobody knows.
fn mass_told(job: &Job, sample: &Sample) -> Option<f64> {
    job.search.as_ref()?;
    let all = sample.chosen(Injection::default(), &job.regions, Region::SideBand).ok()?;
    let some: Vec<u32> =
        all.iter().copied().step_by(all.len().div_ceil(mass_by_trees::EVENTS).max(1)).collect();
    let masses: Vec<f64> = some.iter().map(|event| sample.mass(*event)).collect();
    mass_by_trees::share_told(sample.features(&some).view(), &masses)
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

fn done_run(state: &RecordState) -> Option<&RunInfo> {
    match state {
        RecordState::Done(run) => Some(run),
        _ => None,
    }
}
