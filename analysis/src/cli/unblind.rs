//! `unblind`: shows what data do behind the cuts of a blind search, and writes down who has looked.

use std::path::PathBuf;

use super::answer;
use crate::error::{Error, Exit};
use crate::figures::{figure_stamp, reduce};
use crate::report::renew;
use crate::store::{Results, Store};

/// Shows what the data of a blind search do behind its cuts, and writes down who has looked and when.
///
/// Until then search.csv, figures and report withhold it, so that cuts and windows are chosen without it. It cannot be undone.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  drapes unblind out/search_demo")]
pub struct Unblind {
    /// The directory given to `drapes run --out`.
    directory: PathBuf,
}

impl Unblind {
    pub fn run(&self) -> Result<Exit, Error> {
        let store = Store::open(&self.directory)?;
        // A run that ends draws too.
        let _lock = store.lock_drawing()?;
        let job = store.job()?.job;
        if !job.search.as_ref().is_some_and(|search| search.blind) {
            return Err(Error::NothingBlind { path: self.directory.clone() });
        }
        let before = store.unblinding();
        let unblinding = store.unblind(&job)?;
        if before.is_some() {
            answer(format_args!("the search was unblinded before, {unblinding}; nothing is changed\n\n"));
        } else {
            answer(format_args!("unblinded {unblinding}\n\n"));
        }
        let results = Results::read(&store)?;
        figure_stamp::draw(&store, &results)?;
        renew(&store)?;
        answer(reduce::summary(&results));
        Ok(Exit::Done)
    }
}
