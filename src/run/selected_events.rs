//! `export --events`: the events of a search that pass a cut, whose scores lie in arrays.

use drapes_analysis::cli::{Export, WantedEvents};
use drapes_analysis::error::{Error as AnalysisError, Exit, SearchError};
use drapes_analysis::export::selected::Scores;

use crate::arrays::ArrayReader;
use crate::error::Error;

/// Does what `export` was asked for.
///
/// # Errors
/// As [`Export::run`] and [`Export::events`], and the scores cannot be read, or are not those that were counted.
pub fn export(export: &Export) -> Result<Exit, Error> {
    let Some(wanted) = export.events()? else { return Ok(export.run()?) };
    let events = read(&wanted).map_err(|error| told(&wanted, error))?;
    Ok(wanted.write(&events)?)
}

/// The events that pass, as CSV.
fn read(wanted: &WantedEvents) -> Result<Vec<u8>, Error> {
    let arrays = ArrayReader::of(&wanted.store, &wanted.selection.task)?;
    let scores = Scores {
        rows: arrays.list("data_row")?.to_vec(),
        masses: arrays.list("data_mass")?.to_vec(),
        scores: arrays.list("data_score")?.to_vec(),
        folds: arrays.list("data_fold")?.to_vec(),
    };
    wanted.selection.csv(&scores).map_err(|reason| arrays.torn(&reason))
}

/// An error with what helps here: no task needs the scores, so that a run does not make damaged ones again by itself.
fn told(wanted: &WantedEvents, error: Error) -> Error {
    let Error::Arrays { path, reason, .. } = error else { return error };
    let record = wanted.store.arrays(&wanted.selection.task).with_extension("json");
    Error::Analysis(AnalysisError::Search(SearchError::Scores {
        path,
        reason,
        record,
        command: wanted.store.command(),
    }))
}
