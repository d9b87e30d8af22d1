//! Weakly supervised classifiers: data against template.
//!
//! ```text
//! Contest (who stands against whom) --folds--> ensemble of seeds × folds --train--> scores --> Performance
//! ```

mod contest;
mod folds;
mod train;

pub use contest::{Contest, TemplateTruth, classify};
