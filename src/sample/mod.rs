//! The events of a job, divided and prepared for models.
//!
//! Events of [`data`](crate::data) come in. Out go the data of an experiment (background with injected signal) in signal region
//! and side-bands, independent background and unused signal (`split`); features and constituents of zero mean and unit variance
//! (`marginals`, `scaler`, `jets`); features that follow from what models generate in their place (`derived`, and `threshold` for what the published coordinates take
//! for granted; `moving_edge` finds what a job may tell); and the fit of the falling mass spectrum, Eq. 3.2 of the paper (`dijet`). `repeats` refuses
//! events that would be both learnt from and evaluated.

pub mod derived;
pub mod dijet;
pub mod jets;
pub mod marginals;
pub mod moving_edge;
pub mod repeats;
pub mod scaler;
pub mod split;
pub mod threshold;
