//! Weakly supervised classifiers: data against template.
//!
//! ```text
//! Contest (who stands against whom) --folds--> members: seeds × folds --Judges--> Scorer --judge--> Performance
//! ```
//!
//! A contest is between events of any kind. Judges of features are perceptrons and trees; those of jets are in
//! [`crate::jet_classifier`].

mod contest;
mod folds;
mod forest;
mod judge;
mod judges;
mod member;
mod perceptrons;
mod rows;
mod tamed;
mod train;
mod trees;
mod two_sample;

pub use contest::classify;
pub use forest::BoostedTrees;
pub use judge::Judged;
pub use judges::{Judges, Least, Scorer};
pub use member::{Member, Parts};
pub use perceptrons::Perceptrons;
pub use rows::Rows;
pub use train::{CLASSIFIERS, Drawn, Ensemble, Networks, Steps, train};
pub use two_sample::{Contest, DataTruth, Events, TemplateFolds, TemplateTruth};
