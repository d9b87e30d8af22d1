//! The classifier of jets' constituents.
//!
//! ```text
//! constituents --ConstituentInputs--> encoder --class attention--> a token a jet --sum over both jets--> perceptron --> score
//! ```
//!
//! It is one of the judges of [`crate::classifier`], which deals the events, trains and evaluates.
//!
//! Source: the paper, section 4.3 and Fig. 3.

mod inputs;
mod judges;
mod network;
mod transformer;

pub use inputs::{ConstituentInputs, moments_by_event};
pub use judges::{TransformerNetworks, Transformers};
pub use network::JetClassifierShape;
pub use transformer::Transformer;

#[cfg(test)]
mod tests;
