//! The precision inside a network: single, or half where a GPU computes faster with it.

use drapes_analysis::job::Precision;
use tch::{Device, Kind};

use super::as_on_a_gpu::computes_as_a_gpu;

/// How the factors of matrix products are stored on a device.
pub fn network_kind(precision: Precision, device: Device) -> Kind {
    match precision {
        Precision::Mixed if computes_as_a_gpu(device) => Kind::BFloat16,
        Precision::Mixed | Precision::Single => Kind::Float,
    }
}
