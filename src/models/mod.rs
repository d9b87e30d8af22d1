//! What is learnt: denoisers, flows and classifiers, each a model of [`crate::training`].
//!
//! Events or jets of a [`sample`](crate::sample) come in; template events, and scores of classifiers, go out. Models know formulas
//! and tensors, and neither files nor ranks. `diffusion` and `jet_model` hold the denoisers D(x; σ, m) of sections 3.1 and 3.3 of
//! the paper, their preconditioning, and the integration of the reverse diffusion; `flow` the flows of CURTAINsF4F,
//! CATHODE and FETA; `classifier` and `jet_classifier` the weakly supervised classifiers of sections 3.4 and 4.3;
//! `mass_by_trees` asks how much of its mass an event's features tell.

pub mod classifier;
pub mod diffusion;
pub mod flow;
pub mod jet_classifier;
pub mod jet_model;
pub mod mass_by_trees;
