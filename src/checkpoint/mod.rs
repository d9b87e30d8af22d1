//! Trainings that can be stopped at any moment and go on as if nothing had happened.
//!
//! ```text
//! training --rest--> Keeper: time to save? told to stop? --Snapshot--> CheckpointFile
//! CheckpointFile --restore--> training, at the step after the last one that was saved
//! ```
//!
//! A snapshot holds everything that later steps depend on: weights, their running average, the optimiser's moments, the
//! order of the events and the state of every generator of random numbers. A training that was stopped any number of
//! times therefore ends with the same bits as one that was not.

mod file;
mod keeper;

pub use file::{CheckpointFile, Snapshot};
pub use keeper::{Keeper, Resumable};
