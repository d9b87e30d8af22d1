//! The main thread of a rank other than 0: passes tasks to its computing thread and reports back.

use std::time::Instant;

use super::computing_thread::ComputingThread;
use super::last_heard::ALIVE_EVERY;
use super::message::{Message, Transport};
use super::poll_interval::PollInterval;
use crate::dispatch::stop::{Clock, Signals};
use crate::error::{Error, RanksError};

/// Passes orders from rank 0 to this rank's worker and its reports back, until rank 0 says stop.
///
/// # Errors
/// Rank 0 cannot be understood, or says nothing when the run must end.
pub fn run_worker(
    transport: &dyn Transport,
    computing_thread: &ComputingThread,
    clock: &Clock,
    signals: &Signals,
) -> Result<(), Error> {
    let mut poll_interval = PollInterval::new();
    let mut told = false;
    let mut spoke = Instant::now();
    loop {
        if signals.received() && !told {
            told = true;
            // At once: who sends signals may not give rank 0 the time to answer.
            computing_thread.halt();
            transport.send(0, &Message::Signalled)?;
        }
        if clock.is_hardly_any_left() {
            // Rank 0 should have ended the run by now: it hangs, and with it the whole job.
            return Err(
                RanksError::NoAnswer { ranks: vec![(0, None)], during: "although the time is over" }.into()
            );
        }
        match transport.receive()? {
            Some((_, Message::Assign(assignment))) => computing_thread.assign(*assignment),
            Some((_, Message::Halt)) => computing_thread.halt(),
            Some((_, Message::Stop)) => {
                transport.send(0, &Message::Left)?;
                return Ok(());
            }
            Some(_) => {}
            None => {
                if let Some(report) = computing_thread.report(poll_interval.longer(), transport.rank())? {
                    transport.send(0, &report)?;
                    spoke = Instant::now();
                    poll_interval.reset();
                } else if spoke.elapsed() >= ALIVE_EVERY {
                    transport.send(0, &Message::Alive)?;
                    spoke = Instant::now();
                }
                continue;
            }
        }
        poll_interval.reset();
    }
}
