//! What a search asks of its events beyond what templates ask for.

use drapes_analysis::job::axis_headings::distinct;
use drapes_analysis::job::point::Comparison;
use drapes_analysis::job::{Injected, Job};

use super::Sample;
use crate::error::Error;

impl Sample {
    /// Signal events that nobody has said to be data or not, and side-bands of windows that are empty on one side: the fit of
    /// the others would extrapolate.
    pub(super) fn check_search(&self, job: &Job) -> Vec<Error> {
        let Some(search) = &job.search else { return vec![] };
        let mut problems = Vec::new();
        if search.injected == Injected::Unlabelled && !self.signal.is_empty() {
            problems.push(Error::LabelledSearch { signal: self.signal.len(), label: job.data.label.clone() });
        }
        let windows = job.points.iter().filter_map(|point| match point.comparison {
            Comparison::Window { template, .. } => Some(job.regions_of(&template.sample)),
            _ => None,
        });
        for regions in distinct(windows) {
            for band in regions.side_bands() {
                let inside = |event: &&u32| band.contains(self.mass(**event));
                if !self.background.iter().any(|event| inside(&event)) {
                    problems.push(Error::TooFew {
                        region: format!("the side-band {band} {} of the window {}", job.unit, regions.signal),
                        what: "events",
                        found: 0,
                        needed: 1,
                        advice: "move the window, or widen its side-bands".to_owned(),
                    });
                }
            }
        }
        problems
    }
}
