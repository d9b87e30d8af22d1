//! The ranks of a run: the only file that names MPI.

use mpi::Threading;
use mpi::environment::Universe;
use mpi::topology::{Communicator, SimpleCommunicator};
use mpi::traits::{Destination, MatchedReceiveVec, Source};

use crate::dispatch::{Message, Transport};
use crate::error::Error;

/// What launchers call the number of programs that they start.
const LAUNCHED: [&str; 4] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS", "SLURM_STEP_NUM_TASKS"];

/// This program among its equals.
pub struct World {
    /// None if no launcher has started this program: then MPI is not needed, not even installed.
    universe: Option<Universe>,
}

impl World {
    /// Joins the other ranks, if a launcher speaks of any.
    ///
    /// # Errors
    /// The launcher has started several programs that do not see each other.
    pub fn join() -> Result<Self, Error> {
        let launched =
            LAUNCHED.iter().filter_map(|name| std::env::var(name).ok()?.parse::<usize>().ok()).max();
        let Some(launched) = launched else { return Ok(Self { universe: None }) };
        // Only the main thread talks to the others; another one computes.
        let universe = mpi::initialize_with_threading(Threading::Funneled).map(|(universe, _)| universe);
        let world = Self { universe };
        if world.size() == 1 && launched > 1 {
            return Err(Error::Singletons { started: launched });
        }
        Ok(world)
    }

    fn communicator(&self) -> Option<SimpleCommunicator> {
        self.universe.as_ref().map(Universe::world)
    }

    /// This program's number.
    pub fn rank(&self) -> usize {
        self.communicator().map_or(0, |world| world.rank() as usize)
    }

    /// How many there are.
    pub fn size(&self) -> usize {
        self.communicator().map_or(1, |world| world.size() as usize)
    }

    /// Ends all ranks at once. Without this, the others would wait for ever for one that is gone.
    pub fn abort(&self, code: i32) -> ! {
        match self.communicator() {
            Some(world) => world.abort(code),
            None => std::process::exit(code),
        }
    }

    /// The MPI library, in its own words.
    pub fn library(&self) -> Option<String> {
        self.universe.as_ref()?;
        mpi::environment::library_version()
            .ok()
            .map(|text| text.lines().next().unwrap_or_default().trim_end_matches('\0').to_owned())
    }

    /// The name of this host.
    pub fn host() -> String {
        std::fs::read_to_string("/proc/sys/kernel/hostname")
            .map_or_else(|_| "localhost".to_owned(), |name| name.trim().to_owned())
    }
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
