//! The arithmetic of the memory that tasks work in.

use super::product;
use crate::job::{Chip, Job};

/// Bytes of a number.
pub const SINGLE: f64 = 4.0;
/// Copies of its parameters that a training holds: themselves, gradient, two moments, running average.
pub const TRAINED: f64 = 5.0;
/// Copies of the events that a training holds: as read, mapped, and on the device.
pub const ROWS: f64 = 3.0;
/// Steps whose events are chosen together, and whose noise a GPU computes at once.
pub const STEPS_A_BLOCK: f64 = 32.0;
/// Bytes of a mass, or of a feature as trees take it.
pub const MASS: f64 = 8.0;
/// Bytes of an event's place in a table, or of its part.
pub const PLACE: f64 = 4.0;
/// Copies of the events of a template: as they are made, and two more as they are saved.
pub const MADE: f64 = 3.0;
/// Slots of a jet at most.
pub const SLOTS: f64 = 128.0;

impl Chip {
    /// Slots whose values are held at once as a jet model learns.
    pub fn learnt_together(self) -> f64 {
        SLOTS * if self == Self::Core { 16.0 } else { 256.0 }
    }

    /// The same as it makes jets.
    pub fn made_together(self) -> f64 {
        SLOTS * if self == Self::Core { 16.0 } else { 2048.0 }
    }

    /// Numbers that classifiers keep at most between forward and backward.
    pub fn kept_at_once(self) -> f64 {
        if self == Self::Core { f64::from(1_u32 << 26) } else { f64::from(1_u32 << 31) }
    }
}

/// What a task needs, and what to change where there is less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryDemand {
    /// About so many bytes.
    pub bytes: f64,
    /// The key of the job that lowers it most.
    pub lower: &'static str,
}

/// So many inputs with the zeros that pad them on a GPU.
pub fn padded(inputs: usize) -> f64 {
    if inputs == 1 { 1.0 } else { inputs.next_multiple_of(16) as f64 }
}

/// Activations of the jets that are computed together.
pub fn jet_values(job: &Job, slots: f64) -> f64 {
    let model = &job.jet_model;
    let scores = product([model.heads, job.pricing.constituents_per_jet]);
    let block = (10 * model.width + 2 * model.hidden) as f64 + 2.0 * scores;
    SINGLE * slots * (model.blocks as f64 * block + (model.hidden + model.width) as f64)
}

/// What is held of an event that is made: its mass, and its features, which are kept until all are made and written twice over
/// when they are saved.
pub fn made_event(job: &Job) -> f64 {
    MASS + MADE * SINGLE * job.data.generated().len() as f64
}

/// Numbers of a row of events: the features and the mass.
pub fn columns(job: &Job) -> f64 {
    (job.data.generated().len() + 1) as f64
}
