//! Types for numbers that must not be confused with each other: masses, event counts, noise strengths, seeds, folds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A mass or momentum in GeV.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gev(pub f64);

impl fmt::Display for Gev {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The unit of the resonant variable in the files of a job: what axes, tables and messages print behind masses.
///
/// Numbers stay those of the files; keys that end in `_gev` are in this unit then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MassUnit(pub String);

impl MassUnit {
    /// Whether it is the usual one.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for MassUnit {
    fn default() -> Self {
        Self("GeV".to_owned())
    }
}

impl fmt::Display for MassUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many true signal events are mixed into the full-range background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignalCount(pub u32);

impl fmt::Display for SignalCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A noise strength σ′ at which partial diffusion turns round, in standard deviations of the features.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SigmaPrime(pub f64);

impl fmt::Display for SigmaPrime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How many template events are made for each event that the method starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Oversampling(pub u32);

impl fmt::Display for Oversampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How many models make a template together, a part each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Templates(pub u32);

impl Templates {
    /// Whether one model makes all of it.
    pub fn is_one(&self) -> bool {
        self.0 == 1
    }
}

impl Default for Templates {
    fn default() -> Self {
        Self(1)
    }
}

impl fmt::Display for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The seed of one classifier (five folds make five classifiers of one seed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClassifierSeed(pub u32);

impl fmt::Display for ClassifierSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

/// The seed of a template: its denoiser or flow, its masses and its noise are drawn anew for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TemplateSeed(pub u32);

impl TemplateSeed {
    /// Whether it is the first, which jobs without others have.
    pub fn is_first(&self) -> bool {
        self.0 == 0
    }
}

/// The seed of an injection: which signal events are in the data, and which are kept for evaluation, is drawn anew for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InjectionSeed(pub u32);

impl InjectionSeed {
    /// Whether it is the first, which jobs without others have.
    pub fn is_first(&self) -> bool {
        self.0 == 0
    }
}

/// What was drawn for a classifier: the seeds of the injection and of the template that it sees; none where it sees no data, or no
/// template that was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Draw {
    /// The seed of the injection.
    pub injection: Option<InjectionSeed>,
    /// The seed of the template.
    pub template: Option<TemplateSeed>,
}

impl Draw {
    /// Whether both are the first, or there are none.
    pub fn is_first(&self) -> bool {
        self.injection.is_none_or(|seed| seed.is_first()) && self.template.is_none_or(|seed| seed.is_first())
    }
}

/// Which of the cross-validation parts a classifier is evaluated on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fold(pub u32);

impl Fold {
    /// The fold on which a classifier's validation loss is computed: the one before its evaluation fold.
    pub fn validation(self, folds: u32) -> Self {
        Self((self.0 + folds - 1) % folds)
    }
}

impl fmt::Display for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
