//! The end of a run: tables, figures, and the exit code that says what is left.

use drapes_analysis::cli::{self, answer};
use drapes_analysis::dispatch::{Halt, Shard};
use drapes_analysis::error::Exit;
use drapes_analysis::reduce;
use drapes_analysis::store::TaskState;

use super::Run;
use super::prepare::Prepared;
use crate::dispatch::RanksError;
use crate::error::Error;

/// How the work of a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worked {
    /// There was nothing to do.
    Nothing,
    /// Everything that could be done was done.
    Throughout,
    /// It ended early.
    Until(Halt),
}

impl Run {
    /// Reduces and draws where that is due, and says what is left.
    pub(super) fn conclude(&self, prepared: &Prepared, worked: Worked) -> Result<Exit, Error> {
        let Prepared { stored, plan, store, .. } = prepared;
        let directory = store.directory().display();
        let states =
            if worked == Worked::Nothing { prepared.states.clone() } else { store.states(stored, plan) };
        let total = plan.tasks.len();
        let done = states.iter().filter(|state| state.is_done()).count();
        let failed = states.iter().any(|state| matches!(state, TaskState::Failed { .. }));
        match worked {
            Worked::Nothing | Worked::Throughout | Worked::Until(Halt::Failures) => {}
            Worked::Until(Halt::NoRanks) => {
                let reason = "no rank has a device that still works".to_owned();
                return Err(RanksError::Broke { rank: 0, reason }.into());
            }
            Worked::Until(why) => {
                eprintln!(
                    "stopped early ({}): {done} of {total} tasks done; run the same command again",
                    word(why)
                );
                return Ok(Exit::Deadline);
            }
        }
        if done < total && !failed && self.shard() != Shard::WHOLE {
            eprintln!(
                "shard {} is done; {} tasks of other shards are left, and the last shard draws the figures",
                self.shard(),
                total - done
            );
            return Ok(Exit::Done);
        }
        if worked == Worked::Nothing && store.directory().join("results.csv").exists() {
            eprintln!("nothing to do; `drapes reduce {directory}` makes tables and figures again");
        } else {
            let results = reduce::reduce(store)?;
            cli::draw_all(store)?;
            answer(reduce::summary(&results));
            for torn in &results.torn {
                // Its beginning is whole, or it would have been done again by now.
                store.forget(torn)?;
                eprintln!("{torn}: its record is damaged and was removed; run the same command again");
            }
            if !results.torn.is_empty() {
                return Ok(Exit::Deadline);
            }
        }
        answer(format_args!("\nresults.csv and figures/ in {directory}\n"));
        if done < total { Err(Error::TasksFailed { failed: total - done, total }) } else { Ok(Exit::Done) }
    }
}

/// Why a run has ended before all was done.
fn word(why: Halt) -> &'static str {
    match why {
        Halt::Deadline => "what is left does not end before the deadline",
        Halt::Signal => "told by a signal",
        Halt::Failures => "too many failures",
        Halt::Storage => "results cannot be stored",
        Halt::NoRanks => "no device works any more",
        Halt::Others => "the tasks that are left wait for other shards, none of which runs",
    }
}
