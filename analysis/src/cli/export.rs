//! `export`: results in the formats of other programs.

use std::path::{Path, PathBuf};

use clap::ArgGroup;

use super::{answer, tell};
use crate::error::{Error, Exit, SearchError};
use crate::export::selected::Selection;
use crate::export::{NewPath, histograms, submission, unfinished, workspaces};
use crate::store::Store;

/// Writes results for other programs: figures as a HEPData submission, distributions as histograms that UHI reads, the counts of a
/// search as workspaces of pyhf, and its selected events as CSV.
///
/// Reads the directory and writes elsewhere. Tables that were edited are refused: what is published is what the records gave.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  \
    drapes export out/demo --hepdata demo_hepdata\n  \
    drapes export out/demo --uhi demo_histograms.json\n  \
    drapes export out/search_demo --pyhf search_workspaces\n  \
    drapes export out/search_demo --events 3300-3700 --efficiency 0.01 --out selected.csv")]
#[command(group(ArgGroup::new("form").required(true).multiple(true).args(["hepdata", "uhi", "pyhf", "events"])))]
pub struct Export {
    /// The directory given to `drapes run --out`.
    directory: PathBuf,
    /// A new folder for the submission: submission.yaml, a table a figure, the windows of a search, the pictures.
    #[arg(long, value_name = "OUT")]
    hepdata: Option<PathBuf>,
    /// A new file for the histograms, as JSON.
    #[arg(long, value_name = "OUT")]
    uhi: Option<PathBuf>,
    /// A new folder for workspaces, one for each window, cut and estimate of a search that is not blind.
    #[arg(long, value_name = "OUT")]
    pyhf: Option<PathBuf>,
    /// A window of a search, by its edges or its centre: the data that pass a cut there go to --out, a row each with the row in the
    /// file of events (from 0), mass, score and fold. Scores lie in HDF5 files, which `drapes-analysis` does without.
    #[arg(long, value_name = "WINDOW", requires_all = ["efficiency", "out"], conflicts_with_all = ["hepdata", "uhi", "pyhf"])]
    events: Option<String>,
    /// The cut: one of the efficiencies of the search.
    #[arg(long, value_name = "SHARE", requires = "events")]
    efficiency: Option<f64>,
    /// A new file for the events.
    #[arg(long, value_name = "FILE", requires = "events")]
    out: Option<PathBuf>,
}

/// Events that were asked for, and where they go.
pub struct WantedEvents {
    /// The directory of the search.
    pub store: Store,
    /// The cut.
    pub selection: Selection,
    place: NewPath,
    path: PathBuf,
}

impl Export {
    /// The events that were asked for; none where something else was.
    ///
    /// # Errors
    /// They cannot be had ([`Selection::find`]), or something is where they should go.
    pub fn events(&self) -> Result<Option<WantedEvents>, Error> {
        let (Some(window), Some(efficiency), Some(out)) = (&self.events, self.efficiency, &self.out) else {
            return Ok(None);
        };
        let store = Store::open(&self.directory)?;
        let place = NewPath::new(out)?;
        let selection = Selection::find(&store, window, efficiency)?;
        Ok(Some(WantedEvents { store, selection, place, path: out.clone() }))
    }

    /// Writes what was asked for, but for events, whose scores whoever reads arrays hands to [`Export::events`].
    ///
    /// # Errors
    /// It cannot be had, or not be written.
    pub fn run(&self) -> Result<Exit, Error> {
        if self.events()?.is_some() {
            return Err(SearchError::NeedsArrays.into());
        }
        let store = Store::open(&self.directory)?;
        // Nothing is written before all that was asked for is known to be possible.
        let hepdata = self.hepdata.as_deref().map(NewPath::new).transpose()?;
        let uhi = self.uhi.as_deref().map(NewPath::new).transpose()?;
        let pyhf = self.pyhf.as_deref().map(NewPath::new).transpose()?;
        let files = hepdata.as_ref().map(|_| submission(&store)).transpose()?;
        let found = uhi.as_ref().map(|_| histograms(&store)).transpose()?;
        let counts = pyhf.as_ref().map(|_| workspaces(&store)).transpose()?;
        if let Some(missing) = unfinished(&store)? {
            let directory = self.directory.display();
            tell(format_args!("note: {missing} (`drapes status {directory}` names them)"));
        }
        if let (Some(place), Some(files), Some(path)) = (hepdata, files, &self.hepdata) {
            place.write_folder(&files)?;
            let is_yaml = |name: &str| Path::new(name).extension().is_some_and(|ending| ending == "yaml");
            // One of them is submission.yaml.
            let tables = files.iter().filter(|(name, _)| is_yaml(name)).count() - 1;
            answer(format_args!("{}: {tables} tables\n", path.join("submission.yaml").display()));
        }
        if let (Some(place), Some(found), Some(path)) = (uhi, found, &self.uhi) {
            let count = found.len();
            place.write_file(serde_json::Value::Object(found).to_string().as_bytes())?;
            answer(format_args!("{}: {count} histograms\n", path.display()));
        }
        if let (Some(place), Some(files), Some(path)) = (pyhf, counts, &self.pyhf) {
            place.write_folder(&files)?;
            answer(format_args!("{}: {} workspaces\n", path.display(), files.len()));
        }
        Ok(Exit::Done)
    }
}

impl WantedEvents {
    /// Writes the events that pass.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, csv: &[u8]) -> Result<Exit, Error> {
        self.place.write_file(csv)?;
        answer(format_args!("{}: {} events\n", self.path.display(), self.selection.count()));
        Ok(Exit::Done)
    }
}
