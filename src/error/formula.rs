//! Errors of features that are computed from what models generate.

use drapes_analysis::error::Exit;

/// A feature that does not follow from what models generate.
///
/// Messages read: problem (why it is one) what to do.
#[derive(Debug, thiserror::Error)]
pub enum FormulaError {
    /// The formula of a feature has no value for generated events.
    #[error(
        "the formula {formula} of {feature} has no value for {events} of {of} generated events, the first with {first} (models make any \
         numbers, and those that it divides by or takes a root of may be zero or negative) write it so that it has a value everywhere, as with \
         max(…, 0) or abs(…), in [data.generated.features]"
    )]
    NotDerived {
        /// The feature.
        feature: String,
        /// Its formula.
        formula: String,
        /// Events without a value.
        events: usize,
        /// All events.
        of: usize,
        /// What the formula was given for the first of them: `a = -1, m = 3400`.
        first: String,
    },
    /// The formula of a feature does not give the feature of the events that were read.
    #[error(
        "the formula {formula} does not give {feature} for {events} of {of} events that were read, the first being {computed} \
         instead of {read} (classifiers would tell template from data by it alone) correct it in [data.generated.features]"
    )]
    OtherFeature {
        /// The feature.
        feature: String,
        /// Its formula.
        formula: String,
        /// Events for which it differs.
        events: usize,
        /// All events.
        of: usize,
        /// What the formula gives for the first of them.
        computed: String,
        /// What was read.
        read: String,
    },
    /// The difference of pseudorapidities is scaled by a threshold that the data do not have.
    #[error(
        "deta_scaled_jj goes by a threshold of {threshold} GeV, and nine tenths of {events} events have less than {found} of its largest \
         value, where {expected} is usual at the right one (its edge still moves with the mass, which is what it is to undo) set \
         data.generated.jet_pt_threshold_gev to that of the selection; these events look like about {fitting} GeV"
    )]
    Threshold {
        /// The threshold, in GeV.
        threshold: String,
        /// Events that were looked at.
        events: usize,
        /// What nine tenths of them are below.
        found: String,
        /// What they are below where the threshold is right.
        expected: String,
        /// The threshold with which they would be, in GeV.
        fitting: String,
    },
}

impl FormulaError {
    /// The exit code that this error ends the program with.
    pub fn kind(&self) -> Exit {
        match self {
            Self::NotDerived { .. } | Self::OtherFeature { .. } | Self::Threshold { .. } => Exit::BadRequest,
        }
    }
}
