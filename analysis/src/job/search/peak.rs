//! The shape of a signal in the mass spectrum, for fits of a peak beside counts in a window.

use serde::{Deserialize, Serialize};

use super::SearchKeys;
use crate::job::document::Section;
use crate::job::rules::{Rule, fitting};
use crate::job::{Gev, MassWindow};

/// The peak that is fitted to the spectrum of each window, at its centre.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// Its standard deviation; none where it is fitted.
    pub width: Option<Gev>,
    /// Where the power tails of a double-sided Crystal Ball begin, in widths, and their powers: lower tail, then upper one. None of a
    /// Gaussian.
    pub tails: Option<[f64; 4]>,
}

impl Peak {
    /// The largest standard deviation of a peak, in widths of the window: a wider one is background there.
    pub const WIDEST: f64 = 0.5;
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
    pub(super) fn peak(&self, section: &Section<'_>, windows: &[MassWindow]) -> Option<Peak> {
        let tails = match self.peak {
            PeakShape::None => {
                if self.peak_width_gev > 0.0 && !section.names("peak") {
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
        let narrowest = windows.iter().map(MassWindow::width).fold(f64::INFINITY, f64::min);
        if self.peak_width_gev > Peak::WIDEST * narrowest {
            let message = format!(
                "is {}, with a window {narrowest} wide (a peak wider than half of it is background there) name its standard deviation, \
                 or widen the window",
                self.peak_width_gev
            );
            section.wrong("peak_width_gev", message);
        }
        Some(Peak { width: (self.peak_width_gev > 0.0).then_some(Gev(self.peak_width_gev)), tails })
    }
}
