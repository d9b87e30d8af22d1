//! The classifiers of the features: perceptrons and boosted trees.

use super::checks::refuse_repeats;
use super::document::Section;
use super::keys::keys;
use super::rules::{decay, fitting, positive, rate, whole, whole_numbers};
use crate::job::ClassifierSeed;

keys! {
    /// The classifiers of the features and their training.
    pub struct ClassifierSettings {
        /// Hidden layers (P, by reference to the CURTAINs classifiers).
        pub hidden_layers: usize = 3, positive();
        /// Nodes of a hidden layer (P).
        pub width: usize = 32, positive();
        /// Passes over the training parts.
        pub epochs: usize = 20, positive();
        /// Events a step.
        pub batch: usize = 128, positive();
        /// Learning rate of AdamW at the start, from where it falls to zero along a cosine over all steps.
        pub learning_rate: f64 = 1e-3, rate();
        /// Decoupled weight decay.
        pub weight_decay: f64 = 0.1, decay();
        /// A classifier stops after so many epochs without a better loss on its validation part, and is what it was at the best
        /// one; 0: it takes all epochs and is what it was after the last (P). Trees have a key of their own.
        #[serde(default, skip_serializing_if = "is_off")]
        pub patience: usize = 0, whole("a whole number", |_| true);
        /// Parts of the cross-validation: all but two train, one validates, one evaluates (P).
        pub folds: u32 = 5, fitting("a whole number from 3", |_| true);
        /// A classifier for each seed and fold: ten seeds times five folds make the paper's fifty (P).
        pub seeds: Vec<ClassifierSeed> = "0-9", whole_numbers("whole numbers, as [0, 1] or \"0-9\"", ClassifierSeed);
    }
    check ClassifierSettings::check;
}

/// Whether a stored job goes without naming it: what was trained before there was this key still counts.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_off(patience: &usize) -> bool {
    *patience == 0
}

impl ClassifierSettings {
    fn check(&self, section: &Section<'_>) {
        if self.folds < 3 {
            let message =
                "is below 3 (a classifier trains, validates and evaluates on different parts) set at least 3";
            section.wrong("folds", message);
        }
        refuse_repeats(section, "seeds", &self.seeds, |seed| seed.0);
    }
}

keys! {
    /// Gradient-boosted trees, where a scan asks for them: histograms, binary cross-entropy, stopped early on the validation
    /// part; parts and class weights as above (D).
    pub struct TreeSettings {
        /// Most trees.
        pub iterations: usize = 250, positive();
        /// Shrinkage of each tree.
        pub learning_rate: f64 = 0.1, rate();
        /// Most leaves of a tree.
        pub leaves: usize = 31, whole("a whole number from 2", |leaves| leaves > 1);
        /// Training stops after so many trees without a better loss on the validation part.
        pub patience: usize = 10, positive();
    }
}
