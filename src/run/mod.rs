//! The verb `run`, from a job file to figures, and the other verbs that need this program: `doctor`, `compact` and
//! `export --events`.
//!
//! A job file and files of events come in; a directory with records, tables, figures and a page goes out. Rank 0 leads and all
//! ranks work. Here alone stands MPI (`world`), here the speed of the machine is tried out (`trial`), and here people are told
//! what goes on (`progress`, `status_file`, `pages`).
//!
//! ```text
//! prepare: job, data, directory --> leader (rank 0): handshake, hand out, hear --> finish: reduce, draw, exit code
//!                                   worker (other ranks): hardware, device, tasks until there are no more
//! ```

mod command;
pub mod compact;
mod compute;
mod context;
#[cfg(test)]
mod costs;
mod demands;
pub mod doctor;
mod dry_run;
pub mod edge;
mod estimates;
mod farewell;
mod finish;
mod grouping;
mod handshake;
mod kernels;
mod last_words;
mod launch;
mod leader;
mod other_shards;
mod pages;
mod planned;
mod prepare;
mod prices;
mod progress;
pub mod selected_events;
mod stalled;
mod start_up;
mod status_file;
mod stop_requests;
mod trial;
mod worker;
pub mod world;

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use drapes_analysis::cli::{Talk, tell};
use drapes_analysis::dispatch::Shard;
use drapes_analysis::error::Exit;
use drapes_analysis::job::{Change, JobFile};
use drapes_analysis::plan::{Plan, Selector};
use drapes_analysis::store::{Arrivals, Store};

use crate::device::{self, DeviceChoice, GpuKernels, Sharing};
use crate::dispatch::stop::{Clock, Deadline, Signals, Starter, length_of_time, slurm_end};
use crate::error::Error;
use crate::run::world::World;
use farewell::Farewell;
use launch::Ranks;

use start_up::StartUp;

pub use compute::COMPUTING;

/// Computes a job: trains, generates, classifies, reduces and draws.
///
/// While it runs, and at its end, report.html in the directory of results shows all of it on one page.
///
/// Started under mpirun or srun, the ranks share the tasks; alone, one rank does them all. The same command
/// again does only what is missing, and goes on with trainings and templates that were stopped.
#[derive(Debug, clap::Args)]
// Scripts give options of their own, and whoever calls them may know better: what stands last counts.
#[command(args_override_self = true)]
#[command(after_help = "EXAMPLES\n  \
    drapes run jobs/demo.toml\n  \
    drapes run jobs/demo.toml --ranks auto\n  \
    mpirun -n 8 drapes run jobs/fig04_05.toml --data-dir ~/lhco --out out/fig04_05\n  \
    srun drapes run jobs/fig04_05.toml --data-dir ~/lhco --out out/fig04_05 --deadline 4h\n  \
    drapes run jobs/fig04_05.toml --data-dir ~/lhco --out out/fig04_05 --shard 2/8\n  \
    drapes run jobs/demo.toml --set denoiser.epochs=100 --out out/short --dry-run\n  \
    drapes run jobs/demo.toml --only 'noise-s1000-*'\n\n\
    Stops early when `drapes stop` asks it to, on USR1, USR2, TERM, HUP, XCPU or Ctrl-C, and before the deadline: trainings and templates are saved and go on with the next run.\n\n\
    EXIT CODES\n  \
    0 done, or with --only what it names; 1 unexpected; 2 bad job, data or usage; 3 environment; 4 some tasks failed;\n  \
    75 stopped early, run the same command again")]
pub struct Run {
    /// The job file.
    job: PathBuf,
    /// Change a key of the job, as if it stood in the file: denoiser.epochs=100, 'name="other"', or scan.0.oversampling=5 for
    /// the first [[scan]] block. Values are TOML; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    changes: Vec<Change>,
    /// Where results go (out/NAME by default).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where the data files lie (the job's own data.directory by default).
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Start so many ranks with mpirun; auto: one a GPU, else one a core.
    #[arg(long, value_name = "N|auto", value_parser = launch::ranks)]
    ranks: Option<Ranks>,
    /// What to compute on.
    #[arg(long, value_enum, default_value_t)]
    device: DeviceChoice,
    /// Whether GPUs add numbers in a fixed order, so that the same job gives the same numbers again.
    #[arg(long, value_enum, default_value_t)]
    gpu_kernels: GpuKernels,
    /// Let N ranks compute on one GPU, or any number. They gain from it where NVIDIA MPS runs.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true)]
    #[allow(
        clippy::option_option,
        reason = "clap tells so whether the option is absent, bare, or has a number"
    )]
    share_gpus: Option<Option<NonZeroUsize>>,
    /// When the run must have ended: a time from now (90m), a date (2026-03-01T14:00:00), seconds since 1970, or NONE.
    /// Under Slurm, the end of the job by default.
    #[arg(long, value_name = "WHEN", value_parser = Deadline::parse)]
    deadline: Option<Deadline>,
    /// How long before the deadline tasks are told to stop.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = length_of_time)]
    margin: Duration,
    /// Do the second of eight equal shares of the scan (2/8), beside other jobs in the same directory.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// How long to wait for other shards whose tasks this one needs and that are not at work.
    #[arg(long, value_name = "TIME", default_value = "3m", value_parser = length_of_time)]
    await_shards: Duration,
    /// Do only the tasks or points whose names fit this pattern, and what they need (`drapes plan JOB --points` and --tasks
    /// list names); may be repeated. The rest stays to be done.
    #[arg(long, value_name = "GLOB", conflicts_with = "shard")]
    only: Vec<Selector>,
    /// Check job, data and directory, say what would be done, and write nothing.
    #[arg(long = "dry-run")]
    rehearsal: bool,
    /// Try failed tasks again.
    #[arg(long)]
    retry_failed: bool,
    /// Stop after so many failed tasks.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_failures: Option<u32>,
    /// Measured rates of a device, as `cargo bench --bench throughput -- --rates FILE` writes them; may be repeated. Those
    /// of the device that the ranks compute on are used.
    #[arg(long, value_name = "FILE")]
    rates: Vec<PathBuf>,
    /// Time between two checkpoints of a training or a template.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = length_of_time)]
    checkpoint_every: Duration,
    #[command(flatten)]
    talk: Talk,
}

