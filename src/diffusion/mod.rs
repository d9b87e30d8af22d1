//! The diffusion model of event observables.
//!
//! ```text
//! side-band events --train--> Denoiser D(x; σ, m) --sample--> template events at chosen masses
//! ```
//!
//! Source: the paper, section 3.1, after Karras et al. 2022 ("EDM").

mod by_noise;
mod denoiser;
mod noise;
mod sample;
mod train;

pub use by_noise::strengths;
pub use denoiser::{Denoiser, DenoiserShape};
pub use noise::{Preconditioning, Scalings, cosines};
pub use sample::Sampler;
pub use train::{Course, LARGEST_WARMUP, MOMENTS, Training, TrainingEvents, train};
