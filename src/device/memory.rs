//! How much memory is free where a rank computes.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::cgroup::{in_list, memory_left};
use super::hardware::Sight;

/// Bytes that this process may still take of the processor's memory; none where the system does not say.
pub fn free_memory() -> Option<f64> {
    let of_host =
        || in_list(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:").map(|kib| kib * 1024.0);
    [of_host(), memory_left(Path::new("/proc/self"))].into_iter().flatten().reduce(f64::min)
}

/// The share of each rank in the free memory of its host: what ranks of one host see free is there once.
pub fn memory_shares(sights: &[Sight]) -> Vec<Option<f64>> {
    let mut ranks: HashMap<&str, usize> = HashMap::new();
    for sight in sights {
        *ranks.entry(&sight.host).or_default() += 1;
    }
    let share = |sight: &Sight| sight.free_memory.map(|free| free / ranks[sight.host.as_str()] as f64);
    sights.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_a_host_share_its_memory() {
        let sight = |host: &str, free_memory| Sight {
            host: host.to_owned(),
            processors: [0].into(),
            gpus: vec![],
            has_driver: false,
            free_memory,
        };
        let sights = [sight("x", Some(8e9)), sight("y", Some(3e9)), sight("x", Some(6e9)), sight("z", None)];
        assert_eq!(memory_shares(&sights), [Some(4e9), Some(3e9), Some(3e9), None]);
        assert!(free_memory().is_none_or(|free| free > 1e6));
    }
}
