//! The diffusion model of event observables.
//!
//! ```text
//! side-band events --train--> Denoiser D(x; σ, m) --sample--> template events at chosen masses
//! ```
//!
//! `noise` has the preconditioning D(x; σ) = c(skip) x + c(out) F(c(in) x; σ), `train` the loss, `solve` the probability-flow
//! equation, and `sample` its use from pure noise (∅) or from events with noise of strength σ′ (partial diffusion, whose
//! steps `analysis/src/job/noise_grid.rs` counts by Eq. 3.1).
//!
//! Source: the paper, section 3.1, after Karras et al. 2022 ("EDM").

mod by_noise;
mod condition;
mod denoiser;
mod fused_sample;
mod fused_steps;
mod mass;
mod noise;
mod noisy;
mod sample;
mod solve;
mod train;

pub use by_noise::{members_by_noise, strengths};
pub use condition::Condition;
pub use denoiser::{Denoiser, DenoiserShape};
pub use noise::{NoiseLaw, NoisyInput, Preconditioning, cosines};
pub use sample::Sampler;
pub use solve::descend;
pub use train::{STEPS_A_BLOCK, TrainedDenoisers, TrainingEvents, train};
