//! The sections of a job that say how its work is priced, checked and drawn.

use serde::{Deserialize, Serialize};

use super::keys::keys;
use super::rules::{number, positive, whole, whole_numbers, word};
use crate::job::SignalCount;

keys! {
    /// How templates are compared with the true background that they stand for. No other result depends on it (D).
    #[derive(Copy)]
    pub struct ClosureSettings {
        /// A run ends with a warning, in its closing table and in its figures, where classifiers tell true background from a
        /// template with a larger AUC than this, beyond twice its error (0.5: they cannot).
        pub threshold: f64 = 0.55, number("an AUC from 0.5 to 1", |x| (0.5..=1.0).contains(&x));
        /// Where there is independent background, boosted trees tell it from each template of features, on events that they
        /// have not seen: so many trainings for each of five folds, whose scores are averaged; 0: none.
        #[serde(default, skip_serializing_if = "is_off")]
        pub trees: usize = 3, whole("a whole number, 0 for none", |_| true);
    }
}

impl Default for ClosureSettings {
    /// For jobs that were stored before there was such a key: what is finished stays finished.
    fn default() -> Self {
        Self { threshold: 0.55, trees: 0 }
    }
}

/// Whether a stored job goes without naming it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_off(trees: &usize) -> bool {
    *trees == 0
}

keys! {
    /// What `plan` prices a job by, on a machine that has no data; no result depends on it.
    pub struct Pricing {
        /// Events that a denoiser trains on.
        pub side_band_events: usize = 420000, positive();
        /// Data events of the signal region.
        pub signal_region_events: usize = 121000, positive();
        /// Events of the other sample in the signal region.
        pub other_sample_events: usize = 121000, positive();
        /// Independent background of the signal region.
        pub independent_background_events: usize = 612858, positive();
        /// Simulated signal of the signal region, on which classifiers are evaluated as far as it is not injected.
        // Jobs that were stored before there was such a key do without it.
        #[serde(default = "published_signal_events")]
        pub signal_events: usize = 77200, positive();
        /// Mean number of constituents of a jet.
        pub constituents_per_jet: usize = 65, positive();
    }
}

/// Those of the LHC Olympics in the signal region, which are the default.
fn published_signal_events() -> usize {
    77_200
}

/// What the bands of figures show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BandSource {
    /// Classifiers on all injections and templates.
    #[default]
    All,
    /// Classifiers on the first injection and template.
    Classifiers,
}

impl BandSource {
    /// Whether all of them count.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub fn is_all(&self) -> bool {
        *self == Self::All
    }
}

keys! {
    /// What is drawn.
    pub struct FigureSettings {
        /// Injections that have panels of their own.
        pub injections: Vec<SignalCount> = [1000, 3000], whole_numbers("whole numbers, as [1000, 3000]", SignalCount);
        /// What bands show where a scan has several `template_seeds` or `injection_seeds`: `all`, the classifiers of all of them;
        /// `classifiers`, those of the first injection and template alone, as in the paper (P).
        #[serde(default, skip_serializing_if = "BandSource::is_all")]
        pub band: BandSource = "all", word();
    }
}
