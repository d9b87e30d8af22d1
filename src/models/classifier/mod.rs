//! Weakly supervised classifiers: data against template.
//!
//! ```text
//! TwoSample (data, template, what is known of both) --FoldAssignment--> members: seeds × folds
//!     --ClassifierFamily::train--> Scorer --evaluate--> Evaluation
//! ```
//!
//! The events may be of any kind. Features are classified by perceptrons and boosted trees; jets by the transformers of
//! [`crate::models::jet_classifier`].

mod closure;
mod cross_entropy;
mod cross_validation;
mod evaluation;
mod family;
mod folds;
mod forest;
mod fused_steps;
mod member;
mod outlier_maps;
mod perceptrons;
mod rows;
mod side_by_side;
mod table;
mod train;
mod trained_perceptrons;
mod trees;
mod two_sample;
mod window_perceptrons;

pub use closure::{DealtClass, OutOfFold, out_of_fold};
pub use cross_validation::{CrossValidation, classify, classify_together};
pub use evaluation::Evaluation;
pub use family::{ClassifierFamily, Scorer, SmallestFold};
pub use forest::BoostedTrees;
pub use fused_steps::PerceptronKernel;
pub use member::{ClassRows, Member};
pub use perceptrons::Perceptrons;
pub use rows::Rows;
pub use train::{CLASSIFIERS, DescendLogits, Drawn, Ensemble, Networks, TwoSampleMembers, train};
pub use trained_perceptrons::TrainedPerceptrons;
pub use two_sample::{DataTruth, EventCounts, Events, TemplateFolds, TemplateTruth, TwoSample};
pub use window_perceptrons::out_of_fold_by_perceptrons;
