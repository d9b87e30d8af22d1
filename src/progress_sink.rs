//! How long work tells where it is, and hears whether it shall go on.

/// Somebody who watches a task.
pub trait ProgressSink {
    /// The share of the task that is done, from 0 to 1.
    fn progress(&self, share: f64);

    /// Whether the task shall stop at the next good moment.
    fn should_stop(&self) -> bool {
        false
    }
}

/// Nobody watches.
pub struct NoProgress;

impl ProgressSink for NoProgress {
    fn progress(&self, _share: f64) {}
}
