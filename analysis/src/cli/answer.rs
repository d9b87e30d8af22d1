//! Printing the answer of a verb on standard output.

use std::fmt::Display;
use std::io::Write;

use super::tell::tell;
use super::voice::{Loudness, loudness};

/// Prints the answer of a verb.
///
/// A reader that has seen enough (`| head`) closes the pipe; that is no failure, and neither is a full disk behind
/// a redirection: what was computed is stored before it is told.
pub fn answer(text: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

/// Prints what a run that has ended has found. Of that only the warnings, where the user has asked for quiet: the rest stands in the
/// directory as well.
pub fn conclude(text: impl Display) {
    if loudness() > Loudness::Quiet {
        return answer(text);
    }
    warnings(&text.to_string()).for_each(tell);
}

/// The warnings among the lines of a text.
fn warnings(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| line.starts_with("warning: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_table_with_a_warning_the_warning_is_left() {
        let text = "  method  SIC\n  noise   9.1\n\nwarning: closure fails for noise\nnote: few events\n";
        assert_eq!(warnings(text).collect::<Vec<_>>(), ["warning: closure fails for noise"]);
    }
}
