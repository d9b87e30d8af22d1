//! Events on disk: reading them for a search, telling one file from another, and describing what a file holds.
//!
//! ```text
//! file --source--> columns of numbers --recipe--> resonant mass and features --> Events
//!                                     --describe--> Description
//! file with constituents --> JetEvents
//! ```
//!
//! HDF5 is named in `source` only.

mod describe;
mod digest;
mod dijet;
mod error;
mod events;
mod jets;
mod recipe;
mod rows;
mod source;

pub use describe::{
    ColumnSummary, Counts, Description, EventTable, FileLayout, Histogram, MassBin, StoredDataset, describe,
};
pub use digest::digest;
pub use error::{DataError, FilterId, Found};
pub use events::{Dropped, Events, Label, read_events};
pub use jets::{DroppedJets, JetEvents, read_jets};
pub use rows::{repeated, row_hash};

#[cfg(test)]
mod tests;
