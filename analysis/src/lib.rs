//! The light half of drapes: what a scan is, where its results lie, what they mean and how they are drawn.
//!
//! ```text
//! job file --job--> Job --plan--> tasks --(the heavy half computes)--> records
//!                                           records --reduce--> results.csv, figure tables --drapes-draw--> pictures
//! ```
//!
//! Nothing here needs MPI, HDF5 or libtorch: the same code plans on a login node and draws on a laptop.

// These panic where nobody reads: `answer` and `tell` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod axes;
pub mod cli;
pub mod closure;
pub mod device_kind;
pub mod dispatch;
pub mod drawn;
pub mod error;
pub mod export;
pub mod figures;
pub mod fingerprint;
pub mod fit_quality;
pub mod generated;
pub mod hlv;
pub mod jet_summary;
pub mod job;
pub mod machine;
pub mod method_names;
pub mod number;
pub mod plan;
pub mod point;
pub mod price;
pub mod quantities;
pub mod rates;
pub mod record;
pub mod reduce;
pub mod regions;
pub mod report;
pub mod results;
pub mod seal;
pub mod solver;
pub mod spent;
pub mod standing;
pub mod statistics;
pub mod store;
pub mod stream;
pub mod table;
pub mod template_summary;
pub mod text;
pub mod unforeseen;
