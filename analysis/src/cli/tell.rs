//! Messages on standard error, beside the answer of a verb.

use std::fmt::Display;
use std::io::Write;

use super::screen;
use super::voice::{Loudness, coloured, colours_standard_error, loudness};

/// Prints a line on standard error, above the bar if one is shown.
///
/// Where nobody can read it (a closed pipe, a full disk behind a redirection, a terminal that is gone) it is lost, and the
/// work goes on: `eprintln!` would end the program there. One write a line, so that the lines of several ranks do not mix.
pub fn tell(line: impl Display) {
    let line = line.to_string();
    if screen::say(&line) {
        return;
    }
    let line = if colours_standard_error() { coloured(&line) } else { line };
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Prints a note that needs no attention, unless the user has asked for quiet.
pub fn inform(line: impl Display) {
    if loudness() > Loudness::Quiet {
        tell(line);
    }
}
