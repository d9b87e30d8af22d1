//! How long ranks wait for each other at the start.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use drapes_analysis::cli::tell;

use crate::error::{Error, RanksError};
use crate::stop::{Clock, Signals};

/// Ranks arrive within seconds of each other, but a node may first have to fetch the program from a slow server.
const ARRIVAL: Duration = Duration::from_secs(600);
/// How often it is looked whether they have arrived.
const LOOK: Duration = Duration::from_millis(200);

/// The time that ranks have to arrive.
pub struct StartUp {
    clock: Clock,
    signals: Signals,
    start: Instant,
    /// When this rank was told to stop, or its time was over.
    told: Cell<Option<Instant>>,
}

impl StartUp {
    /// A start now.
    pub fn new(clock: Clock, signals: Signals) -> Self {
        Self { clock, signals, start: Instant::now(), told: Cell::new(None) }
    }

    /// Whether ranks that have not arrived are waited for no longer.
    pub fn is_over(&self) -> bool {
        if self.told.get().is_none() && (self.signals.received() || self.clock.is_late()) {
            self.told.set(Some(Instant::now()));
        }
        let patience = Duration::from_secs_f64(self.clock.patience_with_silent());
        self.told.get().is_some_and(|told| told.elapsed() >= patience) || self.start.elapsed() >= ARRIVAL
    }

    /// Does what may wait inside MPI for ranks that never arrive. Where it waits for too long the process ends, since MPI
    /// cannot be told to give up.
    ///
    /// # Errors
    /// The system allows no thread that looks at the clock.
    pub fn guard<T>(self, join: impl FnOnce() -> T) -> Result<T, Error> {
        let arrived = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&arrived);
        let watch = move || {
            while !seen.load(Ordering::Relaxed) {
                if self.is_over() {
                    let error = RanksError::NotArrived { seconds: self.start.elapsed().as_secs() };
                    tell(format_args!("error: {error}"));
                    std::process::exit(error.kind() as i32);
                }
                std::thread::sleep(LOOK);
            }
        };
        let guard = std::thread::Builder::new().name("start".to_owned()).spawn(watch);
        guard.map_err(|error| RanksError::Broke { rank: 0, reason: error.to_string() })?;
        let joined = join();
        arrived.store(true, Ordering::Relaxed);
        Ok(joined)
    }
}
