//! Points whose classifiers would train together and are lost, because the template of one of them has failed.

use std::collections::HashSet;

use super::growth::digest;
use super::{RecordState, Store, StoredJob};
use crate::error::Error;
use crate::job::Job;
use crate::plan::{Plan, TaskId};

/// A job in which points have been set apart.
#[derive(Clone, Debug, PartialEq)]
pub struct SetApart {
    /// The job.
    pub job: Job,
    /// Points that can have their classifiers now, which they could not in their company.
    pub able: usize,
}

impl SetApart {
    /// The job with the points of lost tasks each in a task of its own, where some of them can be done then: those are lost alone
    /// whose own template has failed. None where there are no such points. A company of which a part is done stays.
    pub fn of(job: &Job, plan: &Plan, states: &[RecordState]) -> Option<Self> {
        let is_failed = |state: &RecordState| matches!(state, RecordState::Failed { .. });
        if job.compute.classifier_points_per_task < 2 || !states.iter().any(is_failed) {
            return None;
        }
        let mut lost: HashSet<&TaskId> = HashSet::new();
        let (mut apart, mut able, mut kept) = (HashSet::new(), HashSet::new(), HashSet::new());
        // What a task needs comes before it.
        for (task, state) in plan.tasks.iter().zip(states) {
            let waits_in_vain = task.needs.iter().any(|need| lost.contains(need));
            if !state.is_done() && (is_failed(state) || waits_in_vain) {
                lost.insert(&task.id);
            }
            let (kind, is_lost) = (task.work.kind(), waits_in_vain && !is_failed(state) && !state.is_done());
            let points = kind.points();
            let is_able = |point: &&&_| !kind.needs_of(point).iter().any(|need| lost.contains(need));
            let able_here: Vec<String> = points.iter().filter(is_able).map(ToString::to_string).collect();
            if points.len() > 1 {
                let all = points.into_iter().map(ToString::to_string);
                if is_lost && !able_here.is_empty() {
                    apart.extend(all);
                    able.extend(able_here);
                } else {
                    kept.extend(all);
                }
            }
        }
        let names = job.points.iter().map(ToString::to_string).enumerate();
        let is_apart = |(_, name): &(usize, String)| apart.contains(name) && !kept.contains(name);
        let (places, names): (Vec<usize>, Vec<String>) = names.filter(is_apart).unzip();
        if places.is_empty() {
            return None;
        }
        let able = names.iter().filter(|name| able.contains(*name)).count();
        let mut job = job.clone();
        job.apart.extend(places);
        job.apart.sort_unstable();
        job.apart.dedup();
        Some(Self { job, able })
    }
}

impl Store {
    /// Stores a job in which points have been set apart, by the right to work here alone.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_apart(&self, stored: &StoredJob) -> Result<(), Error> {
        self.write_json("job.json", stored)?;
        self.works_at(&digest(stored));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;
    use crate::store::RunInfo;

    /// Two companies of two points, their tasks, and each as if it had been done.
    fn planned() -> (Job, Plan, Vec<RecordState>) {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[classifier]\nseeds = [0]\n[compute]\n\
                    denoisers_per_task = 4\nclassifier_points_per_task = 2\n[[scan]]\nmethod = 'noise'\n\
                    n_signal = [0, 5, 50, 500]\n";
        let job = JobFile::from_text("job.toml", text).check().expect("a good job");
        let plan = Plan::of(&job);
        let states = vec![RecordState::Done(RunInfo::default()); plan.tasks.len()];
        (job, plan, states)
    }

    fn failed() -> RecordState {
        RecordState::Failed { reason: "it diverged".to_owned(), run: RunInfo::default() }
    }

    fn places(plan: &Plan, start: &str) -> Vec<usize> {
        (0..plan.tasks.len()).filter(|task| plan.tasks[*task].id.0.starts_with(start)).collect()
    }

    #[test]
    fn company_is_left_where_that_helps_some_of_its_points() {
        let (job, plan, done) = planned();
        let (templates, groups) = (places(&plan, "template/"), places(&plan, "classify/noise"));
        assert_eq!((templates.len(), groups.len()), (4, 2));
        let mut states = done.clone();
        for group in &groups {
            states[*group] = RecordState::Missing;
        }
        assert_eq!(SetApart::of(&job, &plan, &states), None, "nothing has failed");
        states[templates[1]] = failed();
        let SetApart { job: apart, able } = SetApart::of(&job, &plan, &states).expect("one can be done");
        assert_eq!((&apart.apart[..], able), (&[0, 1][..], 1));
        let changed = Plan::of(&apart);
        assert_eq!(places(&changed, "classify/noise").len(), 3, "the other company stays");
        // Once they are apart there is nothing left to do.
        let mut states = vec![RecordState::Done(RunInfo::default()); changed.tasks.len()];
        states[templates[1]] = failed();
        for task in places(&changed, "classify/noise") {
            states[task] = RecordState::Missing;
        }
        assert_eq!(SetApart::of(&apart, &changed, &states), None);
    }

    #[test]
    fn company_stays_where_leaving_it_helps_nobody_or_takes_something_out() {
        let (job, plan, done) = planned();
        let (templates, groups) = (places(&plan, "template/"), places(&plan, "classify/noise"));
        // All templates are lost with their common training.
        let mut states = done.clone();
        states[places(&plan, "train/")[0]] = failed();
        for task in templates.iter().chain(&groups) {
            states[*task] = RecordState::Missing;
        }
        assert_eq!(SetApart::of(&job, &plan, &states), None, "no point could be done alone");
        // A company that has finished stays so, whatever has happened to a template since.
        let mut states = done.clone();
        states[templates[0]] = failed();
        assert_eq!(SetApart::of(&job, &plan, &states), None);
        // One that has failed itself is for --retry-failed.
        states[groups[0]] = failed();
        assert_eq!(SetApart::of(&job, &plan, &states), None);
    }
}
