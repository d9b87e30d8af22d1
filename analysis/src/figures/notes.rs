//! Warnings on figures: a figure says which of its methods fail the closure check.

use super::Figure;
use crate::figures::FigureTable;
use crate::figures::closure::Failure;
use crate::job::ClassifierKind;

impl Figure {
    /// The warnings below the figure of this table.
    pub fn notes(self, table: &FigureTable, failures: &[Failure]) -> Vec<String> {
        let shown = failures.iter().filter(|failure| self.shows(table, failure));
        shown.map(Failure::note).collect()
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
