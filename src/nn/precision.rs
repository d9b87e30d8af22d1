//! How numbers are stored inside a network.

use drapes_analysis::job::Precision;
use tch::{Device, Kind};

/// How the factors of matrix products are stored on a device.
pub fn network_kind(precision: Precision, device: Device) -> Kind {
    match precision {
        Precision::Mixed if device.is_cuda() => Kind::BFloat16,
        Precision::Mixed | Precision::Single => Kind::Float,
    }
}
