//! How much memory is free where a rank computes.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::assign::DeviceAssignment;
use super::cgroup::{in_list, memory_left};
use super::driver::free_gpu_memory;
use super::hardware::RankHardware;

/// Bytes that this process may still take of the processor's memory; none where the system does not say.
pub fn free_memory() -> Option<f64> {
    let of_host =
        || in_list(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:").map(|kib| kib * 1024.0);
    [of_host(), memory_left(Path::new("/proc/self"))].into_iter().flatten().reduce(f64::min)
}

/// The share of each rank in the free memory of its host: what ranks of one host see free is there once.
pub fn memory_shares(ranks_hardware: &[RankHardware]) -> Vec<Option<f64>> {
    let mut ranks: HashMap<&str, usize> = HashMap::new();
    for hardware in ranks_hardware {
        *ranks.entry(&hardware.host).or_default() += 1;
    }
    let share = |hardware: &RankHardware| {
        hardware.free_memory.map(|free| free / ranks[hardware.host.as_str()] as f64)
    };
    ranks_hardware.iter().map(share).collect()
}

/// The share of a rank in what is free of the memory of the GPU that it has taken; none on processors, or where the driver does not
/// say. To be asked before the rank computes: what libtorch has once taken it keeps, and no longer counts as free.
pub fn gpu_memory_share(assignment: &DeviceAssignment) -> Option<f64> {
    match assignment {
        DeviceAssignment::Cpu => None,
        DeviceAssignment::Gpu { ranks, .. } => free_gpu_memory().map(|free| free / *ranks as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_a_host_share_its_memory() {
        let hardware = |host: &str, free_memory| RankHardware {
            host: host.to_owned(),
            processors: [0].into(),
            gpus: vec![],
            has_driver: false,
            free_memory,
        };
        let ranks_hardware = [
            hardware("x", Some(8e9)),
            hardware("y", Some(3e9)),
            hardware("x", Some(6e9)),
            hardware("z", None),
        ];
        assert_eq!(memory_shares(&ranks_hardware), [Some(4e9), Some(3e9), Some(3e9), None]);
        assert!(free_memory().is_none_or(|free| free > 1e6));
    }
}
