//! A rank that does what rank 0 says.

use super::message::{Message, Transport};
use super::pause::Pause;
use super::worker::Worker;
use crate::error::Error;
use crate::stop::Signals;

/// Passes orders from rank 0 to this rank's worker and its reports back, until rank 0 says stop.
///
/// # Errors
/// Rank 0 cannot be understood.
pub fn serve(transport: &dyn Transport, worker: &Worker, signals: &Signals) -> Result<(), Error> {
    let mut pause = Pause::new();
    let mut told = false;
    loop {
        if signals.received() && !told {
            told = true;
            // At once: who sends signals may not give rank 0 the time to answer.
            worker.halt();
            transport.send(0, &Message::Signalled)?;
        }
        match transport.receive()? {
            Some((_, Message::Assign(task))) => worker.assign(task),
            Some((_, Message::Halt)) => worker.halt(),
            Some((_, Message::Stop)) => return Ok(()),
            Some(_) => {}
            None => {
                if let Some(report) = worker.report(pause.longer(), transport.rank())? {
                    transport.send(0, &report)?;
                    pause.reset();
                }
                continue;
            }
        }
        pause.reset();
    }
}
