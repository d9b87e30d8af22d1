//! Normalizing flows: the baselines that DRAPES is compared with.
//!
//! ```text
//! side-band events --train--> base flow p(x | m) --sample-------------> CATHODE's template
//!                                  | frozen
//! pairs of side-band events --train--> top flow x(m) -> x(m + Δ) -----> CURTAINsF4F's template
//! another sample's events   --train--> top flow x_other -> x_data ----> FETA's template
//! ```
//!
//! Source: CURTAINs Flows For Flows (Sengupta, Klein, Raine, Golling 2023), CATHODE (Hallin et al. 2021), FETA (Golling,
//! Klein, Mastandrea, Nachman 2022); splines and masked networks after Durkan et al. 2019.

mod conditioner;
mod dense;
mod kernel;
mod model;
mod network;
mod objective;
mod shape;
mod spline;
mod train;

pub use model::{FlowModel, Transform};
pub use network::Flow;
pub use objective::Objective;
pub use shape::FlowShape;
pub use train::{FlowEvents, STEPS_A_BLOCK, TrainedFlows, train};
