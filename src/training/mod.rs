//! The one loop in which all networks learn.
//!
//! ```text
//! events --Learner--> Batches --------+
//!                                    v
//! Model: draw, gradient, validation <--> Training: Adam, learning rates, running average, best epoch --> Trained
//!                                    |
//!                                    +--TrainingState--> Checkpointer --> CheckpointFile, and back
//! ```
//!
//! The loop knows ensembles of members that never mix, each a row of flat parameters, and not what they learn: that is a
//! [`Model`], which it asks for the random numbers of some steps, for the loss and gradient of a step, and for the loss on the
//! events that are kept aside. A member whose numbers stop being finite is of no use from then on, and the others learn as
//! they would without it.

mod adam;
mod batches;
mod checkpoint;
mod ensemble;
mod final_parameters;
mod history;
mod learner;
mod learning_rate;
mod model;
mod noise;
mod on_processor;
#[cfg(test)]
mod operators;
mod packed;
mod settings;
mod state;
mod step_numbers;

pub use batches::{Batches, next_rows};
#[cfg(test)]
pub(crate) use checkpoint::assert_foreign_changes_nothing;
pub use checkpoint::{CheckpointFile, Checkpointer, NoUse, Notice, Progress, Resumable, Snapshot};
pub use ensemble::{Trained, Training};
pub use history::{TrainedMember, TrainingHistory, some_are_well};
pub use learner::{Learner, TooFew};
pub use learning_rate::LearningRate;
pub use model::{Model, put_step, step_alone};
pub use noise::{Noise, StepNormals};
#[cfg(test)]
pub(crate) use on_processor::{kernels_agree, trained_alike, trained_apart};
#[cfg(test)]
pub(crate) use operators::{make_what_is_made_once, operators_of_a_step, steps_at_once_agree};
pub use packed::Packed;
pub(crate) use settings::denoiser_recipe;
pub use settings::{Averaging, Recorded, ResultOf, TrainingSettings};
