//! The provenance of results: versions of program and libraries, command, hosts and devices, as in `provenance.json`.

use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use crate::device::{DeviceAssignment, RankHardware, driver};

/// The version of libtorch that this program is built for.
pub const LIBTORCH: &str = "2.11.0";

/// The versions behind a run; stored beside its results.
#[derive(Clone, Debug, Serialize)]
pub struct Provenance {
    /// The command that goes on with this job, from any folder.
    pub command: String,
    /// When the run began.
    pub began: String,
    /// The versions of the program and its libraries.
    #[serde(flatten)]
    pub versions: Versions,
    /// Host and device of each rank.
    pub ranks: Vec<RankPlace>,
}

/// The program and its libraries.
#[derive(Clone, Debug, Serialize)]
pub struct Versions {
    /// Version of drapes.
    pub drapes: &'static str,
    /// Revision of its source.
    pub revision: &'static str,
    /// Version of the libtorch in use, as it says itself; that which drapes was built for where it says nothing.
    pub libtorch: String,
    /// The libtorch in use.
    pub libtorch_file: Option<String>,
    /// The newest CUDA that the driver supports, where there is a driver.
    pub cuda: Option<String>,
    /// Version of the HDF5 library in use.
    pub hdf5: String,
    /// The MPI library in use, if any.
    pub mpi: Option<String>,
}

/// Host and device of a rank.
#[derive(Clone, Debug, Serialize)]
pub struct RankPlace {
    /// Its host.
    pub host: String,
    /// Its device.
    pub device: String,
    /// Processors that it may use.
    pub processors: usize,
}

impl RankPlace {
    /// A rank that sees its host so and computes as ordered.
    pub fn new(hardware: &RankHardware, assignment: &DeviceAssignment) -> Self {
        let device = match assignment {
            DeviceAssignment::Cpu => "cpu".to_owned(),
            DeviceAssignment::Gpu { index, gpu, .. } => format!("cuda:{index} ({} {})", gpu.name, gpu.uuid),
        };
        Self { host: hardware.host.clone(), device, processors: hardware.processors.len() }
    }
}

impl Versions {
    /// The versions in use.
    pub fn of(mpi: Option<String>) -> Self {
        let (major, minor, patch) = hdf5::library_version();
        Self {
            drapes: env!("CARGO_PKG_VERSION"),
            revision: env!("DRAPES_REVISION"),
            libtorch: libtorch_version().unwrap_or_else(|| LIBTORCH.to_owned()),
            libtorch_file: loaded("libtorch_cpu"),
            cuda: driver().map(|driver| driver.cuda),
            hdf5: format!("{major}.{minor}.{patch}"),
            mpi,
        }
    }
}

impl Provenance {
    /// The provenance of a run that begins now.
    pub fn new(command: String, mpi: Option<String>, ranks: Vec<RankPlace>) -> Self {
        let began = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        Self { command, began, versions: Versions::of(mpi), ranks }
    }
}

/// The version of libtorch in use, where it lies beside its libraries as in wheels and archives.
pub fn libtorch_version() -> Option<String> {
    let file = loaded("libtorch_cpu")?;
    let root = Path::new(&file).parent()?.parent()?;
    Some(std::fs::read_to_string(root.join("build-version")).ok()?.trim().to_owned())
}

/// The file of a library that this process has loaded.
pub fn loaded(name: &str) -> Option<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let files = maps.lines().filter_map(|line| line.split_once('/').map(|(_, path)| format!("/{path}")));
    files.into_iter().find(|path| path.rsplit('/').next().is_some_and(|file| file.starts_with(name)))
}
