//! Warnings on figures: a figure says which of its methods fail the closure check, at points that it may show.

use super::{Figure, select};
use crate::figures::FigureTable;
use crate::figures::closure::{Failure, failures_among};
use crate::job::{ClassifierKind, ScanPoint, SignalCount};
use crate::store::{PointResults, Results};

impl Figure {
    /// The warnings below the figure of this table.
    pub fn notes(self, table: &FigureTable, results: &Results) -> Vec<String> {
        let points: Vec<&PointResults> =
            results.points.iter().filter(|found| self.may_show(results, &found.point)).collect();
        let failures = failures_among(results, &points).into_iter();
        failures.filter(|failure| self.shows(table, failure)).map(|failure| failure.note()).collect()
    }

    /// Whether the figure may show a point: one that differs from what is usual along an axis stands in the figures of that axis
    /// alone.
    fn may_show(self, results: &Results, point: &ScanPoint) -> bool {
        let has_strengths = match self {
            Self::Fig06 | Self::JetDistances | Self::JetKinematics => true,
            Self::Fig07 | Self::Fig10 | Self::Fig15 | Self::Fig16 | Self::Fig19 => {
                select::PARTIAL.contains(&point.method())
            }
            _ => false,
        };
        let has_bands = self == Self::Fig12
            && point.template().is_none_or(|template| template.sample.signal_region.is_none());
        let is_empty =
            !matches!(self, Self::Fig06 | Self::Solver) || select::has_signal(point, SignalCount(0));
        is_empty
            && (has_strengths || select::is_usual_strength(results, point))
            && (self == Self::Solver || select::is_own_sampler(point))
            && (has_bands || select::is_nominal_band(results, point))
    }

    /// Whether the figure rests on templates that fail; those of features and of constituents are different ones.
    fn shows(self, table: &FigureTable, failure: &Failure) -> bool {
        let of_constituents = failure.classifier == ClassifierKind::Transformer;
        match self {
            Self::MassSpectrum
            | Self::Training
            | Self::DenoiserNoise
            | Self::Search
            | Self::SearchCalibration
            | Self::SearchSpectra
            | Self::SearchLimits
            | Self::SearchSignalLimits
            | Self::SearchSensitivity
            | Self::SearchSculpting
            | Self::SearchDelta
            | Self::SearchFeatures => false,
            Self::Corner | Self::Solver | Self::OversamplingMap => {
                failure.method == "noise" && !of_constituents
            }
            Self::Fig15 | Self::Fig16 => failure.method == "sr" && !of_constituents,
            Self::Constituents | Self::JetDistances | Self::JetKinematics => {
                of_constituents && has_curve(table, failure.method)
            }
            Self::Fig09 | Self::Fig10 | Self::Fig11 => has_curve(table, failure.method),
            _ => !of_constituents && has_curve(table, failure.method),
        }
    }
}

/// Whether the table has a curve of a method, or one of its variants (`noise-x5`, `sr-trees`).
fn has_curve(table: &FigureTable, method: &str) -> bool {
    let is_of =
        |curve: &str| curve.strip_prefix(method).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    table.rows.iter().any(|row| is_of(&row.curve))
}

/// The warning below a picture; none for most.
pub fn warning(table: &FigureTable) -> Option<String> {
    (!table.notes.is_empty()).then(|| format!("Warning: {}.", table.notes.join("; ")))
}

#[cfg(test)]
mod tests;
