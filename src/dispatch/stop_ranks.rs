//! Tells all ranks to end, and finds those that do not answer.

use std::time::{Duration, Instant};

use super::message::{Message, Transport};
use super::poll_interval::PollInterval;
use crate::error::Error;

/// A rank has so long to say that it has heard of the end.
const GOODBYE: Duration = Duration::from_secs(20);

/// Tells the other ranks that there is no more work, and returns those that do not answer: MPI would wait for them for ever.
///
/// # Errors
/// A rank cannot be reached or understood.
pub fn stop_ranks(transport: &dyn Transport) -> Result<Vec<usize>, Error> {
    for rank in 1..transport.size() {
        transport.send(rank, &Message::Stop)?;
    }
    let (mut waiting, mut poll_interval, start) =
        (vec![true; transport.size()], PollInterval::new(), Instant::now());
    waiting[0] = false;
    while waiting.contains(&true) && start.elapsed() < GOODBYE {
        match transport.receive()? {
            Some((rank, Message::Left)) => waiting[rank] = false,
            Some(_) => {}
            None => std::thread::sleep(poll_interval.longer()),
        }
    }
    Ok((1..transport.size()).filter(|rank| waiting[*rank]).collect())
}
