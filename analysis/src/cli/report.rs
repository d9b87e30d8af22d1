//! `report`: a scan on one page.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::answer;
use super::plan::Format;
use crate::error::{Error, Exit};
use crate::report::{self, BEGINNING, Moment};
use crate::store::Store;

/// Writes report.html: a scan on one page, to open in any browser, to print, or to send by mail.
///
/// It holds what was asked, the table of methods, every figure with its values, training and closure, warnings with what
/// helps, where the time went, and what made the results. Nothing is read from elsewhere when it is opened. Works on
/// unfinished and running scans, and changes no record.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  drapes report out/demo\n  drapes report out/demo --out demo.html\n  \
    drapes report out/demo --format json")]
pub struct Report {
    /// The directory given to `drapes run --out`.
    directory: PathBuf,
    /// Write the page into this file (report.html in the directory by default).
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How to print what the page says.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Report {
    pub fn run(&self) -> Result<Exit, Error> {
        let store = Store::open(&self.directory)?;
        if let Some(path) = &self.out {
            refuse_foreign(path)?;
        }
        // A run that ends, or `reduce`, writes into the same folder; a page elsewhere is nobody's business there.
        let _lock = self.out.is_none().then(|| store.lock_drawing()).transpose()?;
        let (report, path, bytes) = report::write(&store, Moment::AtWork, self.out.as_deref())?;
        match self.format {
            Format::Text => answer(format_args!("{}\n", path.display())),
            Format::Json => {
                let mut text = serde_json::to_value(&report).unwrap_or_default();
                text["page"] = json!(path.display().to_string());
                text["bytes"] = json!(bytes);
                answer(format_args!("{text:#}\n"));
            }
        }
        Ok(Exit::Done)
    }
}

/// That a file is not there, or a page of ours.
fn refuse_foreign(path: &Path) -> Result<(), Error> {
    let is_ours = match std::fs::read(path) {
        Ok(bytes) => bytes.starts_with(BEGINNING.as_bytes()),
        Err(_) => !path.exists(),
    };
    if is_ours { Ok(()) } else { Err(Error::NotAReport { path: path.to_owned() }) }
}
