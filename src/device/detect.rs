//! Detects the hardware that a rank can use: processors, GPUs and free memory.

use std::collections::BTreeSet;
use std::path::Path;

use super::hardware::{Gpu, RankHardware};
use super::memory::free_memory;
use super::{DeviceChoice, driver, gpus};

/// Detects the hardware of this rank. CUDA is not initialised where the user wants processors.
pub fn detect(host: String, choice: DeviceChoice) -> RankHardware {
    let gpus = match choice {
        DeviceChoice::Cpu => vec![],
        DeviceChoice::Auto | DeviceChoice::Cuda => seen(&host, gpus()),
    };
    RankHardware {
        host,
        processors: processors(),
        gpus,
        has_driver: has_driver(),
        free_memory: free_memory(),
    }
}

/// Whether this host has an NVIDIA driver, so that it should have GPUs.
pub fn has_driver() -> bool {
    Path::new("/proc/driver/nvidia/version").exists() || Path::new("/dev/nvidiactl").exists()
}

/// The GPUs that libtorch counts, by the names that the driver gives them.
fn seen(host: &str, count: usize) -> Vec<Gpu> {
    let named = if count > 0 { driver().map_or(vec![], |driver| driver.gpus) } else { vec![] };
    if named.len() == count {
        return named;
    }
    // Without the driver's names, a number on a host is the best there is.
    (0..count).map(|index| Gpu { uuid: format!("{host}:{index}"), name: "GPU".to_owned() }).collect()
}

/// The processors of this process, from its affinity mask.
fn processors() -> BTreeSet<u32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let found = list.map(|list| numbers(list.trim())).unwrap_or_default();
    if found.is_empty() {
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        return (0..count as u32).collect();
    }
    found
}

/// The numbers of `0-3,8`.
fn numbers(list: &str) -> BTreeSet<u32> {
    let range = |part: &str| {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        Some(low.parse::<u32>().ok()?..=high.parse::<u32>().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_processors_are_read_as_the_system_writes_them() {
        assert_eq!(numbers("0-2,7"), [0, 1, 2, 7].into());
        assert_eq!(numbers("5"), [5].into());
        assert!(!processors().is_empty());
    }
}
