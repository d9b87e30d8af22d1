//! Kinds of devices, as records and rates name them.

use crate::job::Chip;

/// The kind of a processor core, as [`Rates::device`](crate::plan::rates::Rates::device).
pub const CORE: &str = "core";
/// A GPU whose kind is not known.
pub const ANY_GPU: &str = "GPU";

/// What a kind of device is.
pub fn chip_of(kind: &str) -> Chip {
    if kind.eq_ignore_ascii_case(CORE) { Chip::Core } else { Chip::Gpu }
}

/// Whether a device of a record is a GPU.
pub fn is_gpu(device: &str) -> bool {
    device.starts_with("cuda")
}

/// The kind of a device as records name it, `cpu`, `cuda:0` or `cuda:0 (NVIDIA H200)`: as [`Rates::device`](crate::plan::rates::Rates::device).
pub fn kind_of(device: &str) -> &str {
    if !is_gpu(device) {
        return CORE;
    }
    device.split_once('(').and_then(|(_, name)| name.strip_suffix(')')).unwrap_or(ANY_GPU)
}

/// Whether two kinds of device are as fast as each other, as far as is known: a GPU without a name may be any.
pub fn is_same_kind(one: &str, other: &str) -> bool {
    let is_any = |kind: &str| kind == ANY_GPU;
    one.eq_ignore_ascii_case(other) || (is_any(one) && other != CORE) || (is_any(other) && one != CORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_of_a_kind_by_their_name() {
        assert_eq!(kind_of("cpu"), CORE);
        assert_eq!(kind_of("cuda:0"), ANY_GPU);
        assert_eq!(kind_of("cuda:3 (NVIDIA H200)"), "NVIDIA H200");
        assert!(is_same_kind("nvidia h200", "NVIDIA H200") && is_same_kind(ANY_GPU, "NVIDIA H200"));
        assert!(!is_same_kind(ANY_GPU, CORE) && !is_same_kind("NVIDIA H100", "NVIDIA H200"));
    }
}
