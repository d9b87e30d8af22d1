//! Which rank does which task next. Nothing here knows how ranks exchange messages, so that the same code hands out real tasks
//! and simulates large scans.
//!
//! ```text
//! Plan --Graph--> Schedule (what is ready, longest chain first)
//!                    |
//!                Dispatcher (which rank, whether it ends in time, when to stop) --- drapes::dispatch, over MPI
//!                    |                                                          \-- Simulation, in virtual time
//!                plan::Pace (how fast tasks are against their price)
//! ```
//!
//! - In: a plan with the expected seconds of its tasks; what ranks say while they work.
//! - Out: which rank does which task, what is told to stop at a deadline, and how long the whole takes.
//! - No equation of the paper lives here.
//! - It may use `plan` and what lies below it, and knows no file and no MPI.

mod costs;
mod dispatcher;
mod graph;
mod outlook;
mod schedule;
mod shard;
mod simulate;
mod trust;

pub use costs::LeaderCosts;
pub use dispatcher::{Dispatcher, Ending, Halt, Limits, Repeat};
pub use graph::Graph;
pub use outlook::{IfStopped, Outlook};
pub use schedule::{Known, Schedule};
pub use shard::Shard;
pub use simulate::{LONGEST_PAUSE, PROGRESS_EVERY, Simulated, Simulation, makespan};
pub use trust::{Attempt, Fault};
