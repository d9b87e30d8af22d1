//! Who does what next, without saying how ranks talk: the same code hands out real tasks and simulates large scans.
//!
//! ```text
//! Plan --Graph--> Schedule (what is ready, longest chain first)
//!                    |
//!                Dispatcher (which rank, whether it ends in time, when to stop) --- drapes::dispatch, over MPI
//!                    |                                                          \-- Simulation, in virtual time
//!                  Pace (how fast tasks are against their price)
//! ```

mod costs;
mod dispatcher;
mod graph;
mod outlook;
mod pace;
mod schedule;
mod shard;
mod simulate;
mod trust;

pub use costs::LeaderCosts;
pub use dispatcher::{Dispatcher, Ending, Halt, Limits, Repeat};
pub use graph::Graph;
pub use outlook::{IfStopped, Outlook};
pub use pace::Pace;
pub use schedule::{Known, Schedule};
pub use shard::Shard;
pub use simulate::{LONGEST_PAUSE, PROGRESS_EVERY, Simulated, Simulation, makespan};
pub use trust::{Attempt, Fault};
