//! The tasks of the plan with their fingerprints, which rank 0 alone holds and hands out.

use drapes_analysis::dispatch::Attempt;
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::plan::{Plan, TaskId};

use crate::dispatch::{Assignment, Assignments};

/// The tasks of a plan with their fingerprints, which rank 0 alone has.
pub struct Planned<'a> {
    pub plan: &'a Plan,
    pub fingerprints: &'a [Fingerprint],
}

impl Assignments for Planned<'_> {
    fn of(&self, place: usize, attempt: Attempt) -> Assignment {
        let (task, fingerprint) = (self.plan.tasks[place].clone(), self.fingerprints[place].clone());
        Assignment { place, task, fingerprint, attempt }
    }

    fn need(&self, of: usize, needed: &TaskId) -> Option<usize> {
        self.plan.tasks[of].needs.contains(needed).then(|| self.plan.position(needed)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use drapes_analysis::job::JobFile;
    use drapes_analysis::plan::fingerprint::fingerprints;

    use super::*;
    use crate::dispatch::Message;

    #[test]
    fn an_assignment_tells_another_rank_all_of_its_task() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\nlayout = 'table'\n[[scan]]\nmethod = 'noise'\n\
                    n_signal = [0, 5]\ninputs = ['hlv', 'llv']\n[[scan]]\nmethod = 'curtains_f4f'\nn_signal = [5]\n";
        let job = JobFile::from_text("job.toml", text).check().expect("a good job");
        let plan = Plan::of(&job);
        let fingerprints = fingerprints(&job, &[], &plan);
        let planned = Planned { plan: &plan, fingerprints: &fingerprints };
        for (place, (task, fingerprint)) in plan.tasks.iter().zip(&fingerprints).enumerate() {
            let message = Message::Assign(Box::new(planned.of(place, Attempt::Last)));
            let heard = Message::from_bytes(0, &message.to_bytes()).expect("a message");
            let Message::Assign(heard) = heard else { panic!("{heard:?}") };
            // The work must come back from JSON unchanged to the last digit, so that every rank computes what rank 0 would.
            assert_eq!((heard.place, &heard.task), (place, task));
            assert_eq!((&heard.fingerprint, heard.attempt), (fingerprint, Attempt::Last));
            for need in &heard.task.needs {
                assert_eq!(planned.need(place, need), plan.position(need));
            }
            assert_eq!(planned.need(place, &task.id), None, "it does not need itself");
        }
    }
}
