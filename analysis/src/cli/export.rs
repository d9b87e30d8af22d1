//! `export`: results in the formats of other programs.

use std::path::{Path, PathBuf};

use clap::ArgGroup;

use super::answer;
use crate::error::{Error, Exit};
use crate::export::{NewPath, histograms, submission};
use crate::store::Store;

/// Writes results for other programs: figures as a HEPData submission, distributions as histograms that UHI reads.
///
/// Reads the directory and writes elsewhere. Tables that were edited are refused: what is published is what the records gave.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  \
    drapes export out/demo --hepdata demo_hepdata\n  \
    drapes export out/demo --uhi demo_histograms.json")]
#[command(group(ArgGroup::new("form").required(true).multiple(true).args(["hepdata", "uhi"])))]
pub struct Export {
    /// The directory given to `drapes run --out`.
    directory: PathBuf,
    /// A new folder for the submission: submission.yaml, a table a figure, the pictures.
    #[arg(long, value_name = "OUT")]
    hepdata: Option<PathBuf>,
    /// A new file for the histograms, as JSON.
    #[arg(long, value_name = "OUT")]
    uhi: Option<PathBuf>,
}

impl Export {
    pub fn run(&self) -> Result<Exit, Error> {
        let store = Store::open(&self.directory)?;
        // Nothing is written before all that was asked for is known to be possible.
        let hepdata = self.hepdata.as_deref().map(NewPath::new).transpose()?;
        let uhi = self.uhi.as_deref().map(NewPath::new).transpose()?;
        let files = hepdata.as_ref().map(|_| submission(&store)).transpose()?;
        let found = uhi.as_ref().map(|_| histograms(&store)).transpose()?;
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
        Ok(Exit::Done)
    }
}
