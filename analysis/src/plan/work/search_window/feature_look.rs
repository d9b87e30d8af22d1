//! What a window of a search looks like feature by feature: what was selected beside the template, before and behind each cut.

use serde::{Deserialize, Serialize};

/// A feature in the template and in the selected data of a window. What data do behind a cut is withheld while a search is blind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureLook {
    /// Edges of bins, by quantiles of the template before a cut. The outermost bins hold what lies beyond them, too.
    pub edges: Vec<f64>,
    /// Template events in each bin before a cut.
    pub template: Vec<u32>,
    /// Behind each cut of the window, in their order; none where nothing is told of one.
    pub cuts: Vec<Option<FeatureBehind>>,
}

/// A feature behind a cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureBehind {
    /// Template events in each bin.
    pub template: Vec<u32>,
    /// Data in each bin.
    pub data: Vec<u32>,
    /// The largest difference of cumulative shares between the template behind the cut and before it.
    pub template_moved: f64,
    /// The same between the data behind the cut and the template before it; none without data.
    pub data_moved: Option<f64>,
}
