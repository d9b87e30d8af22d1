//! Networks that exist only as ensembles.
//!
//! Parameters are `[members, …]`, data are `[members, batch, features]`, a single model is an ensemble of
//! one, and members never mix. The networks here are small, so a step of one model is bound by overhead; a
//! step of fifty is a handful of batched matrix products. For the same reason the backward passes are
//! written out: on a CPU core they take about half the time of recorded ones.
//!
//! Networks of sets have data `[members, sets · slots, features]`: sets of different sizes are padded to the same number
//! of slots, and padding changes nothing.
//!
//! Flat parameters and inputs come in, outputs and gradients of the parameters go out. This room uses no other but for the way to a
//! device, and no equation of the paper lives here.

mod activation;
mod as_on_a_gpu;
mod attention;
#[cfg(test)]
mod check;
mod class_attention;
mod dense;
mod encoder;
mod feed_forward;
mod layer_norm;
mod layout;
mod mlp;
mod norm;
mod pad;
mod padding;
mod precision;
mod resnet;

#[cfg(test)]
pub(crate) use as_on_a_gpu::as_on_a_gpu;
pub use as_on_a_gpu::computes_as_a_gpu;
pub use attention::AttentionKernel;
pub use class_attention::{ClassAttention, ClassAttentionSaved, ClassAttentionShape};
pub use encoder::{Encoder, EncoderSaved, EncoderShape};
pub use feed_forward::{FeedForward, FeedForwardShape};
pub use layout::{Initial, Layout, is_aligned, round_up};
pub use mlp::Mlp;
pub use norm::normalise;
pub use pad::pad;
pub use padding::Padding;
pub use precision::network_kind;
pub use resnet::{Modulation, ResNet};
