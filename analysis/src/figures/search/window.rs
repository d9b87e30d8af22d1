//! What all who count in windows of a search share: which windows there are, their masses, and their template.

use crate::job::ScanPoint;
use crate::plan::work::{Passed, SearchedWindow};
use crate::statistics::closure::Measured;
use crate::statistics::search::background::TemplateCut;
use crate::statistics::search::scatter::Scatter;
use crate::store::Results;

/// δ, where nobody has measured it.
pub const NO_EXCESS: Measured = Measured { value: 0.0, error: 0.0 };

/// The windows of the job that are searched, in its order.
pub fn searched(results: &Results) -> impl Iterator<Item = &ScanPoint> {
    results.job.points.iter().filter(|point| point.is_searched())
}

/// The template before and behind a cut, and counts that scatter as their numbers say.
pub fn template_cut(window: &SearchedWindow, passed: &Passed) -> TemplateCut {
    TemplateCut {
        before: window.n_template as f64,
        behind: passed.template as f64,
        independent: passed.independent,
        scatter: Scatter::OF_COUNTS,
    }
}

/// Whether two cuts are one.
pub fn is_same(one: f64, other: f64) -> bool {
    one.to_bits() == other.to_bits()
}
