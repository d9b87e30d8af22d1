//! The verbs that need neither MPI nor HDF5 nor libtorch. The heavy program offers them too.

mod answer;
mod layout;
mod plan;
mod plot;
mod scene;
mod screen;
mod status;
mod tell;
mod terminal;
mod voice;
mod watch;

use std::path::PathBuf;

use clap::Subcommand;

pub use answer::answer;
pub use layout::{YEAR, columns, duration};
pub use plan::Format;
pub use plot::draw_all;
pub use scene::{AtWork, Scene};
pub use screen::Screen;
pub use tell::{inform, tell};
pub use voice::{Color, Loudness, Talk, loudness};

use crate::drawn;
use crate::error::{Error, Exit};
use crate::reduce;
use crate::results::Results;
use crate::store::Store;

/// The light verbs.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "the help of each verb stands at its own struct")]
pub enum Verb {
    Plan(plan::Plan),
    Status(status::Status),
    Reduce(Reduce),
    Plot(plot::Plot),
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
            Self::Reduce(reduce) => reduce.run(),
            Self::Plot(plot) => plot.run(),
        }
    }
}

/// Writes results.csv, the tables of the figures and the pictures, from the records of a scan.
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
        let _turn = store.drawing_turn()?;
        let results = Results::read(&store)?;
        if self.no_pictures {
            drawn::tables(&store, &results)?;
        } else {
            drawn::draw(&store, &results)?;
        }
        answer(reduce::summary(&results));
        if !results.missing.is_empty() {
            answer(format_args!(
                "\n{} tasks have no result yet: `drapes status` lists them\n",
                results.missing.len()
            ));
        }
        Ok(Exit::Done)
    }
}
