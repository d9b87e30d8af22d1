//! `run`: job file to figures.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

use drapes_analysis::cli::{self, answer, duration};
use drapes_analysis::error::Exit;
use drapes_analysis::fingerprint::{InputFile, fingerprints};
use drapes_analysis::job::{Job, JobFile};
use drapes_analysis::plan::Plan;
use drapes_analysis::price::{EventCounts, Price};
use drapes_analysis::rates::Rates;
use drapes_analysis::record::RunInfo;
use drapes_analysis::reduce;
use drapes_analysis::regions::Region;
use drapes_analysis::schedule::Schedule;
use drapes_analysis::store::{Store, StoredJob, TaskState};
use tch::Device;

use crate::data;
use crate::device::{self, DeviceChoice};
use crate::dispatch::{self, Message, Transport, Worker, WorkerEnd};
use crate::error::Error;
use crate::progress::Progress;
use crate::provenance::{Provenance, RankPlace};
use crate::split::Sample;
use crate::task::{self, Workplace};
use crate::world::World;

/// Computes a job: trains, generates, classifies, reduces and draws.
///
/// Started under mpirun or srun, the ranks share the tasks; alone, one rank does them all. The same command
/// again does only what is missing.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  \
    drapes run jobs/demo.toml\n  \
    drapes run jobs/demo.toml --ranks auto\n  \
    mpirun -n 8 drapes run jobs/fig04_05.toml --data-dir ~/lhco --out out/fig04_05\n\n\
    EXIT CODES\n  \
    0 done; 1 unexpected; 2 bad job, data or usage; 3 environment; 4 some tasks failed")]
pub struct Run {
    /// The job file.
    job: PathBuf,
    /// Where results go (out/NAME by default).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where the data files lie (the job's own data.directory by default).
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Start so many ranks with mpirun; auto: one a GPU, else one a core.
    #[arg(long, value_name = "N|auto", value_parser = ranks)]
    ranks: Option<Ranks>,
    /// What to compute on.
    #[arg(long, value_enum, default_value_t)]
    device: DeviceChoice,
}

/// How many ranks to start.
#[derive(Clone, Copy, Debug)]
enum Ranks {
    Auto,
    Exactly(NonZeroUsize),
}

fn ranks(text: &str) -> Result<Ranks, String> {
    match text {
        "auto" => Ok(Ranks::Auto),
        _ => text.parse().map(Ranks::Exactly).map_err(|_| "give a whole number from 1, or auto".to_owned()),
    }
}

/// A job ready to compute: everything that can be wrong before the first task has been checked.
struct Prepared {
    stored: StoredJob,
    plan: Plan,
    store: Store,
    data_directory: PathBuf,
    sample: Sample,
}

impl Run {
    /// Computes the job, as one rank of several or alone.
    ///
    /// # Errors
    /// The job, the data or the directory cannot be used, or some tasks fail.
    pub fn run(&self) -> Result<Exit, Error> {
        if let Some(ranks) = self.ranks {
            // Mistakes are told before there are ranks to repeat them.
            JobFile::open(&self.job)?.check()?;
            return self.launch(ranks);
        }
        let world = World::join()?;
        // A panic must not unwind into MPI's own end, where it would wait for the others.
        let part = || if world.rank() == 0 { self.lead(&world) } else { self.serve(&world) };
        match catch_unwind(AssertUnwindSafe(part)) {
            Ok(Err(error)) => Err(stop_all(&world, error)),
            Ok(done) => done,
            Err(_) if world.size() > 1 => world.abort(Exit::Unexpected as i32),
            Err(panic) => resume_unwind(panic),
        }
    }

