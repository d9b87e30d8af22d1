//! Starting this program again under a launcher.

use std::num::NonZeroUsize;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::Run;
use crate::device::{self, DeviceChoice};
use crate::dispatch::RanksError;
use crate::error::Error;
use crate::world::{Flavour, World};

/// How many ranks to start.
#[derive(Clone, Copy, Debug)]
pub enum Ranks {
    Auto,
    Exactly(NonZeroUsize),
}

pub fn ranks(text: &str) -> Result<Ranks, String> {
    match text {
        "auto" => Ok(Ranks::Auto),
        _ => text.parse().map(Ranks::Exactly).map_err(|_| "give a whole number from 1, or auto".to_owned()),
    }
}

impl Run {
    /// Becomes a launcher that starts this program again, so many times. Returns only if that fails.
    pub(super) fn launch(&self, ranks: Ranks) -> Error {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let count = match ranks {
            Ranks::Exactly(count) => count.get(),
            Ranks::Auto if self.device == DeviceChoice::Cpu => cores,
            Ranks::Auto => Some(device::gpus()).filter(|gpus| *gpus > 0).unwrap_or(cores),
        };
        let flavour = World::flavour();
        let launcher = flavour.launcher();
        let error = std::env::current_exe().map(|program| {
            let mut mpirun = Command::new(&launcher);
            mpirun.args(["-n", &count.to_string()]);
            if flavour == Flavour::OpenMpi {
                // Open MPI counts a slot for each physical core, the system a processor for each hardware thread; and
                // where ranks run is the system's business as long as each computes with one thread.
                mpirun.args(["--oversubscribe", "--bind-to", "none"]);
                // The user has asked for this program, not for mpirun: its warning about root is not for them.
                mpirun.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
            }
            // In place of this process: signals then reach the launcher.
            mpirun.arg(program).args(Self::arguments()).exec()
        });
        let source = error.unwrap_or_else(|error| error);
        RanksError::NoLauncher { launcher, source }.into()
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
