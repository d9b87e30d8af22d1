//! The points of a scan: a method and its coordinates.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::quantities::{Oversampling, SignalCount};
use crate::regions::MassWindow;

/// How a background template is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateMethod {
    /// DRAPES ∅: from noise, at masses drawn from the dijet fit.
    Noise,
}

impl TemplateMethod {
    /// The word for this method in ids, tables and job files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Noise => "noise",
        }
    }
}

/// One curve of a figure at one injection.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum ScanPoint {
    /// A search with a generated template.
    Search {
        /// How the template is made.
        template: TemplateMethod,
        /// Signal events in the data.
        n_signal: SignalCount,
        /// Outer edges of the side-bands that the model learnt from.
        side_bands: MassWindow,
        /// Template events for each data event.
        oversampling: Oversampling,
    },
    /// A search whose template is true background, as many events as the data.
    Idealised {
        /// Signal events in the data.
        n_signal: SignalCount,
    },
    /// A search whose template is over-sampled true background.
    OverIdealised {
        /// Signal events in the data.
        n_signal: SignalCount,
        /// Template events for each data event.
        oversampling: Oversampling,
    },
    /// The classifier that is told the truth, on events outside of the data.
    Supervised,
}

impl ScanPoint {
    /// The word for the method in ids, tables and job files.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Search { template, .. } => template.word(),
            Self::Idealised { .. } => "idealised",
            Self::OverIdealised { .. } => "over_idealised",
            Self::Supervised => "supervised",
        }
    }

    /// Signal events in the data; none where the method sees no data.
    pub fn n_signal(&self) -> Option<SignalCount> {
        match *self {
            Self::Search { n_signal, .. }
            | Self::Idealised { n_signal }
            | Self::OverIdealised { n_signal, .. } => Some(n_signal),
            Self::Supervised => None,
        }
    }

    /// Outer edges of the side-bands, where the method has a model.
    pub fn side_bands(&self) -> Option<MassWindow> {
        match *self {
            Self::Search { side_bands, .. } => Some(side_bands),
            _ => None,
        }
    }

    /// Template events for each data event, where there is a template.
    pub fn oversampling(&self) -> Option<Oversampling> {
        match *self {
            Self::Search { oversampling, .. } | Self::OverIdealised { oversampling, .. } => {
                Some(oversampling)
            }
            Self::Idealised { .. } => Some(Oversampling(1)),
            Self::Supervised => None,
        }
    }

    /// Whether the point needs true background outside of the data.
    pub fn needs_independent_background(&self) -> bool {
        !matches!(self, Self::Search { .. })
    }
}

impl fmt::Display for ScanPoint {
    /// The readable part of an id: `noise-s1000-w2800-6000-x5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.method())?;
        if let Some(n_signal) = self.n_signal() {
            write!(f, "-s{n_signal}")?;
        }
        if let Some(window) = self.side_bands() {
            write!(f, "-w{window}")?;
        }
        match self {
            Self::Search { oversampling, .. } | Self::OverIdealised { oversampling, .. } => {
                write!(f, "-x{oversampling}")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_read_as_ids() {
        let search = ScanPoint::Search {
            template: TemplateMethod::Noise,
            n_signal: SignalCount(1000),
            side_bands: MassWindow::new(2800.0, 6000.0),
            oversampling: Oversampling(5),
        };
        assert_eq!(search.to_string(), "noise-s1000-w2800-6000-x5");
        assert_eq!(ScanPoint::Idealised { n_signal: SignalCount(50) }.to_string(), "idealised-s50");
        assert_eq!(ScanPoint::Supervised.to_string(), "supervised");
    }
}