    /// Starts this program again under mpirun.
    fn launch(&self, ranks: Ranks) -> Result<Exit, Error> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let count = match ranks {
            Ranks::Exactly(count) => count.get(),
            Ranks::Auto if self.device == DeviceChoice::Cpu => cores,
            Ranks::Auto => Some(device::gpus()).filter(|gpus| *gpus > 0).unwrap_or(cores),
        };
        let program = std::env::current_exe().map_err(|source| Error::NoLauncher { source })?;
        let mut mpirun = Command::new("mpirun");
        // Open MPI counts a slot for each physical core, the system a processor for each hardware thread; and
        // where ranks run is the system's business as long as each computes with one thread.
        mpirun.args(["-n", &count.to_string(), "--oversubscribe", "--bind-to", "none"]);
        // The user has asked for this program, not for mpirun: its warning about root is not for them.
        mpirun.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
        mpirun.arg(program).arg("run").args(self.arguments());
        let status = mpirun.status().map_err(|source| Error::NoLauncher { source })?;
        // The ranks have said what went wrong.
        std::process::exit(status.code().unwrap_or(Exit::Unexpected as i32))
    }

    /// The arguments of every rank.
    fn arguments(&self) -> Vec<std::ffi::OsString> {
        let mut arguments = vec![self.job.clone().into_os_string()];
        for (flag, value) in [("--out", &self.out), ("--data-dir", &self.data_dir)] {
            if let Some(value) = value {
                arguments.extend([flag.into(), value.clone().into_os_string()]);
            }
        }
        let device = match self.device {
            DeviceChoice::Auto => "auto",
            DeviceChoice::Cpu => "cpu",
            DeviceChoice::Cuda => "cuda",
        };
        arguments.extend(["--device".into(), device.into()]);
        arguments
    }

    fn directory(&self, job: &Job) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new("out").join(&job.name))
    }

    fn prepare(&self) -> Result<Prepared, Error> {
        let file = JobFile::open(&self.job)?;
        let job = file.check()?;
        let data_directory = match &self.data_dir {
            Some(directory) => directory.clone(),
            None => file.data_directory()?,
        };
        let inputs = inputs(&job, &data_directory)?;
        let sample = task::load(&job, &data_directory)?;
        let plan = Plan::of(&job);
        let stored = StoredJob { job, inputs };
        let store = Store::create(&self.directory(&stored.job), &file, &stored)?;
        Ok(Prepared { stored, plan, store, data_directory, sample })
    }

    fn lead(&self, world: &World) -> Result<Exit, Error> {
        let prepared = match self.prepare() {
            Ok(prepared) => prepared,
            Err(error) => {
                for rank in 1..world.size() {
                    world.send(rank, &Message::Stop)?;
                }
                return Err(error);
            }
        };
        let states = prepared.store.states(&prepared.stored, &prepared.plan);
        let done: Vec<bool> = states.iter().map(TaskState::is_done).collect();
        for (task, state) in prepared.plan.tasks.iter().zip(&states) {
            if let TaskState::Ignored { why } = state {
                eprintln!("{}: done again, {why}", task.id);
            }
        }
        for note in prepared.plan.notes() {
            eprintln!("note: {note}");
        }
        let device = self.muster(world, &prepared)?;
        let price = Price::of(&prepared.stored.job, &prepared.plan, counts(&prepared), &Rates::CPU_CORE);
        let left = prepared.plan.tasks.len() - done.iter().filter(|done| **done).count();
        if left > 0 {
            let expected = price.makespan(&prepared.plan, &done, world.size());
            eprintln!("{left} of {} tasks to do, about {}", prepared.plan.tasks.len(), duration(expected));
        }
        let Prepared { stored, plan, store, data_directory, sample } = prepared;
        let place =
            Workplace::new(store.clone(), stored.clone(), data_directory, device, run_info(world, device));
        let place = place.with_sample(sample);
        let mut schedule = Schedule::new(&plan, &price.seconds, &done);
        let mut progress = Progress::new(&plan, &price.seconds, &done, world.size());
        let without_result = compute(world, &stored, &plan, place, |worker| {
            dispatch::lead(world, worker, &plan, &mut schedule, &mut progress)
        })?;
        progress.finish();
        conclude(&store, plan.tasks.len(), without_result)
    }

    /// Learns where all ranks are, gives each its device, and writes down who is where.
    fn muster(&self, world: &World, prepared: &Prepared) -> Result<Device, Error> {
        let mut hosts = vec![World::host(); world.size()];
        for _ in 1..world.size() {
            if let (rank, Message::Hello { host }) = dispatch::wait(world)? {
                hosts[rank] = host;
            }
        }
        let local = |rank: usize| {
            let same = |ranks: &[String]| ranks.iter().filter(|host| **host == hosts[rank]).count();
            (same(&hosts[..rank]), same(&hosts))
        };
        for rank in 1..world.size() {
            let (local_rank, local_ranks) = local(rank);
            let stored = Box::new(prepared.stored.clone());
            let data_directory = prepared.data_directory.clone();
            world.send(rank, &Message::Begin { stored, data_directory, local_rank, local_ranks })?;
        }
        let (local_rank, local_ranks) = local(0);
        let device = device::choose(self.device, local_rank, local_ranks)?;
        let mut ranks: Vec<RankPlace> =
            hosts.into_iter().map(|host| RankPlace { host, device: String::new() }).collect();
        ranks[0].device = device::name(device);
        for _ in 1..world.size() {
            match dispatch::wait(world)? {
                (rank, Message::Ready(Ok(device))) => ranks[rank].device = device,
                (rank, Message::Ready(Err(reason))) => return Err(Error::RankBroke { rank, reason }),
                _ => {}
            }
        }
        for (rank, place) in ranks.iter().enumerate() {
            eprintln!("rank {rank}: {} on {}", place.device, place.host);
        }
        prepared
            .store
            .write_json("provenance.json", &Provenance::new(self.command(prepared), world, ranks))?;
        Ok(device)
    }

    /// This command with whole paths.
    fn command(&self, prepared: &Prepared) -> String {
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let quoted = |path: &Path| {
            let path = whole(path).display().to_string();
            if path.contains(char::is_whitespace) { format!("'{path}'") } else { path }
        };
        let parts = [self.job.as_path(), &prepared.data_directory, prepared.store.directory()].map(quoted);
        format!("drapes run {} --data-dir {} --out {}", parts[0], parts[1], parts[2])
    }

    fn serve(&self, world: &World) -> Result<Exit, Error> {
        world.send(0, &Message::Hello { host: World::host() })?;
        let (stored, data_directory, local_rank, local_ranks) = loop {
            match dispatch::wait(world)? {
                (_, Message::Begin { stored, data_directory, local_rank, local_ranks }) => {
                    break (*stored, data_directory, local_rank, local_ranks);
                }
                // Rank 0 has said why there is nothing to do.
                (_, Message::Stop) => return Ok(Exit::Done),
                _ => {}
            }
        };
        let store = Store::open(&self.directory(&stored.job))?;
        let device = match device::choose(self.device, local_rank, local_ranks) {
            Ok(device) => device,
            Err(error) => {
                world.send(0, &Message::Ready(Err(error.to_string())))?;
                dispatch::wait(world)?;
                return Err(error);
            }
        };
        world.send(0, &Message::Ready(Ok(device::name(device))))?;
        let plan = Plan::of(&stored.job);
        let place = Workplace::new(store, stored.clone(), data_directory, device, run_info(world, device));
        compute(world, &stored, &plan, place, |worker| dispatch::serve(world, worker))?;
        Ok(Exit::Done)
    }
}

