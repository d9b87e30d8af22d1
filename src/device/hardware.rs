//! The hardware of a rank, as it reports it to rank 0.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A GPU.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Gpu {
    /// Tells it from every other one.
    pub uuid: String,
    /// Its kind, as `NVIDIA H200`.
    pub name: String,
}

/// The hardware that a rank may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankHardware {
    /// Its host.
    pub host: String,
    /// Processors that it may use, by number.
    pub processors: BTreeSet<u32>,
    /// GPUs that libtorch can use, in its order.
    pub gpus: Vec<Gpu>,
    /// Bytes that it might still take, if it were alone on its host; none where the system does not say.
    pub free_memory: Option<f64>,
    /// Whether the host has an NVIDIA driver, so that it should have GPUs.
    pub has_driver: bool,
}
