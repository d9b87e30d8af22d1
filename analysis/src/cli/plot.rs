//! `plot`: pictures from the tables of a finished scan.

use std::path::PathBuf;

use super::{answer, tell};
use crate::error::{Error, Exit};
use crate::figures::{Figure, draw, draw_all, figure_stamp, has_table};
use crate::plan::TaskId;
use crate::report::renew;
use crate::store::{Results, Store};

/// Draws the figures again from their tables, as SVG, PDF and PNG.
///
/// Only figures/*.csv is read: edit a table, or copy one from elsewhere, and the picture follows, and report.html where it
/// is there.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  drapes plot out/demo\n  drapes plot out/demo --figure fig05")]
pub struct Plot {
    /// The directory given to `drapes run --out`.
    directory: PathBuf,
    /// Draw only this one; may be repeated.
    #[arg(long = "figure", value_name = "NAME", value_parser = named)]
    figures: Vec<Figure>,
}

fn named(name: &str) -> Result<Figure, String> {
    let names = Figure::ALL.map(Figure::name).join(", ");
    Figure::named(name).ok_or_else(|| format!("there is no such figure; drapes draws {names}"))
}

/// Missing tasks that a message names.
const LISTED: usize = 12;

impl Plot {
    pub fn run(&self) -> Result<Exit, Error> {
        let store = Store::open(&self.directory)?;
        // A run that ends, or `reduce`, writes the same files.
        let _lock = store.lock_drawing()?;
        for figure in &self.figures {
            if !has_table(&store, *figure) {
                return Err(self.nothing_to_draw(&store, *figure));
            }
        }
        let drawn = if self.figures.is_empty() { draw_all(&store)? } else { draw(&store, &self.figures)? };
        renew(&store)?;
        let edited = figure_stamp::edited(&store);
        if !edited.is_empty() {
            tell(format_args!(
                "warning: {}; `drapes reduce {}` makes all from the records again",
                figure_stamp::what_is_edited(&edited),
                self.directory.display()
            ));
        }
        for figure in drawn {
            let picture = store.directory().join(format!("figures/{}.png", figure.name()));
            answer(format_args!("{}\n", picture.display()));
        }
        Ok(Exit::Done)
    }

    /// Says what a figure without a table lacks: a reduction, results of the job's own tasks, or points of the job.
    fn nothing_to_draw(&self, store: &Store, figure: Figure) -> Error {
        let directory = self.directory.display();
        let results = match Results::read(store) {
            Ok(results) => results,
            Err(error) => return error,
        };
        let needs = figure.needs();
        let (waiting, missing) = (needs.missing(&results), figure.table(&results).rows.is_empty());
        let (missing, command) = match (missing, &waiting[..]) {
            (false, _) => (
                format!("{directory} has its results but no figures/{}.csv", figure.name()),
                format!("drapes reduce {directory}"),
            ),
            (true, []) => (
                format!("its job lacks {}; add such [[scan]] blocks, or take another job", needs.what),
                format!("drapes run jobs/{0}.toml --out out/{0}", needs.job),
            ),
            (true, tasks) => {
                let mut list: Vec<&str> = tasks.iter().take(LISTED).map(|TaskId(id)| id.as_str()).collect();
                let more =
                    format!("and {} more, which `drapes status {directory}` lists", tasks.len() - list.len());
                if tasks.len() > LISTED {
                    list.push(&more);
                }
                let missing = list.join(", ");
                (
                    format!("it needs {}, and these tasks have no result yet: {missing}", needs.what),
                    store.command(),
                )
            }
        };
        Error::NothingToDraw { figure: figure.name().to_owned(), missing, command }
    }
}
