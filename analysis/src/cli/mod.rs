//! The verbs that need neither MPI nor HDF5 nor libtorch. The heavy program offers them too.
//!
//! - In: the arguments of the command line.
//! - Out: answers on standard output, progress and warnings on standard error, and the exit code.
//! - No equation of the paper lives here. The room may use all others.

mod answer;
mod control;
mod export;
mod plan;
mod plot;
mod report;
mod scene;
mod screen;
mod shell;
mod status;
mod stop;
mod tell;
mod terminal;
mod unblind;
mod voice;
mod watch;

use std::path::PathBuf;

use clap::Subcommand;

pub use answer::{answer, conclude};
pub use export::{Export, WantedEvents};
pub use plan::Format;
pub use scene::{AtWork, Scene};
pub use screen::Screen;
pub use shell::{Completions, Man};
pub use tell::{inform, tell};
pub use voice::{Color, Loudness, Talk, loudness};

pub use crate::text::{YEAR, columns, duration, wrapped};

use crate::error::{Error, Exit};
use crate::figures::{figure_stamp, reduce};
use crate::plan::TaskId;
use crate::report::renew;
use crate::store::{MadeBy, Results, Store};

/// The light verbs.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "the help of each verb stands at its own struct")]
pub enum Verb {
    Plan(plan::Plan),
    Status(status::Status),
    Stop(stop::Stop),
    Reduce(Reduce),
    Plot(plot::Plot),
    Report(report::Report),
    Export(export::Export),
    Unblind(unblind::Unblind),
    Control(control::Control),
}

impl Verb {
    /// Does what the verb says; the answer goes to standard output.
    ///
    /// # Errors
    /// As the verb.
    pub fn run(&self) -> Result<Exit, Error> {
        match self {
            Self::Plan(plan) => plan.run(),
            Self::Status(status) => status.run(),
            Self::Stop(stop) => stop.run(),
            Self::Reduce(reduce) => reduce.run(),
            Self::Plot(plot) => plot.run(),
            Self::Report(report) => report.run(),
            Self::Export(export) => export.run(),
            Self::Unblind(unblind) => unblind.run(),
            Self::Control(control) => control.run(),
        }
    }
}

/// Writes results.csv, the tables of the figures and the pictures, from the records of a scan.
///
/// Where report.html is there, it is written again as well.
///
/// Works on unfinished scans, on results of several machines copied together, and on a laptop.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  drapes reduce out/demo\n  drapes reduce out/demo --no-pictures")]
pub struct Reduce {
    /// The directory given to `drapes run --out`.
    directory: PathBuf,
    /// Write tables only.
    #[arg(long)]
    no_pictures: bool,
}

impl Reduce {
    fn run(&self) -> Result<Exit, Error> {
        let store = Store::open(&self.directory)?;
        // A run that ends draws too.
        let _lock = store.lock_drawing()?;
        let results = Results::read(&store)?;
        match results.made_by {
            MadeBy::ThisVersion => {}
            MadeBy::AnEarlierVersion => tell(
                "note: an earlier version of drapes has made these results, which are drawn as they are; `drapes run` would do \
                 their tasks again, since numbers may differ",
            ),
            MadeBy::Others => return Err(Error::OthersRecords { directory: self.directory.clone() }),
        }
        if self.no_pictures {
            figure_stamp::tables(&store, &results)?;
        } else {
            figure_stamp::draw(&store, &results)?;
        }
        renew(&store)?;
        answer(reduce::summary(&results));
        let missing = results.missing.len() - results.torn.len();
        if missing > 0 {
            answer(format_args!("\n{missing} tasks have no result yet: `drapes status` lists them\n"));
        }
        if let Some(damaged) = damaged(&results.torn) {
            answer(format_args!("\n{damaged}\n  {}\n", store.command()));
        }
        Ok(Exit::Done)
    }
}

/// What to say of records that hold other bytes than were written; nothing where there are none.
fn damaged(tasks: &[TaskId]) -> Option<String> {
    let some: Vec<&str> = tasks.iter().take(3).map(|task| task.0.as_str()).collect();
    let (what, more) = match tasks.len() {
        0 => return None,
        1 => ("the record of a task is damaged", String::new()),
        2 | 3 => ("records of tasks are damaged", String::new()),
        count => ("records of tasks are damaged", format!(" and {} more", count - 3)),
    };
    Some(format!(
        "warning: {what}, {}{more} (its bytes are not those that were written) run this command until it ends with 0:",
        some.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_records_are_named_and_many_are_counted() {
        let tasks: Vec<TaskId> = (0..5).map(|place| TaskId(format!("fit/{place}"))).collect();
        assert_eq!(damaged(&[]), None);
        let one = damaged(&tasks[..1]).expect("a warning");
        assert!(one.starts_with("warning: the record of a task is damaged, fit/0 ("), "{one}");
        let all = damaged(&tasks).expect("a warning");
        assert!(all.contains("are damaged, fit/0, fit/1, fit/2 and 2 more ("), "{all}");
    }
}