impl Run {
    /// Computes the job, as one rank of several or alone.
    ///
    /// # Errors
    /// The job, the data or the directory cannot be used, or some tasks fail.
    pub fn run(&self) -> Result<Exit, Error> {
        self.talk.set();
        self.check_paths()?;
        if self.rehearsal {
            return self.dry_run();
        }
        if let Some(ranks) = self.ranks {
            // Mistakes are told before there are ranks to repeat them.
            let (_, job) = self.job()?;
            Plan::of(&self.foreseen(&job)).selected(&self.only)?;
            demands::check_threads(&job, &[device::detect(World::host(), DeviceChoice::Cpu)])?;
            Store::claim(&self.directory(&job))?;
            return self.launch(ranks);
        }
        device::set_gpu_kernels(self.gpu_kernels);
        // Before MPI starts threads of its own, and before anybody can be told to stop.
        let signals = Signals::listen()?;
        let starter = Starter::of_this_process();
        let clock = Clock::until(self.deadline(), self.margin);
        let world = StartUp::new(clock, signals.clone()).guard_with(self.arrivals(), World::join)??;
        let signals = if world.is_launched() { signals.of_launched(starter) } else { signals };
        // A panic must not unwind into MPI's own end, where it would wait for the others.
        let part = || {
            if world.rank() == 0 {
                self.run_leader(&world, &signals)
            } else {
                self.run_worker(&world, &signals)
            }
        };
        let ended = match catch_unwind(AssertUnwindSafe(part)) {
            Ok(Err(error)) => Err(stop_all(&world, error)),
            Ok(Ok(exit)) if world.waits_in_vain() => {
                // MPI's own end would wait for ranks that do not answer.
                world.abort(exit as i32)
            }
            Ok(Ok(exit)) => Ok(exit),
            Err(_) if world.size() > 1 => world.abort(Exit::Unexpected as i32),
            Err(panic) => resume_unwind(panic),
        };
        Farewell::new(clock, signals, &world, &ended).take(world);
        ended
    }

    /// Checks that paths are text: HDF5 and the messages between ranks know text alone, and would fail hours later.
    fn check_paths(&self) -> Result<(), Error> {
        let paths =
            [(Some(&self.job), "JOB"), (self.out.as_ref(), "--out"), (self.data_dir.as_ref(), "--data-dir")];
        let wrong = paths
            .into_iter()
            .filter_map(|(path, what)| path.filter(|path| path.to_str().is_none()).zip(Some(what)));
        Error::of_all(wrong.map(|(path, what)| Error::NotText { path: path.clone(), what }).collect())
    }

    /// Where the ranks of this run leave word that they are there, once somebody wants to know. Ranks that cannot read the job
    /// leave none.
    fn arrivals(&self) -> impl FnOnce() -> Option<Arrivals> + Send + 'static {
        let (file, changes, out, shard) =
            (self.job.clone(), self.changes.clone(), self.out.clone(), self.shard());
        move || {
            let named = || {
                let job = JobFile::open(&file).ok()?.with(changes).check().ok()?;
                Some(Path::new("out").join(&job.name))
            };
            let (rank, ranks) = World::announced();
            Arrivals::of(&out.or_else(named)?, shard, rank, ranks)
        }
    }

    fn deadline(&self) -> Option<SystemTime> {
        match self.deadline {
            Some(deadline) => deadline.moment(),
            None => slurm_end(),
        }
    }

    fn sharing(&self) -> Sharing {
        match self.share_gpus {
            None => Sharing::Refused,
            Some(None) => Sharing::Allowed,
            Some(Some(ranks)) => Sharing::UpTo(ranks),
        }
    }
}

/// Ends all ranks, this one too, with what has gone wrong.
fn end_all(world: &World, error: &Error) -> ! {
    tell(format_args!("error on rank {} ({}): {error}", world.rank(), World::host()));
    world.abort(error.kind() as i32)
}

/// Ends the other ranks where they may wait for this one: nothing but an abort ends them.
fn stop_all(world: &World, error: Error) -> Error {
    // By then rank 0 has told the others to stop.
    let is_orderly = matches!(
        error,
        Error::TasksFailed { .. }
            | Error::NotStored { .. }
            | Error::NotReadable { .. }
            | Error::TooLittleTime { .. }
            | Error::Stalled { .. }
            | Error::ShardsAbsent { .. }
    );
    if world.size() > 1 && !is_orderly && !world.is_dismissed() || world.waits_in_vain() {
        end_all(world, &error)
    }
    error
}
