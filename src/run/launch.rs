//! Starting this program again under a launcher.

use std::io;
use std::num::NonZeroUsize;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

use drapes_analysis::error::Exit;
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use super::Run;
use super::world::{Flavour, World};
use crate::device::{self, DeviceChoice};
use crate::dispatch::stop::stopping;
use crate::error::{Error, RanksError};

/// Set where this program has started its ranks itself.
pub const STARTED_ITSELF: &str = "DRAPES_STARTED_ITSELF";

/// Ranks that --ranks starts on any machine, and beyond that for each of its cores; thousands would freeze it.
const MOST_RANKS: usize = 64;
const RANKS_A_CORE: usize = 4;

/// How many ranks to start.
#[derive(Clone, Copy, Debug)]
pub enum Ranks {
    Auto,
    Exactly(NonZeroUsize),
}

pub fn ranks(text: &str) -> Result<Ranks, String> {
    match text {
        "auto" => Ok(Ranks::Auto),
        _ => text.parse().map(Ranks::Exactly).map_err(|_| {
            "that is no number of ranks (each is a program to start) give a whole number from 1, or auto"
                .to_owned()
        }),
    }
}

impl Run {
    /// Starts this program again under a launcher, so many times, and ends as that ends.
    pub(super) fn launch(&self, ranks: Ranks) -> Result<Exit, Error> {
        if let Some(variable) = World::launcher_above() {
            return Err(RanksError::LaunchedTwice { variable }.into());
        }
        let count = self.count(ranks)?;
        let flavour = World::flavour();
        let launcher = flavour.launcher();
        let ended = std::env::current_exe().and_then(|program| {
            let mut mpirun = Command::new(&launcher);
            mpirun.args(["-n", &count.to_string()]).env(STARTED_ITSELF, "1");
            if flavour == Flavour::OpenMpi {
                // Open MPI counts a slot for each physical core, the system a processor for each hardware thread; and
                // where ranks run is the system's business as long as each computes with one thread.
                mpirun.args(["--oversubscribe", "--bind-to", "none"]);
                // The user has asked for this program, not for mpirun: its warning about root is not for them.
                mpirun.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
            }
            mpirun.arg(program).args(Self::arguments());
            guard(mpirun)
        });
        let (status, told) = ended.map_err(|source| RanksError::NoLauncher { launcher, source })?;
        Ok(exit(status, told))
    }

    /// How many ranks to start on this machine.
    pub(super) fn count(&self, ranks: Ranks) -> Result<usize, Error> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let count = match ranks {
            Ranks::Exactly(count) => count.get(),
            Ranks::Auto if self.device == DeviceChoice::Cpu => cores,
            Ranks::Auto => Some(device::gpus()).filter(|gpus| *gpus > 0).unwrap_or(cores),
        };
        let most = MOST_RANKS.max(RANKS_A_CORE * cores);
        if count > most {
            return Err(RanksError::TooMany { count, most, cores }.into());
        }
        Ok(count)
    }

    /// The arguments of every rank: those of this command but for --ranks.
    fn arguments() -> Vec<std::ffi::OsString> {
        let mut arguments = Vec::new();
        let mut given = std::env::args_os().skip(1);
        while let Some(argument) = given.next() {
            match argument.to_str() {
                Some("--ranks") => drop(given.next()),
                Some(text) if text.starts_with("--ranks=") => {}
                _ => arguments.push(argument),
            }
        }
        arguments
    }
}

/// Whether a launcher was told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    /// To stop in order.
    Stop,
    /// To stop at once.
    StopAtOnce,
}

/// Runs a launcher to its end.
///
/// Told to stop by TERM or Ctrl-C, launchers kill their ranks a second later, saved or not, and end with a code of their
/// own. USR1 they pass on, and wait. So whatever tells this process to stop reaches the launcher as USR1; only a second
/// Ctrl-C reaches it as the TERM that it is.
fn guard(mut launcher: Command) -> io::Result<(ExitStatus, Told)> {
    let mut signals = Signals::new(stopping().into_iter().chain([SIGCHLD]))?;
    // In a process group of its own, since Ctrl-C goes to all processes of the terminal's foreground group. A background
    // process must not read from the terminal, so it gets no input.
    launcher.process_group(0).stdin(Stdio::null());
    die_with_this_process(&mut launcher);
    let mut child = launcher.spawn()?;
    let mut told = Told::Nothing;
    for signal in signals.forever() {
        match signal {
            SIGCHLD => {
                if let Some(status) = child.try_wait()? {
                    return Ok((status, told));
                }
            }
            SIGINT if told != Told::Nothing => {
                told = Told::StopAtOnce;
                send(&child, SIGTERM);
            }
            _ => {
                told = Told::Stop;
                send(&child, SIGUSR1);
            }
        }
    }
    Ok((child.wait()?, told))
}

/// Has the system send TERM to a launcher when this process is gone, killed for instance: nobody else would stop it.
fn die_with_this_process(launcher: &mut Command) {
    #[allow(unsafe_code, reason = "a system call between fork and exec, which allocates nothing")]
    // SAFETY: the call asks the system alone, and touches no lock or memory that a fork may have left in disorder.
    unsafe {
        launcher.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::TERM))?));
    }
}

/// Passes a signal on to a child that has not been waited for, so that its number is its own.
fn send(child: &Child, signal: i32) {
    if let Some(signal) = Signal::from_named_raw(signal) {
        let _ = kill_process(Pid::from_child(child), signal);
    }
}

/// The exit code behind a launcher's: that of the ranks, where it is one of ours.
fn exit(status: ExitStatus, told: Told) -> Exit {
    let ours = [Exit::Done, Exit::BadRequest, Exit::Environment, Exit::TasksFailed, Exit::Deadline];
    let code = status.code();
    match ours.into_iter().find(|exit| code == Some(*exit as i32)) {
        Some(exit) => exit,
        // The ranks were told to stop before they could catch signals, and died of it.
        None if told == Told::Stop => Exit::Deadline,
        None if told == Told::StopAtOnce => std::process::exit(128 + SIGINT),
        None => std::process::exit(code.unwrap_or_else(|| 128 + status.signal().unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_the_ranks_is_the_code_of_the_program() {
        let ended = |code: i32| ExitStatus::from_raw(code << 8);
        assert_eq!(exit(ended(0), Told::Nothing), Exit::Done);
        assert_eq!(exit(ended(4), Told::Stop), Exit::TasksFailed);
        assert_eq!(exit(ended(75), Told::Stop), Exit::Deadline);
        // The launcher, or its ranks, died of the signal because they did not catch it yet.
        assert_eq!(exit(ExitStatus::from_raw(SIGUSR1), Told::Stop), Exit::Deadline);
        assert_eq!(exit(ended(128 + SIGUSR1), Told::Stop), Exit::Deadline);
    }
}
