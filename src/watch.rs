//! How long work tells where it is.

/// Somebody who watches a task.
pub trait Watch {
    /// The share of the task that is done, from 0 to 1.
    fn progress(&self, share: f64);
}

/// Nobody watches.
pub struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _share: f64) {}
}
