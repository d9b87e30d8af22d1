//! Ranks that share the tasks of a plan.
//!
//! Every rank has a main thread that talks and a second one that computes. Rank 0 hands out ready tasks to all computing
//! threads, its own included, as [`Dispatcher`](drapes_analysis::dispatch::Dispatcher) decides. Results lie in the shared
//! directory before their end is told: messages say what has happened, not what was found, so that rank 0 can serve many. An
//! assignment says all of a task, so that rank 0 alone makes the plan.
//!
//! ```text
//! rank 0  lead <--Ready--- rank n  serve --> Worker (computing thread)
//!              --Assign-->
//!              <--Ended, Progress, Signalled, Alive--
//!              --Halt--> stop at the next good moment        --Stop--> the run is over  <--Left--
//! ```

mod assignment;
mod equipment;
mod farewell;
mod gather;
mod lead;
mod message;
mod orders;
mod pause;
mod roll;
mod serve;
mod threads;
mod worker;

pub use assignment::{Assignment, Assignments};
pub use equipment::Equipment;
pub use farewell::farewell;
pub use gather::gather;
pub use lead::{Leader, Neighbours, News, Nobody, Observer, Reading};
pub use message::{Ended, Message, Transport, wait};
pub use orders::first_order;
pub use pause::Pause;
pub use serve::serve;
pub use threads::Threads;
pub use worker::{Performer, Worker, WorkerEnd, work};

#[cfg(test)]
mod tests;
