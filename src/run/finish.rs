//! The end of a run: tables, figures, and the exit code that says what is left.

use drapes_analysis::cli::{conclude, inform, tell};
use drapes_analysis::dispatch::{Halt, Shard};
use drapes_analysis::error::Exit;
use drapes_analysis::figures::figure_stamp::{draw, is_drawn};
use drapes_analysis::figures::reduce;
use drapes_analysis::job::Job;
use drapes_analysis::plan::{Plan, TaskId};
use drapes_analysis::store::results::Results;
use drapes_analysis::store::task_state::Tally;
use drapes_analysis::store::{RecordState, SetApart, SideTable, Store};

use super::Run;
use super::pages;
use super::prepare::Prepared;
use crate::error::{Error, RanksError};

/// How the work of a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to do.
    Nothing,
    /// Everything that could be done was done.
    Throughout,
    /// It ended early, when these shards were waited for and not at work.
    Until(Halt, Vec<Shard>),
}

impl Run {
    /// Reduces and draws where that is due, writes the page of the scan, and says what is left.
    pub(super) fn finish(&self, prepared: &mut Prepared, outcome: &Outcome) -> Result<Exit, Error> {
        let ended = self.end(prepared, outcome);
        pages::last(&prepared.store);
        let Prepared { plan, survey, ended: tasks, estimates, .. } = &*prepared;
        if let Some(estimates) = estimates {
            estimates.remember(plan, &survey.states, tasks);
        }
        ended
    }

    fn end(&self, prepared: &mut Prepared, outcome: &Outcome) -> Result<Exit, Error> {
        let Prepared { plan, fingerprints, store, survey, ended, selected, .. } = prepared;
        // Read anew, so that tasks that other shards have just finished count: the shard that ends last sees all of them, and
        // draws.
        store.survey_again(plan, fingerprints, survey, ended);
        let Tally { done, failed, left } = Tally::of_selected(plan, &survey.states, selected);
        let total = selected.iter().filter(|selected| **selected).count();
        match outcome {
            Outcome::Nothing | Outcome::Throughout | Outcome::Until(Halt::Failures, _) => {}
            Outcome::Until(Halt::NoRanks, _) => {
                return Err(no_rank_left().into());
            }
            Outcome::Until(why, absent) => {
                let is_asked = *why == Halt::Signal && prepared.stop.is_asked();
                let why = if is_asked { "asked by `drapes stop`".to_owned() } else { word(*why, absent) };
                tell(format_args!(
                    "stopped early ({why}): {done} of {total} tasks done; run the same command again"
                ));
                return Ok(Exit::Deadline);
            }
        }
        let ended = if failed > 0 { Err(Error::TasksFailed { failed, total, left }) } else { Ok(Exit::Done) };
        if left > 0 && self.shard() != Shard::WHOLE {
            if !matches!(outcome, Outcome::Until(..)) {
                tell(format_args!(
                    "shard {} is done; {left} tasks of other shards are left, and the last shard draws the figures",
                    self.shard()
                ));
            }
            return ended;
        }
        if self.reduce_and_draw(prepared, outcome)? == Drawn::WithoutDamaged {
            return Ok(Exit::Deadline);
        }
        let Prepared { stored, plan, store, survey, .. } = prepared;
        let (states, directory) = (&survey.states, store.directory().display());
        let table = table_of(&stored.job, store);
        conclude(format_args!(
            "\n{table}, figures/ and report.html (all of it on one page) in {directory}\n"
        ));
        if let Some(growth) = stored.job.growth() {
            conclude(format_args!("{growth}\n"));
        }
        if failed == 0 && left > 0 {
            tell(format_args!(
                "{left} of {total} tasks have lost their record meanwhile; run the same command again"
            ));
            return Ok(Exit::Deadline);
        }
        self.tell_of_company(&stored.job, plan, states);
        if !self.only.is_empty() {
            let rest = plan.tasks.len() - total;
            let open = Tally::of(plan, states).left - left;
            inform(format_args!(
                "--only: {done} of {total} tasks done; {open} of the other {rest} tasks of the job are left: run the same command \
                 without --only"
            ));
        }
        ended
    }

