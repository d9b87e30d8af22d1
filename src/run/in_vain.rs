//! Tasks that are stopped again and again and never get further.

use std::collections::HashMap;

use drapes_analysis::cli::tell;
use drapes_analysis::dispatch::Known;
use drapes_analysis::job::Job;
use drapes_analysis::plan::{Plan, TaskId};
use drapes_analysis::price::demand::shorter;
use drapes_analysis::store::{Stop, Store};

use crate::error::{Error, InVain};

/// Stops without getting further after which it is said.
const OFTEN: u32 = 2;

/// What a run has begun with.
pub struct Beginning<'a> {
    pub job: &'a Job,
    pub plan: &'a Plan,
    /// What was to be done here.
    pub known: &'a [Known],
    /// How tasks were stopped in earlier runs.
    pub stops: &'a HashMap<TaskId, Stop>,
}

/// Names tasks that were stopped in this run, as in the one before, without getting further.
///
/// # Errors
/// There are such tasks, and nothing else was gained in this run either: no task has ended and none has got further. The
/// same command again, with the same time, would do no better, so that it must not be put back into the queue.
pub fn tell_or_refuse(store: &Store, beginning: &Beginning<'_>, has_ended_any: bool) -> Result<(), Error> {
    let Beginning { job, plan, known, stops: before } = *beginning;
    let after = store.stops();
    let (mut stuck, mut gained) = (Vec::new(), has_ended_any);
    for (task, known) in plan.tasks.iter().zip(known) {
        let Some(stop) = after.get(&task.id).filter(|_| *known == Known::Open) else { continue };
        if before.get(&task.id) == Some(stop) {
            // It was not begun in this run.
            continue;
        }
        gained |= stop.in_vain == 0;
        if stop.in_vain >= OFTEN {
            let (task, lower) = (task.id.clone(), shorter(job, task));
            stuck.push(InVain { task, times: stop.in_vain, seconds: stop.seconds, lower });
        }
    }
    if stuck.is_empty() {
        return Ok(());
    }
    if gained {
        for one in stuck {
            tell(format_args!("warning: {one}"));
        }
        return Ok(());
    }
    Err(Error::StoppedInVain { tasks: stuck })
}
