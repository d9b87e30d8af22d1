//! Background templates from diffusion models for resonance searches, as one MPI program.
//!
//! ```text
//! files --data--> events --sample--> data (side-bands, signal region)      independent background, unused signal
//!   side-bands --sample::dijet--> mass spectrum ----+
//!   side-bands --models::diffusion--> denoiser -----+--> template in the signal region
//!   signal region + template --models::classifier--> scores --> records --(drapes-analysis)--> figures
//! ```
//!
//! Rooms from the lowest to the highest; each uses those before it: `progress_sink`, `data`, `device`, `nn`, `fused`, `error`,
//! `arrays`, `sample`, `training`, `models`, `dispatch`, `task`, `run`. Files of HDF5 are opened in `data` and `arrays` alone, MPI
//! is named in `run::world`.

// These panic where nobody reads: `answer` and `tell` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod arrays;
pub mod data;
pub mod device;
pub mod dispatch;
pub mod error;
pub mod fused;
pub mod models;
pub mod nn;
pub mod progress_sink;
pub mod run;
pub mod sample;
pub mod task;
pub mod training;
