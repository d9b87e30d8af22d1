//! Results for other programs: figures as a HEPData submission, distributions as histograms of the UHI format, counts of a search as
//! workspaces of pyhf, and its selected events as CSV.
//!
//! Everything here reads the directory of a scan and writes elsewhere. What is published must be what the records gave, so
//! that a figure's table which was edited, or saved by a spreadsheet, is refused.
//!
//! - In: a store with its figures' tables. Out: a submission of YAML files, histograms as JSON.
//! - No equation of the paper lives here.
//! - It may use `figures` and what lies below it.

pub(crate) mod hepdata;
mod histograms;
mod new_path;
mod numbers;
mod pivot;
mod pyhf;
pub mod selected;
mod tables;
mod windows;

pub use hepdata::submission;
pub use histograms::histograms;
pub use new_path::{NewPath, file};
pub use pyhf::workspaces;

use crate::error::Error;
use crate::plan::Plan;
use crate::store::Store;
use crate::store::task_state::Tally;

/// What whoever publishes must know of a scan that is not finished; none where every task has its result.
///
/// # Errors
/// The directory's job cannot be read.
pub fn unfinished(store: &Store) -> Result<Option<String>, Error> {
    let stored = store.job()?;
    let plan = Plan::of(&stored.job);
    let Tally { done, failed, left } = Tally::of(&plan, &store.states(&stored, &plan));
    let (missing, all) = (failed + left, done + failed + left);
    let verb = if missing == 1 { "has" } else { "have" };
    Ok((missing > 0)
        .then(|| format!("{missing} of {all} tasks {verb} no result, and what needs them is not here")))
}
