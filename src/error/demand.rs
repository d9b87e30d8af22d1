//! Errors of jobs that demand more than the machine has.

use std::path::PathBuf;

use drapes_analysis::error::Exit;
use drapes_analysis::plan::TaskId;
use drapes_analysis::plan::price::demand::{LONGEST_RUN, size};
use drapes_analysis::text::duration;

/// A job that asks for more than there is.
///
/// Messages read: problem (why it is one) what to do.
#[derive(Debug, thiserror::Error)]
pub enum DemandError {
    /// More threads than processors.
    #[error(
        "compute.threads is {threads} (rank {rank} on {host} may use {processors} processors, and more threads would only \
         wait for each other) lower it to {processors} at most, or let ranks use more (mpirun --bind-to none, srun \
         --cpus-per-task)"
    )]
    Threads {
        /// Threads of a rank.
        threads: usize,
        /// The rank that has fewest processors.
        rank: usize,
        /// Its host.
        host: String,
        /// Processors that it may use.
        processors: usize,
    },
    /// A task does not fit into memory.
    #[error("{task} needs about {} of memory (a rank has {}) lower {lower}{}", size(*needs), size(*has), fewer(*ranks))]
    Memory {
        /// The task.
        task: TaskId,
        /// Bytes that it takes.
        needs: f64,
        /// Bytes that a rank may take.
        has: f64,
        /// The key of the job.
        lower: &'static str,
        /// Ranks that share them.
        ranks: usize,
    },
    /// The results do not fit onto the disk.
    #[error(
        "the results need about {} ({} has {} left) lower {lower}, or choose another --out",
        size(*needs),
        folder.display(),
        size(*has)
    )]
    Disk {
        /// Where they go.
        folder: PathBuf,
        /// Bytes that they take.
        needs: f64,
        /// Bytes that are free.
        has: f64,
        /// The key of the job.
        lower: &'static str,
    },
    /// Nobody lives to see the end.
    #[error(
        "the scan would take {} on {} (more than {} is a mistake in the job; its longest task is {task}, with \
         {}) lower {lower}",
        duration(*seconds),
        if *ranks == 1 { "one rank".to_owned() } else { format!("{ranks} ranks") },
        duration(LONGEST_RUN),
        duration(*longest)
    )]
    Time {
        /// Seconds of the whole.
        seconds: f64,
        /// Ranks at work.
        ranks: usize,
        /// The longest task.
        task: TaskId,
        /// Its seconds.
        longest: f64,
        /// The key of the job.
        lower: &'static str,
    },
}

fn fewer(ranks: usize) -> &'static str {
    if ranks > 1 { ", or start fewer ranks on a host" } else { "" }
}

impl DemandError {
    /// The exit code that this error ends the program with.
    pub fn kind(&self) -> Exit {
        match self {
            Self::Threads { .. } | Self::Time { .. } => Exit::BadRequest,
            Self::Memory { .. } | Self::Disk { .. } => Exit::Environment,
        }
    }
}
