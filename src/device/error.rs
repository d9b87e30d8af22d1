//! Why a device cannot be used.

use drapes_analysis::error::Exit;

/// An error of choosing devices.
///
/// Messages read: problem (why it is one) what to do.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// More ranks than GPUs on a host.
    #[error(
        "{ranks} ranks share {host} with {gpus} GPUs, {each} rank(s) a GPU (more take turns on it and gain little, unless \
         NVIDIA MPS runs there) start at most {} ranks there, let N ranks share a GPU with --share-gpus=N \
         (docs/operations.md, Devices), or compute on processor cores with --device cpu",
        gpus * each
    )]
    TooFewGpus {
        /// The host.
        host: String,
        /// Different GPUs that its ranks see.
        gpus: usize,
        /// Ranks of the host.
        ranks: usize,
        /// Ranks that a GPU may have.
        each: usize,
    },
    /// A GPU is asked for and there is none.
    #[error(
        "rank {rank} on {host} sees no GPU ({why}) {advice}, or compute on processor cores with --device cpu"
    )]
    NoGpu {
        /// The rank.
        rank: usize,
        /// Its host.
        host: String,
        /// Why there is none.
        why: &'static str,
        /// What to do.
        advice: &'static str,
    },
}

impl DeviceError {
    /// The exit code that this error ends the program with.
    pub fn kind(&self) -> Exit {
        Exit::Environment
    }
}
