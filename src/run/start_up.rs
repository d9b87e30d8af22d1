//! How long ranks wait for each other at the start.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use drapes_analysis::cli::tell;
use drapes_analysis::store::Arrivals;

use super::world::World;
use crate::dispatch::stop::{Clock, Signals};
use crate::error::{Error, RanksError};

/// Ranks arrive within seconds of each other, but a node may first have to fetch the program from a slow server.
const ARRIVAL: Duration = Duration::from_secs(600);
/// Time between two checks whether they have arrived.
const POLL: Duration = Duration::from_millis(200);
/// A rank that waits for longer than this leaves a file in the directory that says so. The time is shorter than any that ranks
/// wait for others, so that each rank that has started is known before another one gives up.
const USUAL: Duration = Duration::from_secs(4);
/// How often that is repeated.
const REPEAT: Duration = Duration::from_secs(1);

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

    /// Calls what may wait inside MPI for ranks that never arrive. Where it waits for too long the process ends, since MPI
    /// cannot be told to give up.
    ///
    /// # Errors
    /// The system allows no thread that looks at the clock.
    pub fn guard<T>(self, join: impl FnOnce() -> T) -> Result<T, Error> {
        self.guard_with(|| None, join)
    }

    /// The same, where ranks that never arrive are named: `arrivals` says where ranks leave word, and is asked only when this
    /// one has waited for longer than usual.
    ///
    /// # Errors
    /// The system allows no thread that looks at the clock.
    pub fn guard_with<T>(
        self,
        arrivals: impl FnOnce() -> Option<Arrivals> + Send + 'static,
        join: impl FnOnce() -> T,
    ) -> Result<T, Error> {
        let arrived = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&arrived);
        let sink = move || self.sink(&seen, arrivals);
        let guard = std::thread::Builder::new().name("start".to_owned()).spawn(sink);
        guard.map_err(|error| RanksError::Broke { rank: 0, reason: error.to_string() })?;
        let joined = join();
        arrived.store(true, Ordering::Relaxed);
        Ok(joined)
    }

    fn sink(self, have_met: &AtomicBool, arrivals: impl FnOnce() -> Option<Arrivals>) {
        let mut arrivals = Some(arrivals);
        let mut word: Option<Arrivals> = None;
        let mut said = Instant::now();
        while !have_met.load(Ordering::Relaxed) {
            if self.is_over() {
                let absent = word.as_ref().and_then(Arrivals::absent).unwrap_or_default();
                let error = self.not_arrived(absent);
                tell(format_args!("error: {error}"));
                std::process::exit(error.kind() as i32);
            }
            if self.told.get().is_some() || self.start.elapsed() >= USUAL {
                if let Some(arrivals) = arrivals.take() {
                    word = arrivals();
                    word.iter().for_each(Arrivals::touch);
                    said = Instant::now();
                } else if said.elapsed() >= REPEAT {
                    word.iter().for_each(Arrivals::touch);
                    said = Instant::now();
                }
            }
            std::thread::sleep(POLL);
        }
        word.iter().for_each(Arrivals::have_met);
    }

    fn not_arrived(&self, absent: Vec<usize>) -> RanksError {
        let (rank, ranks) = World::announced();
        let seconds = self.start.elapsed().as_secs();
        RanksError::NotArrived { absent, rank, ranks, host: World::host(), seconds }
    }
}
