//! Jets with their constituents.
//!
//! ```text
//! file --data::read_jets--> Jets --KinematicMap--> features of the kinematic model --diffusion--> … --> Outline
//!                                --FourVector--> masses and transverse momenta of their constituents
//!                                --tau21--> their substructure
//! ```
//!
//! Source: the paper, section 3.3.

mod conserve;
mod four_vector;
mod groups;
mod kinematic_map;
mod on_device;
mod stored;
mod subjettiness;
mod view;

pub use crate::data::{Constituent, FEWEST_CONSTITUENTS, Jets, Kinematics, MOST_CONSTITUENTS, Outline};
pub use conserve::conserve;
pub use four_vector::FourVector;
pub use groups::{Group, alignment, groups_by_size};
pub use kinematic_map::{KINEMATIC_FEATURES, KinematicMap, wrap};
pub use on_device::{CONSTITUENT_FEATURES, JetTensors, OUTLINE_FEATURES};
pub use stored::{read, write};
pub use subjettiness::tau21;
pub use view::EventJets;
