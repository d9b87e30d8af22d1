//! The classifier of jets' constituents.
//!
//! ```text
//! constituents --ConstituentInputs--> encoder --class attention--> a token a jet --sum over both jets--> perceptron --> score
//! ```
//!
//! It is one of the families of [`crate::models::classifier`], which assigns folds, trains and evaluates.
//!
//! Source: the paper, section 4.3 and Fig. 3.

mod family;
mod inputs;
mod network;
mod transformer;

pub use family::{TransformerNetworks, Transformers};
pub use inputs::{ConstituentInputs, moments_by_event};
pub use network::JetClassifierShape;
pub use transformer::Transformer;

#[cfg(test)]
mod tests;
