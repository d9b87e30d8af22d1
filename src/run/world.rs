//! The ranks of a run: the only file that names MPI.

use std::cell::Cell;

use drapes_analysis::cli::tell;
use mpi::Threading;
use mpi::environment::Universe;
use mpi::topology::{Communicator, SimpleCommunicator};
use mpi::traits::{Destination, MatchedReceiveVec, Root, Source};

use super::last_words::wait_until_read;
use crate::dispatch::{Message, Transport};
use crate::error::{Error, RanksError};

/// What launchers call the number of programs that they start, innermost first: the launcher of an MPI may have been
/// started by Slurm's, whose words its programs then inherit, but not the other way round.
pub const LAUNCHED: [&str; 4] =
    ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS", "SLURM_STEP_NUM_TASKS"];

/// Bytes that one call of MPI broadcasts: it counts in 32 bits, and asks for memory of its own.
const PIECE: usize = 4 << 20;
/// What they call the number of a program among them, in the same order.
const RANKS: [&str; 4] = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "MPI_LOCALRANKID", "SLURM_PROCID"];

/// Kinds of MPI, as far as starting ranks is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// Open MPI.
    OpenMpi,
    /// MPICH and what derives from it.
    Mpich,
}

impl Flavour {
    /// The launcher of this kind: Debian calls it by its kind where several are installed.
    pub fn launcher(self) -> String {
        let names = match self {
            Self::OpenMpi => ["mpirun.openmpi", "mpirun"],
            Self::Mpich => ["mpiexec.mpich", "mpiexec"],
        };
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let there = |name: &&str| std::env::split_paths(&paths).any(|folder| folder.join(name).exists());
        names.into_iter().find(there).unwrap_or(names[1]).to_owned()
    }
}

/// This program among its equals.
pub struct World {
    /// None if no launcher has started this program: then MPI is not needed, not even installed.
    universe: Option<Universe>,
    /// Whether ranks have not answered at the end.
    waits_in_vain: Cell<bool>,
    /// Whether the other ranks were told that there is no more work.
    is_dismissed: Cell<bool>,
}

impl World {
    fn of(universe: Option<Universe>) -> Self {
        Self { universe, waits_in_vain: Cell::new(false), is_dismissed: Cell::new(false) }
    }

    /// Joins the other ranks, if a launcher speaks of any.
    ///
    /// # Errors
    /// The launcher has started several programs that do not see each other.
    pub fn join() -> Result<Self, Error> {
        let said = |name: &str| std::env::var(name).ok()?.parse().ok();
        let Some((started, variable)) = innermost(said) else {
            return Ok(Self::of(None));
        };
        // Only the main thread talks to the others; another one computes.
        let universe = mpi::initialize_with_threading(Threading::Funneled).map(|(universe, _)| universe);
        let world = Self::of(universe);
        let found = world.size();
        if found < started {
            return Err(RanksError::Singletons { started, found, variable }.into());
        }
        Ok(world)
    }