    /// Says that the same command does more, where points are lost with the template of another.
    fn tell_of_company(&self, job: &Job, plan: &Plan, states: &[RecordState]) {
        let apart = SetApart::of(job, plan, states).filter(|_| self.shard() == Shard::WHOLE);
        if let Some(SetApart { able, .. }) = apart {
            inform(format_args!(
                "note: {able} of the points without classifiers wait for the failed template of another; the same command, \
                 without --retry-failed, classifies them alone"
            ));
        }
    }

    /// Makes tables, figures and the report from the records, unless they are there already.
    fn reduce_and_draw(&self, prepared: &mut Prepared, outcome: &Outcome) -> Result<Drawn, Error> {
        let Prepared { stored, plan, store, survey, estimates, .. } = prepared;
        let states = &survey.states;
        // Two that end at the same moment both find everything done: the second finds the figures too.
        let _turn = store.lock_drawing()?;
        let directory = store.directory().display();
        if is_drawn(store, &stored.job, plan, states) {
            if *outcome == Outcome::Nothing {
                inform(format_args!(
                    "nothing to do; `drapes reduce {directory}` makes tables and figures again"
                ));
            }
        } else {
            // Without folded records their tasks would count as missing, and good tables would be set aside.
            store.check_folded()?;
            // A part of the scan has fewer figures than are expected of it.
            if let Some(estimates) = estimates.as_mut().filter(|_| self.only.is_empty()) {
                estimates.begin_to_draw();
            }
            let results = Results::of(store, stored.job.clone(), plan, states)?;
            draw(store, &results)?;
            conclude(reduce::summary(&results));
            // Only the beginning of each record was read before, and that of these was whole. One whose beginning is damaged is not
            // done, and is done again by whoever does its task.
            let was_done = |task: &&TaskId| {
                plan.tasks.iter().zip(states).any(|(known, state)| known.id == **task && state.is_done())
            };
            let damaged: Vec<&TaskId> = results.torn.iter().filter(was_done).collect();
            for torn in &damaged {
                store.forget(torn)?;
                tell(format_args!(
                    "{torn}: its record is damaged and was removed; run the same command again"
                ));
            }
            if !damaged.is_empty() {
                return Ok(Drawn::WithoutDamaged);
            }
        }
        Ok(Drawn::Whole)
    }
}

/// The tables that a scan ends with.
fn table_of(job: &Job, store: &Store) -> &'static str {
    let has_search = job.search.is_some() && store.directory().join(SideTable::Search.name()).exists();
    // Rows of results.csv are classifiers of points that the truth judges, which a search by itself has not.
    let is_judged = job.points.iter().any(|point| !point.is_window());
    match (is_judged, has_search) {
        (true, true) => "results.csv, search.csv",
        (false, true) => "search.csv",
        (_, false) => "results.csv",
    }
}

/// Which records tables and figures show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drawn {
    /// Every record.
    Whole,
    /// All but damaged records, which were removed so that their tasks are done again.
    WithoutDamaged,
}

/// The end of a run in which no rank computes any more.
fn no_rank_left() -> RanksError {
    RanksError::Broke { rank: 0, reason: "no rank has a device that still works".to_owned() }
}

/// Why a run has ended before all was done.
fn word(why: Halt, absent: &[Shard]) -> String {
    let why = match why {
        Halt::Deadline => "what is left does not end before the deadline",
        Halt::Signal => "told by a signal",
        Halt::Failures => "too many failures",
        Halt::Storage => "results cannot be stored",
        Halt::NoRanks => "no device works any more",
        Halt::Others => {
            let names: Vec<String> = absent.iter().map(Shard::to_string).collect();
            let who = if names.is_empty() {
                "that wait themselves".to_owned()
            } else {
                format!("that are not at work: {}", names.join(", "))
            };
            return format!("the tasks that are left wait for other shards {who}");
        }
    };
    why.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_how_a_run_ends_that_has_no_rank_left() {
        let document = include_str!("../../docs/operations.md");
        let ended = no_rank_left();
        assert!(document.contains(&format!("\nerror: {ended}\n")), "{ended}");
        assert_eq!(Error::from(ended).kind(), Exit::Environment);
    }
}
