//! The control groups that a process is in, and the memory that they leave it.
//!
//! A Slurm job, a container or a user session may hold less than its host. The limit may be set at any level between the
//! root of the tree and the group of the process, in either version of the interface.

use std::fs;
use std::path::{Path, PathBuf};

/// Files of one version of the interface.
struct Version {
    limit: &'static str,
    used: &'static str,
    /// Cached files, which make way, in `memory.stat`.
    cached: &'static str,
}

const V2: Version = Version { limit: "memory.max", used: "memory.current", cached: "inactive_file" };
const V1: Version =
    Version { limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", cached: "total_inactive_file" };
/// The first version writes a limit near 2⁶³ where there is none.
const NO_LIMIT: f64 = 1e18;

/// Bytes that the groups of a process leave it; none where none of them has a limit.
///
/// `process` is its folder, `/proc/self`.
pub fn memory_left(process: &Path) -> Option<f64> {
    let groups = fs::read_to_string(process.join("cgroup")).ok()?;
    let mounts = fs::read_to_string(process.join("mountinfo")).ok()?;
    let of = |line: &str| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let version = match controllers {
            "" => &V2,
            list if list.split(',').any(|one| one == "memory") => &V1,
            _ => return None,
        };
        let (mount, root) = mount_of(&mounts, controllers.is_empty())?;
        left_along(&mount, Path::new(path).strip_prefix(root).unwrap_or(Path::new("")), version)
    };
    groups.lines().filter_map(of).reduce(f64::min)
}

/// Where the tree of groups is mounted, and which of its groups is at that place: in a container, often the container's.
fn mount_of(mounts: &str, is_v2: bool) -> Option<(PathBuf, PathBuf)> {
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let (system, options) = (kind.next()?, kind.nth(1)?);
        let fits = if is_v2 {
            system == "cgroup2"
        } else {
            system == "cgroup" && options.split(',').any(|option| option == "memory")
        };
        let mut place = place.split(' ').skip(3);
        let (root, mount) = (place.next()?, place.next()?);
        fits.then(|| (mount.into(), root.into()))
    })
}

/// Bytes that the limits of the group and of all above it leave.
fn left_along(mount: &Path, group: &Path, version: &Version) -> Option<f64> {
    let group = group.strip_prefix("/").unwrap_or(group);
    group.ancestors().filter_map(|group| left_in(&mount.join(group), version)).reduce(f64::min)
}

fn left_in(folder: &Path, version: &Version) -> Option<f64> {
    let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<f64>().ok();
    let limit = number(version.limit).filter(|limit| *limit < NO_LIMIT)?;
    let statistics = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let cached = in_list(&statistics, version.cached).unwrap_or(0.0);
    Some((limit - number(version.used)? + cached).max(0.0))
}

/// The number behind a name, one name a line.
pub fn in_list(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine whose process lies in a group, with files below the mount.
    fn machine(groups: &str, mounts: &str, files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("room");
            fs::write(path, text).expect("room");
        };
        write("proc/cgroup", groups);
        write("proc/mountinfo", &mounts.replace("MOUNT", &folder.path().join("tree").display().to_string()));
        for (name, text) in files {
            write(&format!("tree/{name}"), text);
        }
        folder
    }

    fn left(machine: &tempfile::TempDir) -> Option<f64> {
        memory_left(&machine.path().join("proc"))
    }

    const MOUNTS_V2: &str =
        "25 1 0:22 / /sys rw - sysfs sysfs rw\n30 25 0:26 / MOUNT rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_limit_of_a_slurm_job_is_found_above_the_group_of_the_process() {
        let files = [
            ("slurm/job_7/memory.max", "5000\n"),
            ("slurm/job_7/memory.current", "1000\n"),
            ("slurm/job_7/memory.stat", "anon 800\ninactive_file 200\n"),
            ("slurm/job_7/step_0/memory.max", "max\n"),
            ("slurm/job_7/step_0/memory.current", "900\n"),
            // Of somebody else.
            ("memory.max", "max\n"),
            ("slurm/job_8/memory.max", "1\n"),
            ("slurm/job_8/memory.current", "0\n"),
        ];
        assert_eq!(left(&machine("0::/slurm/job_7/step_0\n", MOUNTS_V2, &files)), Some(4200.0));
        assert_eq!(left(&machine("0::/user.slice\n", MOUNTS_V2, &files)), None, "no limit");
    }

    #[test]
    fn the_first_version_of_the_interface_is_read_as_well() {
        let mounts = "31 25 0:27 / MOUNT/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
                      32 25 0:28 / MOUNT/memory rw - cgroup cgroup rw,memory\n";
        let files = [
            ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/memory.usage_in_bytes", "77\n"),
            ("memory/slurm/uid_0/job_7/memory.limit_in_bytes", "8000\n"),
            ("memory/slurm/uid_0/job_7/memory.usage_in_bytes", "3000\n"),
            ("memory/slurm/uid_0/job_7/memory.stat", "inactive_file 1\ntotal_inactive_file 500\n"),
        ];
        let groups = "12:cpu,cpuacct:/slurm/uid_0/job_7\n4:memory:/slurm/uid_0/job_7\n0::/init\n";
        assert_eq!(left(&machine(groups, mounts, &files)), Some(5500.0));
    }

    #[test]
    fn in_a_container_the_mount_is_the_group() {
        let mounts = MOUNTS_V2.replace(" / MOUNT", " /docker/abc MOUNT");
        let files = [("memory.max", "600\n"), ("memory.current", "700\n")];
        for groups in ["0::/docker/abc\n", "0::/\n", "0::/../other\n"] {
            assert_eq!(left(&machine(groups, &mounts, &files)), Some(0.0), "{groups}");
        }
    }
}
