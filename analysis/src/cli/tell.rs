//! What a program says beside its answer, on standard error.

use std::fmt::Display;
use std::io::Write;

/// Says a line on standard error.
///
/// Where nobody can read it (a closed pipe, a full disk behind a redirection, a terminal that is gone) it is lost, and the
/// work goes on: `eprintln!` would end the program there. One write a line, so that the lines of several ranks do not mix.
pub fn tell(line: impl Display) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
