//! How much memory is free where a rank computes.

use std::fs;
use std::path::Path;

use tch::Device;

/// Bytes that this process may still take; none where the system does not say. A GPU says it itself, when it has no more.
pub fn free_memory(device: Device) -> Option<f64> {
    if device.is_cuda() {
        return None;
    }
    let of_host =
        in_list(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:").map(|kib| kib * 1024.0);
    [of_host, of_group(Path::new("/sys/fs/cgroup"))].into_iter().flatten().reduce(f64::min)
}

/// What a control group leaves, such as that of a Slurm job or a container; none where it sets no limit. Cached files
/// count as free: they make way.
fn of_group(folder: &Path) -> Option<f64> {
    let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<f64>().ok();
    let cached = fs::read_to_string(folder.join("memory.stat")).ok();
    let cached = cached.and_then(|text| in_list(&text, "inactive_file")).unwrap_or(0.0);
    Some(number("memory.max")? - number("memory.current")? + cached)
}

/// The number behind a name, one name a line.
fn in_list(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_leaves_what_it_has_not_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("room");
        write("memory.max", "max\n");
        write("memory.current", "1000\n");
        assert_eq!(of_group(folder.path()), None, "no limit");
        write("memory.max", "5000\n");
        write("memory.stat", "anon 800\ninactive_file 200\n");
        assert_eq!(of_group(folder.path()), Some(4200.0));
        assert!(free_memory(Device::Cpu).is_none_or(|free| free > 1e6));
    }
}
