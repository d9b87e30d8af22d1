//! The expected length of a task, and what happens to its work if it is stopped: known before it runs.

use crate::plan::PaceKind;

pub use crate::plan::IfStopped;

/// What is known of a task before it runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// Its kind.
    pub kind: PaceKind,
    /// Its price in seconds.
    pub seconds: f64,
    /// Seconds that it still needs by what it has shown itself, where it was stopped before.
    pub left: Option<f64>,
    /// What happens to its work if it is stopped.
    pub if_stopped: IfStopped,
}
