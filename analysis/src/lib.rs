//! The light half of drapes: what a scan is, where its results lie, what they mean and how they are drawn.
//!
//! ```text
//! job file --job--> Job --plan--> tasks --(the heavy half computes)--> records --store--> results
//!                                results --figures--> results.csv, tables of figures --drapes-draw--> pictures
//! ```
//!
//! The rooms from the lowest to the highest: [`error`] and [`text`], [`expression`], [`statistics`], [`job`], [`plan`], [`dispatch`],
//! [`machine`], [`store`], [`figures`], [`export`], [`report`], [`cli`]. Each uses only rooms below it, which
//! `tests/circles.rs` holds.
//!
//! Nothing here needs MPI, HDF5 or libtorch: the same code plans on a login node and draws on a laptop.

// These panic where nobody reads: `answer` and `tell` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod cli;
pub mod dispatch;
pub mod error;
pub mod export;
pub mod expression;
pub mod figures;
pub mod job;
pub mod machine;
pub mod plan;
pub mod report;
pub mod statistics;
pub mod store;
pub mod text;
