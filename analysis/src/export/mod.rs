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
