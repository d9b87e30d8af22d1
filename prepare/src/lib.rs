//! From raw LHC Olympics events to features and constituents.
//!
//! ```text
//! raw file --raw--> particles --fastjet--> clusters --event--> Event --table--> columns
//!     cut into parts  --work--> OUT.parts/part-NNNNNN.h5   on threads, in processes, until all are there
//!     all parts       --join--> OUT  --features--> the published features layout
//! ```

// These panic where nobody reads: `answer` and `tell` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod error;
pub mod event;
mod fastjet;
mod features;
mod join;
mod output;
mod own;
mod parts;
mod progress;
pub mod raw;
pub mod rejection;
pub mod run;
pub mod share;
mod source;
pub mod table;
mod units;
mod whole;
mod work;
