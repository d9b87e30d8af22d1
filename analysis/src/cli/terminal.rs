//! The user's terminal, which is found also if this process writes into the pipe of a launcher such as `mpirun`.

use std::fs::{self, File};
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::parent_id;

/// How the programs begin that start ranks and pass on what these say: those of Open MPI, MPICH and what derives from them.
const LAUNCHERS: [&str; 6] = ["mpirun", "mpiexec", "orte", "prte", "hydra", "pmix"];
/// Between a rank and its launcher stand a shell or two, as wrappers.
const GENERATIONS: usize = 16;
/// Columns and rows assumed of a terminal that does not tell its size.
const USUAL: (u16, u16) = (80, 24);

/// The terminal that standard error of this process ends at, if it ends at one that can draw.
///
/// A rank's own standard error is a pipe. What it says reaches the terminal through its launcher, and so the launcher's
/// standard error tells whether there is one. On another host than the launcher's, or under srun, none is found.
pub fn find() -> Option<File> {
    if std::env::var_os("TERM").is_none_or(|name| name.is_empty() || name == "dumb") {
        return None;
    }
    if std::io::stderr().is_terminal() {
        return std::io::stderr().as_fd().try_clone_to_owned().ok().map(File::from);
    }
    let path = format!("/proc/{}/fd/2", launcher()?);
    let terminal = File::options()
        .write(true)
        .custom_flags(rustix::fs::OFlags::NOCTTY.bits().cast_signed())
        .open(path)
        .ok()?;
    terminal.is_terminal().then_some(terminal)
}

/// Columns and rows.
pub fn size(terminal: &File) -> (usize, usize) {
    let found = terminal_size::terminal_size_of(terminal).map(|(columns, rows)| (columns.0, rows.0));
    let (columns, rows) = found.filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or(USUAL);
    (usize::from(columns), usize::from(rows))
}

/// The outermost of the launchers above this process; none where it was started otherwise.
///
/// A shell above them has a standard error too, but what ranks say does not pass through it.
fn launcher() -> Option<u32> {
    let mut found = None;
    let mut process = parent_id();
    for _ in 0..GENERATIONS {
        let Some((name, parent)) =
            name_and_parent(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
        else {
            break;
        };
        if LAUNCHERS.iter().any(|launcher| name.starts_with(launcher)) {
            found = Some(process);
        } else if found.is_some() {
            break;
        }
        process = parent;
    }
    found
}

/// From the system's line on a process: `7 (mpirun) S 5 ...`. A name may hold brackets and blanks.
fn name_and_parent(line: &str) -> Option<(String, u32)> {
    let (name, rest) = line.split_once('(')?.1.rsplit_once(')')?;
    let parent = rest.split_whitespace().nth(1)?.parse().ok().filter(|parent| *parent > 0)?;
    Some((name.to_owned(), parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_name_and_parent() {
        let found = |line| name_and_parent(line);
        assert_eq!(found("7 (mpirun) S 5 7 7 0"), Some(("mpirun".to_owned(), 5)));
        assert_eq!(found("7 (a ) (b) R 12 7"), Some(("a ) (b".to_owned(), 12)));
        assert_eq!(found("1 (init) S 0 1"), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn who_was_not_started_by_a_launcher_has_none() {
        // Tests are started by cargo.
        assert_eq!(launcher(), None);
    }
}
