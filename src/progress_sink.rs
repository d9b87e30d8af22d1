//! How work reports its progress, and learns that it must stop.

/// Where a task reports its progress, and learns whether it must stop.
pub trait ProgressSink {
    /// The share of the task that is done, from 0 to 1.
    fn progress(&self, share: f64);

    /// Whether the task shall stop at the next good moment.
    fn should_stop(&self) -> bool {
        false
    }
}

/// Progress that nobody follows, as in tests.
pub struct NoProgress;

impl ProgressSink for NoProgress {
    fn progress(&self, _share: f64) {}
}
