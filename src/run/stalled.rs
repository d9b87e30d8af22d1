//! Finds tasks that were stopped several times without getting further, so that a job is not queued again for ever.

use std::collections::HashMap;

use drapes_analysis::dispatch::Known;
use drapes_analysis::job::Job;
use drapes_analysis::plan::price::demand::shorter;
use drapes_analysis::plan::{Plan, TaskId};
use drapes_analysis::store::{Stop, Store};

use crate::error::{Error, Rest, StalledTask};

/// After so many stops without getting further a run ends with an error.
const OFTEN: u32 = 2;

/// The state in which a run has begun.
pub struct Beginning<'a> {
    pub job: &'a Job,
    pub plan: &'a Plan,
    /// What was to be done here.
    pub known: &'a [Known],
    /// How tasks were stopped in earlier runs.
    pub stops: &'a HashMap<TaskId, Stop>,
}

/// Refuses to go on where tasks were stopped in this run, as in the one before, without getting further. The same command,
/// with the same time, would do no better for them, so that it must not be queued again by itself, also where it
/// would do the rest of the scan: whoever reads why decides.
///
/// # Errors
/// There are such tasks.
pub fn refuse(store: &Store, beginning: &Beginning<'_>, ended: Rest) -> Result<(), Error> {
    let Beginning { job, plan, known, stops: before } = *beginning;
    let after = store.stops();
    let (mut tasks, mut rest) = (Vec::new(), ended);
    for (task, known) in plan.tasks.iter().zip(known) {
        let Some(stop) = after.get(&task.id).filter(|_| *known == Known::Open) else { continue };
        if before.get(&task.id) == Some(stop) {
            // It was not begun in this run.
            continue;
        }
        if stop.in_vain == 0 {
            rest = Rest::Advanced;
        } else if stop.in_vain >= OFTEN {
            let (task, lower) = (task.id.clone(), shorter(job, task));
            tasks.push(StalledTask { task, times: stop.in_vain, seconds: stop.seconds, lower });
        }
    }
    if tasks.is_empty() { Ok(()) } else { Err(Error::Stalled { tasks, rest }) }
}

#[cfg(test)]
mod tests {
    use drapes_analysis::job::JobFile;
    use drapes_analysis::plan::fingerprint::Fingerprint;
    use drapes_analysis::store::StoredJob;

    use super::*;

    fn stop(in_vain: u32, seconds: f64) -> Stop {
        let (fingerprint, device) = (Fingerprint("a".to_owned()), "cpu".to_owned());
        Stop { fingerprint, device, seconds, share: 0.0, kept: 0.0, in_vain }
    }

    #[test]
    fn two_stops_without_getting_further_are_refused_whatever_else_was_gained() {
        let text =
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
        let file = JobFile::from_text("job.toml", text);
        let stored = StoredJob { job: file.check().expect("a job"), inputs: Vec::new() };
        let job = &stored.job;
        let plan = Plan::of(job);
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::create(directory.path(), &file, &stored).expect("a new directory");
        let known = vec![Known::Open; plan.tasks.len()];
        let before = HashMap::new();
        let beginning = Beginning { job, plan: &plan, known: &known, stops: &before };
        let [first, .., last] = &plan.tasks[..] else { panic!("several tasks") };
        store.note_stop(&first.id, &stop(1, 3.0)).expect("room");
        refuse(&store, &beginning, Rest::Stood).expect("once is no rule");
        store.note_stop(&first.id, &stop(2, 3.0)).expect("room");
        for (gained, note) in [(Rest::Stood, false), (Rest::Advanced, true)] {
            let error = refuse(&store, &beginning, gained).expect_err("two stops in vain");
            assert_eq!(error.kind() as i32, 2);
            let text = error.to_string();
            assert!(text.contains(&format!("{} was stopped 2 times", first.id)), "{text}");
            assert_eq!(text.contains("the rest of the scan has got further"), note, "{text}");
        }
        // Another task has got further than where it began.
        store.note_stop(&last.id, &stop(0, 9.0)).expect("room");
        let error = refuse(&store, &beginning, Rest::Stood).expect_err("two stops in vain");
        assert!(error.to_string().contains("the rest of the scan has got further"), "{error}");
        // A task that an earlier run has left, and that this run has not begun, says nothing about this run.
        let before = store.stops();
        refuse(&store, &Beginning { stops: &before, ..beginning }, Rest::Stood).expect("not begun");
    }
}
