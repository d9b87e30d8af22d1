//! Events on disk: reading them for a search, telling one file from another, and describing what a file holds.
//!
//! ```text
//! file --source--> columns of numbers --recipe, formulae--> resonant mass and features --> Events
//!                                     --describe--> Description
//! file with constituents --> JetEvents
//! ```
//!
//! HDF5 is named in `source` only. `columns` tells smooth columns from discrete ones and from those with outliers.

pub mod columns;
mod describe;
mod digest;
mod dijet;
mod dropped;
mod error;
mod events;
mod formulae;
mod jet_table;
mod jets;
mod labels;
mod place;
mod recipe;
mod remarks;
mod rows;
mod source;
mod weights;
mod wording;

pub use describe::{
    ColumnSummary, Counts, Description, EventTable, FileLayout, Histogram, MassBin, StoredDataset, describe,
    describe_without,
};
pub use digest::digest;
pub use dropped::{Dropped, DroppedJets};
pub use error::{DataError, Lock};
pub use events::{Events, Label, read_events};
pub use jet_table::{Constituent, FEWEST_CONSTITUENTS, Jets, Kinematics, MOST_CONSTITUENTS, Outline};
pub use jets::{JetEvents, read_jets};
pub use labels::LabelValues;
pub use rows::{repeated, row_hash};
pub use weights::read_unweighted;
pub use wording::Found;

#[cfg(test)]
mod tests;
