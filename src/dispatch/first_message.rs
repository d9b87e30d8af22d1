//! How a rank waits for the first message of rank 0, which reads job and data meanwhile.

use std::time::Instant;

use super::message::{Message, Transport};
use super::poll_interval::PollInterval;
use crate::dispatch::stop::{Clock, Signals};
use crate::error::{Error, RanksError};

/// Waits for the first message of rank 0, which reads the job, the data and the directory meanwhile. That may take as long
/// as it wants, but not longer than the whole run: a rank 0 that hangs in it cannot end the others.
///
/// # Errors
/// Rank 0 cannot be understood, or says nothing when the run must end or was told to.
pub fn first_message(transport: &dyn Transport, clock: &Clock, signals: &Signals) -> Result<Message, Error> {
    let mut poll_interval = PollInterval::new();
    let mut told: Option<Instant> = None;
    loop {
        if told.is_none() && signals.received() {
            told = Some(Instant::now());
            // Who sends signals may have sent this one to some ranks only.
            transport.send(0, &Message::Signalled)?;
        }
        if let Some((_, message)) = transport.receive()? {
            return Ok(message);
        }
        let patience = clock.patience_with_leader();
        let during = if clock.is_hardly_any_left() {
            "at the start of the run, although the time is over"
        } else if told.is_some_and(|told| told.elapsed().as_secs_f64() >= patience) {
            "at the start of the run, although told to stop"
        } else {
            std::thread::sleep(poll_interval.longer());
            continue;
        };
        return Err(RanksError::NoAnswer { ranks: vec![(0, None)], during }.into());
    }
}
