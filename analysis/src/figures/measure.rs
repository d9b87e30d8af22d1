//! The figures of merit of a classifier that figures show against injected signal, noise strength or steps.

use strum::{EnumString, IntoStaticStr};

use crate::statistics::band::Band;
use crate::statistics::metrics::QUOTED_REJECTIONS;
use crate::store::{Classifier, PointResults};
use crate::text::grouped;
use drapes_draw::Axis;

/// The axis of every significance improvement.
pub const IMPROVEMENT: &str = "significance improvement *ε*_{S}/√*ε*_{B}";

/// A figure of merit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Measure {
    /// Significance improvement at the lower quoted rejection.
    #[strum(to_string = "rejection-1000")]
    AtLow,
    /// Significance improvement at the higher quoted rejection.
    #[strum(to_string = "rejection-5000")]
    AtHigh,
    /// Largest significance improvement.
    #[strum(to_string = "max_sic")]
    Largest,
    /// Largest significance improvement where the background efficiency is known to 20%.
    #[strum(to_string = "max_sic_reliable")]
    LargestReliable,
    /// How well data and template without signal are told apart.
    #[strum(to_string = "closure_auc")]
    Closure,
}

impl Measure {
    /// The two that the paper quotes.
    pub const QUOTED: [Self; 2] = [Self::AtLow, Self::AtHigh];
    /// Both versions of the largest.
    pub const MAXIMA: [Self; 2] = [Self::Largest, Self::LargestReliable];

    /// The word in tables.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The figure of merit of a word.
    pub fn named(word: &str) -> Option<Self> {
        word.parse().ok()
    }

    /// The value of one classifier.
    fn value(self, classifier: &Classifier) -> Option<f64> {
        let performance = &classifier.performance;
        match self {
            Self::AtLow => performance.sic_at_1e3,
            Self::AtHigh => performance.sic_at_5e3,
            Self::Largest => performance.max_sic,
            Self::LargestReliable => performance.max_sic_reliable,
            Self::Closure => classifier.closure_auc,
        }
    }

    /// Mean and band of a point, and the background events behind them where their number is known.
    pub fn of(self, found: &PointResults) -> Option<(Band, Option<f64>)> {
        let rejection = match self {
            Self::AtLow => Some(QUOTED_REJECTIONS[0]),
            Self::AtHigh => Some(QUOTED_REJECTIONS[1]),
            Self::Largest | Self::LargestReliable | Self::Closure => None,
        };
        let band = found.band(|classifier| self.value(classifier))?;
        Some((band, rejection.map(|rejection| found.background_events() / rejection)))
    }

    /// The vertical axis.
    pub fn axis(self) -> Axis {
        match self {
            Self::AtLow | Self::AtHigh => Axis::linear(IMPROVEMENT).starting_at(0.0),
            Self::Largest | Self::LargestReliable => {
                Axis::linear("maximum of *ε*_{S}/√*ε*_{B}").starting_at(0.0)
            }
            Self::Closure => Axis::linear("AUC of data against template"),
        }
    }

    /// The note in a panel.
    pub fn note(self) -> String {
        match self {
            Self::AtLow => format!("1/*ε*_{{B}} = {}", grouped(QUOTED_REJECTIONS[0] as u32)),
            Self::AtHigh => format!("1/*ε*_{{B}} = {}", grouped(QUOTED_REJECTIONS[1] as u32)),
            Self::Largest => "all thresholds".to_owned(),
            Self::LargestReliable => "*ε*_{B} known to 20%".to_owned(),
            Self::Closure => "no signal injected".to_owned(),
        }
    }
}
