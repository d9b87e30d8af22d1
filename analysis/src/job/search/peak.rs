//! The shape of a signal in the mass spectrum, for fits of a peak beside counts in a window.

use serde::{Deserialize, Serialize};

use super::SearchKeys;
use crate::job::Gev;
use crate::job::document::Section;
use crate::job::rules::{Rule, fitting};

/// The peak that is fitted to the spectrum of each window, at its centre.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// Its standard deviation; none where it is fitted.
    pub width: Option<Gev>,
    /// Where the power tails of a double-sided Crystal Ball begin, in widths, and their powers: lower tail, then upper one. None of a
    /// Gaussian.
    pub tails: Option<[f64; 4]>,
}

/// The word for the shape of a peak.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PeakShape {
    None,
    Gaussian,
    CrystalBall,
}

pub(super) fn tails() -> Rule<'static, [f64; 4]> {
    fitting(
        "four numbers, [begin, power, begin, power], begins above 0 and powers above 1",
        |tails: &[f64; 4]| tails.chunks(2).all(|tail| tail[0] > 0.0 && tail[1] > 1.0),
    )
}

impl SearchKeys {
    /// The peak; none, with a note, where keys of one stand without its shape.
    pub(super) fn peak(&self, section: &Section<'_>) -> Option<Peak> {
        let tails = match self.peak {
            PeakShape::None => {
                if self.peak_width_gev > 0.0 {
                    let message = format!(
                        "is {}, without a peak (its shape is not known) name it, as peak = \"gaussian\", or remove it",
                        self.peak_width_gev
                    );
                    section.wrong("peak_width_gev", message);
                }
                return None;
            }
            PeakShape::Gaussian => None,
            PeakShape::CrystalBall => Some(self.peak_tails),
        };
        Some(Peak { width: (self.peak_width_gev > 0.0).then_some(Gev(self.peak_width_gev)), tails })
    }
}
