//! What the log of a rank says of checkpoints.

use std::fmt;

use drapes_analysis::cli::duration;

use super::file::NoUse;

/// Something about a checkpoint that whoever reads logs will ask.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// The training goes on where it was saved.
    GoesOn {
        /// Seconds of work before that.
        seconds: f64,
    },
    /// A checkpoint is there, and the training begins anew nevertheless.
    BeginsAnew {
        /// Why it does not count.
        why: NoUse,
    },
    /// The training could not be saved, and goes on.
    NotSaved {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GoesOn { seconds } => {
                write!(f, "goes on from its checkpoint, after {} of work", duration(*seconds))
            }
            Self::BeginsAnew { why } => write!(f, "begins anew: its checkpoint does not count, {why}"),
            Self::NotSaved { reason } => {
                write!(
                    f,
                    "WARNING: no checkpoint was written ({reason}); what it has learnt since the last one would be lost"
                )
            }
        }
    }
}
