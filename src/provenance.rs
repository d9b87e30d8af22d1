//! What made a result: versions, machines, devices.

use serde::Serialize;

use crate::world::World;

/// The versions behind a run; stored beside its results.
#[derive(Clone, Debug, Serialize)]
pub struct Provenance {
    /// The command that goes on with this job, from any folder.
    pub command: String,
    /// Version of drapes.
    pub drapes: &'static str,
    /// Revision of its source.
    pub revision: &'static str,
    /// Version of libtorch that it was built for.
    pub libtorch: &'static str,
    /// Version of the HDF5 library in use.
    pub hdf5: String,
    /// The MPI library in use, if any.
    pub mpi: Option<String>,
    /// Host and device of each rank.
    pub ranks: Vec<RankPlace>,
}

/// Where a rank computes.
#[derive(Clone, Debug, Serialize)]
pub struct RankPlace {
    /// Its host.
    pub host: String,
    /// Its device.
    pub device: String,
}

impl Provenance {
    /// The versions of this program and its libraries.
    pub fn new(command: String, world: &World, ranks: Vec<RankPlace>) -> Self {
        let (major, minor, patch) = hdf5::library_version();
        Self {
            command,
            drapes: env!("CARGO_PKG_VERSION"),
            revision: env!("DRAPES_REVISION"),
            libtorch: "2.11.0",
            hdf5: format!("{major}.{minor}.{patch}"),
            mpi: world.library(),
            ranks,
        }
    }
}
