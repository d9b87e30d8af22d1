//! Points whose classifiers would train together and are lost, because the template of one of them has failed.

use std::collections::HashSet;

use super::growth::digest;
use super::{RecordState, Store, StoredJob};
use crate::error::Error;
use crate::plan::{Plan, TaskId};

impl Store {
    /// The job with the points of tasks that are lost each in a task of its own, so that those are lost alone whose template has
    /// failed; none where that changes nothing. A task of which a part is done keeps its points.
    pub fn setting_apart(&self, stored: &StoredJob) -> Option<StoredJob> {
        if stored.job.compute.classifier_points_per_task < 2 {
            return None;
        }
        let plan = Plan::of(&stored.job);
        let mut lost: HashSet<&TaskId> = HashSet::new();
        let (mut apart, mut kept) = (HashSet::new(), HashSet::new());
        // What a task needs comes before it.
        for (task, state) in plan.tasks.iter().zip(self.states(stored, &plan)) {
            let waits_in_vain = task.needs.iter().any(|need| lost.contains(need));
            let is_failed = matches!(state, RecordState::Failed { .. });
            if !state.is_done() && (is_failed || waits_in_vain) {
                lost.insert(&task.id);
            }
            let points = task.work.kind().points();
            if points.len() > 1 {
                let points = points.into_iter().map(ToString::to_string);
                if waits_in_vain && !is_failed && !state.is_done() {
                    apart.extend(points);
                } else {
                    kept.extend(points);
                }
            }
        }
        let is_apart = |point: &String| apart.contains(point) && !kept.contains(point);
        let names = stored.job.points.iter().map(ToString::to_string).enumerate();
        let places: Vec<usize> = names.filter(|(_, name)| is_apart(name)).map(|(place, _)| place).collect();
        if places.is_empty() {
            return None;
        }
        let mut stored = stored.clone();
        stored.job.apart.extend(places);
        stored.job.apart.sort_unstable();
        stored.job.apart.dedup();
        Some(stored)
    }

    /// Stores the job of [`Store::setting_apart`], by the right to work here alone.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_apart(&self, stored: &StoredJob) -> Result<(), Error> {
        self.write_json("job.json", stored)?;
        self.works_at(&digest(stored));
        Ok(())
    }
}
