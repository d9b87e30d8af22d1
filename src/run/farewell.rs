//! How long ranks wait for each other at the end.
//!
//! The end of MPI waits for every rank, and cannot be told to give up: a node that hangs after its rank has said that it leaves
//! would keep the others, and their allocation, for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use drapes_analysis::cli::tell;
use drapes_analysis::error::Exit;

use super::last_words::wait_until_read;
use super::world::World;
use crate::dispatch::stop::{Clock, Signals};
use crate::error::Error;

/// Ranks that have said that they leave have nothing else to do, and are there within moments, if at all.
const LONGEST: Duration = Duration::from_secs(300);
/// Time between two checks whether all are there.
const POLL: Duration = Duration::from_millis(200);

/// The end of a rank's part in a run.
pub struct Farewell {
    clock: Clock,
    signals: Signals,
    /// Rank 0 leaves last, the others wait for its tables and pictures, which may take long.
    is_leader: bool,
    code: i32,
    /// What this rank would have said once MPI has ended.
    words: Option<String>,
    start: Instant,
}

impl Farewell {
    /// That of a rank whose part has ended like this.
    pub fn new(clock: Clock, signals: Signals, world: &World, ended: &Result<Exit, Error>) -> Self {
        let (code, words) = match ended {
            // All is done, and the same command finds that out; an end without MPI's own is no good one for the launcher.
            Ok(Exit::Done) => (Exit::Deadline as i32, None),
            Ok(exit) => (*exit as i32, None),
            Err(error) => (error.kind() as i32, Some(format!("error: {error}"))),
        };
        Self { clock, signals, is_leader: world.rank() == 0, code, words, start: Instant::now() }
    }

    /// Ends MPI in order; where that takes too long, this process ends without it.
    pub fn take(self, world: World) {
        if world.size() == 1 {
            return;
        }
        let left = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&left);
        // Where there is no room for a thread, nobody looks at the clock.
        let _ = std::thread::Builder::new().name("end".to_owned()).spawn(move || self.watch(&seen));
        drop(world);
        left.store(true, Ordering::Relaxed);
    }

    fn watch(self, left: &AtomicBool) {
        let mut told = None;
        while !left.load(Ordering::Relaxed) {
            if told.is_none() && (self.signals.received() || self.clock.is_late()) {
                told = Some(Instant::now());
            }
            if self.is_over(told) {
                self.words.iter().for_each(tell);
                let waited = self.start.elapsed().as_secs();
                tell(format_args!(
                    "warning: some ranks do not answer at the end of MPI, after {waited} s (a node hangs?); this one ends without them"
                ));
                wait_until_read();
                // Whatever a program does at its end in order might wait for MPI, too.
                signal_hook::low_level::exit(self.code);
            }
            std::thread::sleep(POLL);
        }
    }

    /// Whether the others are waited for no longer, where the run was told to end at this moment.
    fn is_over(&self, told: Option<Instant>) -> bool {
        let patience = if self.is_leader {
            self.clock.patience_with_silent()
        } else {
            self.clock.patience_with_leader()
        };
        told.is_some_and(|told| told.elapsed().as_secs_f64() >= patience)
            || self.is_leader && self.start.elapsed() >= LONGEST
    }
}
