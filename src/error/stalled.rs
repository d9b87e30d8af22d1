//! Tasks that are stopped in vain.

use std::fmt;

use drapes_analysis::cli::duration;
use drapes_analysis::plan::TaskId;

/// A task that was stopped again and again and never got further.
#[derive(Debug, thiserror::Error)]
#[error(
    "{task} was stopped {times} times without getting further, after {} at the longest (the same command again, with the \
     same time, would do no better) give the job more time, or lower {lower}",
    duration(*seconds)
)]
pub struct StalledTask {
    /// The task.
    pub task: TaskId,
    /// How often, one after the other.
    pub times: u32,
    /// Seconds of its longest try.
    pub seconds: f64,
    /// The key of the job that makes it shorter.
    pub lower: &'static str,
}

/// What the run that names tasks that were stopped in vain has done beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Tasks have ended or got further.
    Advanced,
    /// Nothing.
    Stood,
}

impl fmt::Display for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Advanced => f.write_str(
                "\nnote: the rest of the scan has got further, and the same command goes on with it",
            ),
            Self::Stood => Ok(()),
        }
    }
}
