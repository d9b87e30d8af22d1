//! What the program says beside its answer, on standard error.

use std::fmt::Display;
use std::io::Write;

/// Says a line on standard error. Where nobody can read it (a closed pipe, a full disk, a terminal that is gone) it is lost,
/// and the work goes on: `eprintln!` would end the program there.
pub fn tell(line: impl Display) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
