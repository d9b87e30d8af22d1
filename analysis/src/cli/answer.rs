//! Printing the answer of a verb on standard output.

use std::fmt::Display;
use std::io::Write;

/// Prints the answer of a verb.
///
/// A reader that has seen enough (`| head`) closes the pipe; that is no failure, and neither is a full disk behind
/// a redirection: what was computed is stored before it is told.
pub fn answer(text: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}
