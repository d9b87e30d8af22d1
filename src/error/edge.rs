//! Errors of edges that move with the mass.

use drapes_analysis::text::number::short;

/// Why a feature has no edge that a job could let stand still.
///
/// Messages read: problem (why it is one) what to do.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum EdgeProblem {
    /// It is no feature.
    #[error("{name} is no feature of the job (data.features are {}) name one of these", features.join(", "))]
    NoFeature {
        /// What was asked for.
        name: String,
        /// The features that there are.
        features: Vec<String>,
    },
    /// It has few values.
    #[error("{name} stands on certain values (an edge between them is none) let models generate it as it is")]
    NotSmooth {
        /// The feature.
        name: String,
    },
    /// No formula can name it.
    #[error("{name:?} cannot stand in a formula (it holds ` or a control sign) give the column another name")]
    Unspeakable {
        /// The column.
        name: String,
    },
    /// Too few events.
    #[error(
        "the side-band {side} the signal region has {events} events (two bins of a quantile of {share} need {needed:.0}) choose one \
         nearer to the middle with --share, or widen the side-bands"
    )]
    TooFewEvents {
        /// Below or above.
        side: &'static str,
        /// Its events.
        events: usize,
        /// How many it takes.
        needed: f64,
        /// The share below the edge.
        share: f64,
    },
    /// The fixed value lies beyond the edge somewhere.
    #[error(
        "the edge passes {from} at a mass of {} (--from must be a value that lies on one side of it everywhere) choose \
         another one, or another edge with --share", short(*mass)
    )]
    Passes {
        /// The fixed value.
        from: f64,
        /// A mass at which the edge lies on its other side.
        mass: f64,
    },
    /// There is nothing to do.
    #[error(
        "the edge does not move with the mass (quantiles scatter by as much as a parabola through them moves) let models \
         generate the feature as it is, or choose another edge with --share"
    )]
    StandsStill,
}
