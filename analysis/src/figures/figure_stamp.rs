//! The stamp of tables and pictures: `drawn.json`, written after them, says which records they were made from, so that they
//! are made again only if the records have changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::figures;
use crate::figures::reduce;
use crate::job::Job;
use crate::plan::Plan;
use crate::store::results::digest;
use crate::store::{RecordState, Results, Store, digest_of};

/// The records that tables and pictures were made from, and the files that there are.
#[derive(Debug, Serialize, Deserialize)]
struct FigureStamp {
    /// The records and what the job says of figures.
    digest: String,
    /// Length of results.csv in bytes.
    results: u64,
    /// The files of `figures/`.
    figures: Vec<String>,
    /// The digests of the tables among them. Earlier versions wrote none.
    #[serde(default)]
    tables: BTreeMap<String, String>,
}

const STAMP: &str = "drawn.json";
const RESULTS: &str = "results.csv";
/// What a drawn figure consists of.
const KINDS: [&str; 4] = ["csv", "svg", "pdf", "png"];

/// Makes results.csv, the tables of the figures and the pictures of these results.
///
/// # Errors
/// A file cannot be written.
pub fn draw(store: &Store, results: &Results) -> Result<(), Error> {
    tables(store, results)?;
    let figures = figures::draw_all(store)?;
    if results.torn.is_empty() {
        let files = figures.iter().flat_map(|figure| KINDS.map(|kind| format!("{}.{kind}", figure.name())));
        let drawn = FigureStamp {
            digest: results.digest.clone(),
            results: length(store).unwrap_or(0),
            figures: files.collect(),
            tables: figures.iter().filter_map(|figure| digested(store, figure.name())).collect(),
        };
        store.write_json(STAMP, &drawn)?;
    }
    Ok(())
}

/// Makes results.csv and the tables of the figures only; the pictures are those of other records from then on.
///
/// # Errors
/// As [`draw`].
pub fn tables(store: &Store, results: &Results) -> Result<(), Error> {
    store.remove(STAMP)?;
    reduce::reduce(store, results)
}

/// Whether tables and pictures are there and those of these records.
pub fn is_drawn(store: &Store, job: &Job, plan: &Plan, states: &[RecordState]) -> bool {
    let Ok(drawn) = store.read_json::<FigureStamp>(STAMP) else { return false };
    let figures = store.directory().join("figures");
    length(store) == Some(drawn.results)
        && drawn.figures.iter().all(|name| figures.join(name).exists())
        && store.control_searches().is_ok_and(|searches| {
            drawn.digest
                == digest(job, plan, states, store.unblinding().as_ref(), (&searches, &store.warnings()))
        })
}

/// The tables of figures, as `figures/fig05.csv`, that are no longer what was written when all was drawn: somebody has changed them, and
/// pictures and pages show the change.
pub fn edited(store: &Store) -> Vec<String> {
    let Ok(drawn) = store.read_json::<FigureStamp>(STAMP) else { return vec![] };
    let is_edited = |(name, digest): &(String, String)| {
        let found = std::fs::read(store.directory().join(name));
        found.is_ok_and(|bytes| digest_of(&bytes) != *digest)
    };
    drawn.tables.into_iter().filter(is_edited).map(|(name, _)| name).collect()
}

/// What that means.
pub fn what_is_edited(tables: &[String]) -> String {
    format!(
        "{} {} not what was written there: somebody has made a change, and pictures show it",
        tables.join(", "),
        if tables.len() == 1 { "is" } else { "are" }
    )
}

/// The table of a figure, and its digest.
fn digested(store: &Store, figure: &str) -> Option<(String, String)> {
    let name = format!("figures/{figure}.csv");
    let bytes = std::fs::read(store.directory().join(&name)).ok()?;
    Some((name, digest_of(&bytes)))
}

fn length(store: &Store) -> Option<u64> {
    std::fs::metadata(store.directory().join(RESULTS)).ok().map(|file| file.len())
}
