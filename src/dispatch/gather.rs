//! What all other ranks must have said before work begins.

use super::message::{Message, Transport, wait};
use crate::error::Error;
use crate::stop::Signals;

/// Waits until every other rank has given an answer that `of` knows; one for each rank, rank 1 first.
///
/// Other messages may come in between. A rank that says that it was told to stop means all of them: work then ends as soon
/// as it begins.
///
/// # Errors
/// A rank cannot be understood, or gives an answer that is an error.
pub fn gather<T>(
    transport: &dyn Transport,
    signals: &Signals,
    of: impl Fn(usize, Message) -> Option<Result<T, Error>>,
) -> Result<Vec<T>, Error> {
    let mut answers: Vec<Option<T>> = (1..transport.size()).map(|_| None).collect();
    while answers.iter().any(Option::is_none) {
        match wait(transport)? {
            (_, Message::Signalled) => signals.raise(),
            (rank, message) => {
                if let Some(answer) = of(rank, message) {
                    answers[rank - 1] = Some(answer?);
                }
            }
        }
    }
    Ok(answers.into_iter().flatten().collect())
}
