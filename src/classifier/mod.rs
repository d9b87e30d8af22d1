//! Weakly supervised classifiers: data against template.
//!
//! ```text
//! Contest (who stands against whom) --folds--> ensemble of seeds × folds --train--> scores --> Performance
//! ```

mod contest;
mod folds;
mod forest;
mod judge;
mod train;
mod trees;

pub use contest::{Contest, DataTruth, Judges, TemplateFolds, TemplateTruth, classify};
