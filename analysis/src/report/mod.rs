//! `report.html`: a scan on one page, which any browser shows and which loads nothing from elsewhere.
//!
//! ```text
//! records, job, logs, provenance --Report::of--> what the page says --Page (analysis/templates)--> report.html
//! ```
//!
//! The page is made from the records, as tables and pictures are, and changes none of them. It may be made while a scan
//! runs. Where the tables of the figures are those of the records, the figures are drawn from these tables, so that what
//! somebody has corrected in a table stands on the page too.
//!
//! No equation of the paper lives here. The room may use `figures` and what lies below it.

mod asked;
mod figures;
mod lanes;
mod methods;
mod notices;
mod origin;
mod progress;
mod quality;
mod search;
mod search_fits;
mod time;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use askama::Template;
use serde::Serialize;

use crate::error::Error;
use crate::figures::figure_stamp;
use crate::plan::Plan;
use crate::store::{Process, Results, Store, task_states, time_spent, write_durably};

pub use progress::Moment;

use asked::Asked;
use figures::Shown;
use methods::Methods;
use notices::Notice;
use origin::Origin;
use progress::Progress;
use quality::Quality;
use search::Search;
use search_fits::SearchFits;
use time::Time;

/// The name of the page in the directory of its scan.
pub const NAME: &str = "report.html";

/// The first bytes of every page that drapes writes. A file of that name that begins otherwise is the user's own.
pub const BEGINNING: &str = "<!doctype html>\n<!-- a report of drapes -->";

/// Everything that the page says.
#[derive(Serialize)]
pub struct Report {
    name: String,
    /// When the page was written, in UTC.
    written: String,
    progress: Progress,
    notices: Vec<Notice>,
    methods: Methods,
    search: Search,
    search_fits: SearchFits,
    quality: Quality,
    figures: Vec<Shown>,
    time: Time,
    asked: Asked,
    origin: Origin,
}

/// The page around a report.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
    beginning: &'a str,
    style: &'a str,
    script: &'a str,
}

impl Report {
    /// Reads everything for the page from a directory.
    ///
    /// # Errors
    /// The directory's job, its folded records or the table of a figure cannot be read. A record that is damaged is no
    /// error, but stands among the warnings.
    pub fn of(store: &Store, moment: Moment) -> Result<Self, Error> {
        let stored = store.job()?;
        store.check_folded()?;
        let plan = Plan::of(&stored.job);
        let (states, _) = store.states_as_made(&stored, &plan);
        let results = Results::read(store)?;
        let mut owners = store.lock_owners();
        if moment == Moment::Ended {
            let own = Process::this();
            owners.retain(|(owner, _)| owner.process != own);
        }
        let task_states = task_states(&plan, &states, &owners);
        let spent = time_spent(store, &plan, &task_states);
        let are_tables_current = figure_stamp::is_drawn(store, &stored.job, &plan, &states);
        let progress = Progress::of(&stored.job, &plan, &task_states, &owners);
        Ok(Self {
            name: stored.job.name.clone(),
            written: humantime::format_rfc3339_seconds(SystemTime::now())
                .to_string()
                .replace('T', " ")
                .replace('Z', " UTC"),
            notices: notices::of(store, &results, &plan, &task_states, &progress),
            methods: Methods::of(&results),
            search: Search::of(&results),
            search_fits: SearchFits::of(&results),
            quality: Quality::of(&results),
            figures: figures::of(store, &results, are_tables_current)?,
            time: Time::of(&plan, &task_states, &spent),
            asked: Asked::of(store, &stored, &plan, &results),
            origin: Origin::of(store),
            progress,
        })
    }

    /// Whether no figure of what methods find can be drawn yet.
    fn has_no_figure_of_results(&self) -> bool {
        !self.figures.iter().any(Shown::is_of_results)
    }

    /// Whether the scan compares methods; a search by itself does not.
    fn compares_methods(&self) -> bool {
        !self.methods.rows.is_empty() || !self.search.is_asked
    }

    /// The page as HTML.
    pub fn page(&self) -> String {
        let page = Page {
            report: self,
            beginning: BEGINNING,
            style: include_str!("../../templates/report.css"),
            script: include_str!("../../templates/report.js"),
        };
        // Nothing that a page is made of can fail to be written; an empty page would show that something did.
        page.render().unwrap_or_default()
    }
}

/// Writes the page of a directory again where there is one, after its tables or pictures have changed. A file of that name
/// that drapes has not written is left alone.
///
/// # Errors
/// As [`write`].
pub fn renew(store: &Store) -> Result<(), Error> {
    let is_ours = |page: Vec<u8>| page.starts_with(BEGINNING.as_bytes());
    if std::fs::read(store.directory().join(NAME)).is_ok_and(is_ours) {
        write(store, Moment::AtWork, None)?;
    }
    Ok(())
}

/// Writes the page of a directory: into the directory, or into a file elsewhere. Readers see the old page or the new one.
///
/// # Errors
/// As [`Report::of`], and the page cannot be written.
pub fn write(
    store: &Store,
    moment: Moment,
    elsewhere: Option<&Path>,
) -> Result<(Report, PathBuf, usize), Error> {
    let report = Report::of(store, moment)?;
    let page = report.page();
    let path = if let Some(path) = elsewhere {
        write_durably(path, page.as_bytes())?;
        path.to_owned()
    } else {
        store.make_room_for_report(BEGINNING)?;
        store.write(NAME, page.as_bytes())?
    };
    Ok((report, path, page.len()))
}
