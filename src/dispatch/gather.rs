//! Gathers one answer of every rank before work begins, and names those that give none.

use super::message::{Message, Transport};
use super::poll_interval::PollInterval;
use crate::dispatch::stop::Signals;
use crate::error::{Error, RanksError};

/// Waits until every other rank has given an answer that `of` knows; one for each rank, rank 1 first.
///
/// Other messages may come in between. A rank that says that it was told to stop means all of them: work then ends as soon
/// as it begins. `has_waited_enough` is asked again and again while somebody is missing.
///
/// # Errors
/// A rank cannot be understood, gives an answer that is an error, or has not answered when it was waited for long enough.
pub fn gather<T>(
    transport: &dyn Transport,
    signals: &Signals,
    has_waited_enough: impl Fn() -> bool,
    of: impl Fn(usize, Message) -> Option<Result<T, Error>>,
) -> Result<Vec<T>, Error> {
    let mut answers: Vec<Option<T>> = (1..transport.size()).map(|_| None).collect();
    let mut poll_interval = PollInterval::new();
    while answers.iter().any(Option::is_none) {
        match transport.receive()? {
            None if has_waited_enough() => {
                let absent = answers.iter().zip(1..).filter(|(answer, _)| answer.is_none());
                let ranks = absent.map(|(_, rank)| (rank, None)).collect();
                return Err(RanksError::NoAnswer { ranks, during: "at the start of the run" }.into());
            }
            None => std::thread::sleep(poll_interval.longer()),
            Some((_, Message::Signalled)) => signals.raise(),
            Some((rank, message)) => {
                if let Some(answer) = of(rank, message) {
                    answers[rank - 1] = Some(answer?);
                }
            }
        }
    }
    Ok(answers.into_iter().flatten().collect())
}