/// Ends the other ranks where they may wait for this one: nothing but an abort ends them.
fn stop_all(world: &World, error: Error) -> Error {
    if world.size() > 1 && !matches!(error, Error::TasksFailed { .. }) {
        eprintln!("error on rank {} ({}): {error}", world.rank(), World::host());
        world.abort(error.kind() as i32)
    }
    error
}

/// Runs the computing thread beside `talk`.
fn compute<T>(
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
            dispatch::work(&end, |task, watch| place.perform(&plan.tasks[task], &fingerprints[task], watch));
        });
        let broken =
            |error: std::io::Error| Error::RankBroke { rank: world.rank(), reason: error.to_string() };
        spawned.map_err(broken)?;
        // What goes wrong here is told at once, not when the task of the computing thread has ended. That thread
        // ends when the worker is dropped.
        let result = talk(&worker).map_err(|error| stop_all(world, error));
        drop(worker);
        result
    })
}

/// The name of computing threads; a panic there is a failed task, and said as one.
pub const COMPUTING: &str = "computing";

fn run_info(world: &World, device: Device) -> RunInfo {
    RunInfo { host: World::host(), rank: world.rank(), device: device::name(device), seconds: 0.0 }
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

/// The event numbers that prices follow from, now that the data are there.
fn counts(prepared: &Prepared) -> EventCounts {
    let job = &prepared.stored.job;
    let count = |wanted| {
        let data = prepared.sample.data(drapes_analysis::quantities::SignalCount(0), &job.regions, wanted);
        data.map_or(0, |events| events.len())
    };
    EventCounts {
        side_band: count(Region::SideBand),
        signal_region: count(Region::Signal),
        other_sample: prepared.sample.other_in(&job.regions, Region::Signal).map_or(0, |events| events.len()),
        independent: prepared.sample.independent().nrows(),
    }
}

/// Reduces, draws, and closes with what there is to read.
fn conclude(store: &Store, total: usize, without_result: usize) -> Result<Exit, Error> {
    let results = reduce::reduce(store)?;
    cli::draw_all(store)?;
    answer(reduce::summary(&results));
    answer(format_args!("\nresults.csv and figures/ in {}\n", store.directory().display()));
    // A record that cannot be read back is as good as none.
    let failed = without_result.max(results.missing.len());
    if failed > 0 {
        return Err(Error::TasksFailed { failed, total });
    }
    Ok(Exit::Done)
}
