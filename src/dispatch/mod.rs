//! Ranks that share the tasks of a plan.
//!
//! A schedule of tasks comes in, and each task ends done, failed, lost with one that it needs, or left for another run. No physics
//! lives here: ranks are anything that does tasks ([`Performer`]) over anything that carries messages ([`Transport`]).
//!
//! Every rank has a main thread that talks and a second one that computes. Rank 0 hands out ready tasks to all computing
//! threads, its own included, as [`Dispatcher`](drapes_analysis::dispatch::Dispatcher) decides. Results lie in the shared
//! directory before their end is told: messages say what has happened, not what was found, so that rank 0 can serve many. An
//! assignment says all of a task, so that rank 0 alone makes the plan.
//!
//! ```text
//! rank 0  Leader <--Ready--- rank n  run_worker --> ComputingThread
//!                --Assign-->
//!                <--Ended, Progress, Signalled, Alive--
//!                --Halt--> stop at the next good moment        --Stop--> the run is over  <--Left--
//! ```

mod assignment;
mod computing_thread;
mod environment;
mod first_message;
mod gather;
mod last_heard;
mod leader;
mod message;
mod poll_interval;
pub mod stop;
mod stop_ranks;
mod threads;
mod worker;

pub use assignment::{Assignment, Assignments};
pub use computing_thread::{ComputingThread, ComputingThreadEnd, Performer, run_tasks};
pub use environment::Environment;
pub use first_message::first_message;
pub use gather::gather;
pub use leader::{Leader, NoOtherShards, Observer, OtherShards, ResultReader, TaskElsewhere};
pub use message::{Ended, Message, Transport, wait};
pub use poll_interval::PollInterval;
pub use stop_ranks::stop_ranks;
pub use threads::Threads;
pub use worker::run_worker;

#[cfg(test)]
mod tests;
