//! Background templates from diffusion models for resonance searches, as one MPI program.
//!
//! ```text
//! events --split--> data (side-bands, signal region)          independent background, unused signal
//!   side-bands --dijet--> mass spectrum --+
//!   side-bands --diffusion--> denoiser ---+--> template in the signal region
//!   signal region + template --classifier--> scores --> records --(drapes-analysis)--> figures
//! ```
//!
//! `run` plans and dispatches, `task` does one task, `world` alone names MPI, `data` and `arrays` HDF5.

// These panic where nobody reads: `answer` and `tell` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod arrays;
pub mod classifier;
pub mod columns;
pub mod compact;
pub mod data;
pub mod demands;
pub mod device;
pub mod diffusion;
pub mod dijet;
pub mod dispatch;
pub mod doctor;
pub mod error;
pub mod flow;
pub mod jet_classifier;
pub mod jet_model;
pub mod jets;
mod last_words;
pub mod marginals;
pub mod nn;
pub mod progress;
pub mod progress_sink;
pub mod provenance;
pub mod rank_log;
pub mod repeats;
pub mod run;
pub mod scaler;
pub mod split;
pub mod stop;
pub mod task;
pub mod training;
pub mod trial;
pub mod world;
