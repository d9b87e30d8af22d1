//! Steps of small networks on a processor, one member at a time.
//!
//! ```text
//! tensors of an ensemble --Layers::pad--> MemberState --+
//!                                                      v
//! events of a tile --> ResidualNetwork, Perceptron, --> gradient --Descend--> MemberState --> tensors
//!                       MaskedFlow: forward, backward
//! ```
//!
//! As tensors, the layers of an ensemble are larger than a core's cache, and every operation passes over all of them. Here a
//! tile of some dozens of events goes through the whole network and back while it and the weights of its member stay in the
//! cache; biases, activations and residuals are applied while a product is still in registers; and the optimiser passes over
//! the parameters once. Nothing of a member depends on the others.
//!
//! The kernels are written once for vectors of any length; which one runs is decided when the program starts, by what the
//! processor knows. What is here is what `crate::nn` and `crate::models::flow` compute as tensors, but for rounding, and is tested
//! against that. Tensors are also what GPUs use, and perceptrons and denoisers whose width is no multiple of [`LANES`]; flows
//! may have any width.

#![allow(
    clippy::inline_always,
    reason = "vectors are compiled for their processor only inside of what runs on it"
)]

mod aligned;
mod answer;
mod cross_entropy;
mod descend;
mod elementary;
mod error;
mod finish;
mod flow;
mod layers;
mod outer;
mod perceptron;
mod product;
mod residual;
mod rows;
mod state;
mod steps;

use std::sync::LazyLock;

use pulp::Arch;

pub use aligned::Aligned;
pub use answer::{Network, answers};
pub use cross_entropy::CrossEntropy;
pub use descend::Rule;
pub use error::SquaredError;
pub use flow::{FlowSizes, FlowTile, MaskedFlow, Way};
pub use layers::{Dense, LANES, Layers, TILE};
pub use perceptron::{Perceptron, PerceptronTile};
pub use residual::{Purpose, ResidualNetwork, ResidualTile};
pub use state::MemberState;
pub use steps::{Learning, MemberSteps, take};

/// Whether there are kernels for hidden layers of this width on this processor.
pub fn is_known(width: usize) -> bool {
    width > 0 && width.is_multiple_of(LANES) && has_vectors()
}

/// Set to `off`, networks compute as on a processor without vectors: to compare, or where a kernel is suspected of a fault.
pub const SWITCH: &str = "DRAPES_KERNELS";

/// Whether the processor has vectors that the kernels know, AVX2 or AVX-512 or those of ARM, and the user wants them used.
pub fn has_vectors() -> bool {
    static WANTED: LazyLock<bool> =
        LazyLock::new(|| std::env::var_os(SWITCH).is_none_or(|value| value != "off"));
    *WANTED && !matches!(Arch::new(), Arch::Scalar)
}
