//! The diffusion model of one jet's constituents.
//!
//! ```text
//! side-band jets --train--> JetDenoiser D(x; σ, p₄) --JetSampler--> constituents of jets with chosen p₄
//! ```
//!
//! p₄ are a jet's transverse momentum, η, φ, mass and number of constituents ([`crate::sample::jets::Outline`]). Each jet is made on
//! its own: what the two jets of a signal event have in common is not learnt.
//!
//! Source: the paper, section 3.3.

mod batch;
mod by_noise;
mod denoiser;
mod maps;
mod network;
mod noisy;
mod sample;
#[cfg(test)]
pub mod toy;
mod train;

pub use batch::JetBatch;
pub use denoiser::{JetDenoiser, ReadyDenoiser};
pub use maps::JetMaps;
pub use network::JetModelShape;
pub use sample::JetSampler;
pub use train::{JetModelEvents, train};