    /// The word of a launcher that has started this program, if one has that cannot start another.
    pub fn launcher_above() -> Option<&'static str> {
        let said = |name: &str| std::env::var(name).ok()?.parse().ok();
        // One program of Slurm's is a shell in which people work, for instance.
        innermost(said)
            .filter(|(started, name)| *started > 1 || *name != "SLURM_STEP_NUM_TASKS")
            .map(|(_, name)| name)
    }

    /// What launchers say of this program without being asked to join the others: its number, and how many there are.
    pub fn announced() -> (usize, usize) {
        let said = |name: &str| std::env::var(name).ok()?.parse().ok();
        let Some((size, _)) = innermost(said) else { return (0, 1) };
        (RANKS.iter().find_map(|name| said(name)).unwrap_or(0), size)
    }

    fn communicator(&self) -> Option<SimpleCommunicator> {
        self.universe.as_ref().map(Universe::world)
    }

    /// Whether a launcher has started this program.
    pub fn is_launched(&self) -> bool {
        self.universe.is_some()
    }

    /// This program's number.
    pub fn rank(&self) -> usize {
        self.communicator().map_or(0, |world| world.rank() as usize)
    }

    /// How many there are.
    pub fn size(&self) -> usize {
        self.communicator().map_or(1, |world| world.size() as usize)
    }

    /// Notes that some ranks do not answer and will not take part in an orderly end.
    pub fn give_up_on(&self, ranks: &[usize]) {
        if !ranks.is_empty() {
            let ranks: Vec<String> = ranks.iter().map(usize::to_string).collect();
            tell(format_args!("warning: no answer at the end from rank {}; it is ended", ranks.join(", ")));
            self.waits_in_vain.set(true);
        }
    }

    /// The other ranks were told that there is no more work.
    pub fn dismissed(&self) {
        self.is_dismissed.set(true);
    }

    /// Whether the other ranks end by themselves.
    pub fn is_dismissed(&self) -> bool {
        self.is_dismissed.get()
    }

    /// Whether an end in order would wait for ranks that do not answer.
    pub fn waits_in_vain(&self) -> bool {
        self.waits_in_vain.get()
    }

    /// Gives every rank what rank 0 has, of any size. All ranks must call this, and each passes it on to others: rank 0 does not
    /// wait for one after the other. What the others bring is replaced.
    pub fn broadcast(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let Some(world) = self.communicator() else { return bytes };
        let leader = world.process_at_rank(0);
        let mut length = bytes.len() as u64;
        leader.broadcast_into(&mut length);
        bytes.resize(length as usize, 0);
        for piece in bytes.chunks_mut(PIECE) {
            leader.broadcast_into(piece);
        }
        bytes
    }

    /// Ends all ranks at once, once the launcher has read what this one has said. Without this, the others would wait for ever
    /// for one that is gone.
    pub fn abort(&self, code: i32) -> ! {
        wait_until_read();
        match self.communicator() {
            Some(world) => world.abort(code),
            None => std::process::exit(code),
        }
    }

    /// The MPI library, in its own words; none if it is not in use.
    pub fn library(&self) -> Option<String> {
        self.universe.as_ref()?;
        Self::linked()
    }

    /// The MPI library that this program was built with, in its own words.
    pub fn linked() -> Option<String> {
        mpi::environment::library_version()
            .ok()
            .map(|text| text.lines().next().unwrap_or_default().trim_end_matches('\0').trim().to_owned())
    }

    /// The kind of MPI that this program was built with.
    pub fn flavour() -> Flavour {
        let is_open = Self::linked().is_none_or(|library| library.contains("Open MPI"));
        if is_open { Flavour::OpenMpi } else { Flavour::Mpich }
    }

    /// The name of this host.
    pub fn host() -> String {
        gethostname::gethostname().to_string_lossy().into_owned()
    }
}

/// What the innermost launcher says of the number of programs, and in which word.
fn innermost(said: impl Fn(&str) -> Option<usize>) -> Option<(usize, &'static str)> {
    LAUNCHED.iter().find_map(|name| Some((said(name)?, *name)))
}

impl Transport for World {
    fn rank(&self) -> usize {
        self.rank()
    }

    fn size(&self) -> usize {
        self.size()
    }

    fn send(&self, to: usize, message: &Message) -> Result<(), Error> {
        if let Some(world) = self.communicator() {
            let target = i32::try_from(to).unwrap_or(i32::MAX);
            world.process_at_rank(target).send(&message.to_bytes());
        }
        Ok(())
    }

    fn receive(&self) -> Result<Option<(usize, Message)>, Error> {
        let Some(world) = self.communicator() else { return Ok(None) };
        let Some(arrived) = world.any_process().immediate_matched_probe() else { return Ok(None) };
        let (bytes, status) = arrived.matched_receive_vec::<u8>();
        let from = status.source_rank() as usize;
        Message::from_bytes(from, &bytes).map(|message| Some((from, message)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_launcher_counts() {
        // mpirun -n 1 in a shell that srun has started.
        let said = |name: &str| match name {
            "OMPI_COMM_WORLD_SIZE" => Some(1),
            "SLURM_STEP_NUM_TASKS" => Some(4),
            _ => None,
        };
        assert_eq!(innermost(said), Some((1, "OMPI_COMM_WORLD_SIZE")));
        assert_eq!(innermost(|_| None), None);
    }
}
