//! Why a file of arrays cannot be read, as far as the file system says.

use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::path::Path;

/// Why a file of arrays cannot be read.
#[derive(Debug)]
pub enum Fault {
    /// Another program has it open for writing, and HDF5's lock on it.
    Busy,
    /// The file system does not give it: it is not there, or not at the moment.
    OutOfReach(io::Error),
    /// It can be read, and is no file of arrays, or not a whole one.
    Damaged,
}

impl Fault {
    /// Finds why HDF5 could not open or read a file.
    pub fn of(path: &Path) -> Self {
        let look = || -> io::Result<Self> {
            let file = File::open(path)?;
            // HDF5 locks whole files, as here. A file system without locks has nothing to say.
            if matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
                return Ok(Self::Busy);
            }
            io::copy(&mut file.take(1), &mut io::sink())?;
            Ok(Self::Damaged)
        };
        look().unwrap_or_else(Self::OutOfReach)
    }

    /// The reason in a message: HDF5's own words where they are right, else what the file system says.
    pub(super) fn reason(&self, hdf5: String) -> String {
        match self {
            Self::Busy => "another program has it open for writing".to_owned(),
            Self::OutOfReach(error) => error.to_string(),
            Self::Damaged => hdf5,
        }
    }

    /// What the user can do.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::Busy => "close it there (a notebook or a viewer), then run the same command again",
            Self::OutOfReach(_) | Self::Damaged => {
                "run the same command again: what needs them has them made again"
            }
        }
    }
}
