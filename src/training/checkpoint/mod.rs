//! Trainings and templates that can be stopped at any moment and go on as if nothing had happened.
//!
//! ```text
//! training --save_or_stop--> Checkpointer: time to save? told to stop? --Snapshot--> CheckpointFile
//! CheckpointFile --restore--> training, at the step after the last one that was saved
//! ```
//!
//! A snapshot of a training holds everything that later steps depend on: weights, their running average, the optimiser's moments, the
//! order of the events and the state of what shuffles them (noise is known by the number of the step). A training that was stopped any number of
//! times therefore ends with the same bits as one that was not. A snapshot of a template holds the events that are made
//! and the generators as they are after them.

mod checkpointer;
mod file;
mod notice;

pub use checkpointer::{Checkpointer, Resumable};
pub use file::{CheckpointFile, NoUse, Progress, Snapshot};
pub use notice::Notice;

/// Asserts that a snapshot whose last member learns from other events is refused and leaves a training as it was.
#[cfg(test)]
pub(crate) fn assert_foreign_changes_nothing(training: &mut impl Resumable) {
    let mut foreign = training.snapshot();
    let before: Vec<tch::Tensor> = foreign.tensors.iter().map(tch::Tensor::copy).collect();
    let lists = foreign.lists.clone();
    foreign.tensors = before.iter().map(|tensor| tensor + 1.0).collect();
    let last = foreign.lists.last_mut().expect("a member");
    last[0] = last[1];
    assert!(training.restore(&foreign).is_none(), "it is of other events");
    let after = training.snapshot();
    assert_eq!(after.lists, lists);
    assert!(after.tensors.iter().zip(&before).all(|(after, before)| after == before), "tensors were changed");
}
