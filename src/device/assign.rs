//! Gives each rank a device: a GPU of its own, or processor cores.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;

use drapes_analysis::plan::device_kind::CORE;
use serde::{Deserialize, Serialize};

use super::DeviceChoice;
use super::error::DeviceError;
use super::hardware::{Gpu, RankHardware};

/// The device that a rank computes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceAssignment {
    /// Processor cores.
    Cpu,
    /// A GPU.
    Gpu {
        /// Its number among those that the rank sees.
        index: usize,
        /// Which it is.
        gpu: Gpu,
        /// How many ranks compute on it.
        ranks: usize,
    },
}

impl DeviceAssignment {
    /// The kind of device, as rates name it.
    pub fn kind(&self) -> &str {
        match self {
            Self::Cpu => CORE,
            Self::Gpu { gpu, .. } => &gpu.name,
        }
    }

    /// The device in records and logs: `cpu`, or `cuda:0 (NVIDIA H200)`.
    pub fn device(&self) -> String {
        match self {
            Self::Cpu => "cpu".to_owned(),
            Self::Gpu { index, gpu, .. } => format!("cuda:{index} ({})", gpu.name),
        }
    }
}

/// The kind of device that most ranks compute on.
pub fn most_common_kind(assignments: &[DeviceAssignment]) -> &str {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for assignment in assignments {
        *kinds.entry(assignment.kind()).or_default() += 1;
    }
    kinds.into_iter().max_by_key(|(_, count)| *count).map_or(CORE, |(kind, _)| kind)
}

/// How many ranks may compute on one GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// One: each rank has its own.
    Refused,
    /// So many.
    UpTo(NonZeroUsize),
    /// Any number.
    Allowed,
}

impl Sharing {
    /// Ranks that a GPU may have at most.
    fn ranks(self) -> usize {
        match self {
            Self::Refused => 1,
            Self::UpTo(ranks) => ranks.get(),
            Self::Allowed => usize::MAX,
        }
    }
}

/// Gives every rank its device.
///
/// Ranks of one host get different GPUs, whatever number they know them by: a scheduler may show each rank one GPU of its
/// own, or all of them to all.
///
/// # Errors
/// GPUs are wanted, or there should be some, and a rank sees none or none that is free.
pub fn assign(
    ranks_hardware: &[RankHardware],
    choice: DeviceChoice,
    sharing: Sharing,
) -> Result<Vec<DeviceAssignment>, DeviceError> {
    let any = ranks_hardware.iter().any(|hardware| !hardware.gpus.is_empty() || hardware.has_driver);
    if choice == DeviceChoice::Cpu || (choice == DeviceChoice::Auto && !any) {
        return Ok(vec![DeviceAssignment::Cpu; ranks_hardware.len()]);
    }
    if let Some((rank, hardware)) =
        ranks_hardware.iter().enumerate().find(|(_, hardware)| hardware.gpus.is_empty())
    {
        return Err(no_gpu(rank, hardware, ranks_hardware));
    }
    // Who sees fewest chooses first: a rank with one GPU has no other choice.
    let mut assignment: Vec<usize> = (0..ranks_hardware.len()).collect();
    assignment.sort_by_key(|rank| (ranks_hardware[*rank].gpus.len(), *rank));
    let mut users: HashMap<&str, usize> = HashMap::new();
    let mut assignments = vec![DeviceAssignment::Cpu; ranks_hardware.len()];
    for rank in assignment {
        let RankHardware { host, gpus, .. } = &ranks_hardware[rank];
        let used = |gpu: &Gpu| users.get(gpu.uuid.as_str()).copied().unwrap_or(0);
        let choice = gpus.iter().enumerate().min_by_key(|(index, gpu)| (used(gpu), *index));
        let Some((index, gpu)) = choice else { continue };
        if used(gpu) >= sharing.ranks() {
            let of_host = || ranks_hardware.iter().filter(|hardware| hardware.host == *host);
            let different: BTreeSet<&str> =
                of_host().flat_map(|hardware| hardware.gpus.iter().map(|gpu| gpu.uuid.as_str())).collect();
            return Err(DeviceError::TooFewGpus {
                host: host.clone(),
                gpus: different.len(),
                ranks: of_host().count(),
                each: sharing.ranks(),
            });
        }
        *users.entry(&gpu.uuid).or_default() += 1;
        assignments[rank] = DeviceAssignment::Gpu { index, gpu: gpu.clone(), ranks: 1 };
    }
    for assignment in &mut assignments {
        if let DeviceAssignment::Gpu { gpu, ranks, .. } = assignment {
            *ranks = users[gpu.uuid.as_str()];
        }
    }
    Ok(assignments)
}

fn no_gpu(rank: usize, hardware: &RankHardware, ranks_hardware: &[RankHardware]) -> DeviceError {
    let host = hardware.host.clone();
    let (why, advice) = if hardware.has_driver {
        (
            "the host has an NVIDIA driver, but libtorch's CUDA half is not there, or the scheduler hides the GPUs",
            "ask `drapes doctor` on that host; `make setup CUDA=1` and build again, or ask the scheduler for a GPU for each \
             rank",
        )
    } else if ranks_hardware.iter().any(|other| !other.gpus.is_empty()) {
        ("other ranks see some, and this host has no NVIDIA driver", "start ranks on hosts with GPUs only")
    } else {
        ("the host has no NVIDIA driver", "ask for a node with GPUs")
    };
    DeviceError::NoGpu { rank, host, why, advice }
}

/// The map of ranks to devices, a line for each host and device.
pub fn lines(ranks_hardware: &[RankHardware], assignments: &[DeviceAssignment]) -> Vec<String> {
    let mut places: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for (rank, (hardware, assignment)) in ranks_hardware.iter().zip(assignments).enumerate() {
        let device = match assignment {
            DeviceAssignment::Cpu => "processor cores".to_owned(),
            DeviceAssignment::Gpu { gpu, .. } => {
                format!("{} {}", gpu.name, gpu.uuid.get(..8).unwrap_or(&gpu.uuid))
            }
        };
        places.entry((&hardware.host, device)).or_default().push(rank);
    }
    let mut lines: Vec<(usize, String)> = places
        .into_iter()
        .map(|((host, device), ranks)| (ranks[0], format!("{} on {host}: {device}", spans(&ranks))))
        .collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// `rank 3`, `ranks 0-3, 8`.
fn spans(ranks: &[usize]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for rank in ranks {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *rank => *last = *rank,
            _ => spans.push((*rank, *rank)),
        }
    }
    let written = |(first, last): &(usize, usize)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    let list = spans.iter().map(written).collect::<Vec<_>>().join(", ");
    if ranks.len() == 1 { format!("rank {list}") } else { format!("ranks {list}") }
}

/// Warnings of what slows ranks down without being wrong: more threads than processors.
pub fn warnings(
    ranks_hardware: &[RankHardware],
    assignments: &[DeviceAssignment],
    threads: usize,
) -> Vec<String> {
    let mut hosts: BTreeMap<&str, (usize, BTreeSet<u32>)> = BTreeMap::new();
    let on_cores = ranks_hardware
        .iter()
        .zip(assignments)
        .filter(|(_, assignment)| **assignment == DeviceAssignment::Cpu);
    for (hardware, _) in on_cores {
        let (ranks, processors) = hosts.entry(&hardware.host).or_default();
        *ranks += 1;
        processors.extend(&hardware.processors);
    }
    let crowded = hosts.into_iter().filter(|(_, (ranks, processors))| ranks * threads > processors.len());
    crowded
        .map(|(host, (ranks, processors))| {
            format!(
                "{ranks} ranks of {threads} threads share {} processors of {host} (they wait for each other) start fewer \
                 ranks, or let them use more processors (mpirun --bind-to none, srun --cpus-per-task)",
                processors.len()
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(uuid: &str) -> Gpu {
        Gpu { uuid: uuid.to_owned(), name: "NVIDIA H200".to_owned() }
    }

    fn hardware(host: &str, gpus: &[&str]) -> RankHardware {
        let gpus: Vec<Gpu> = gpus.iter().map(|uuid| gpu(uuid)).collect();
        let has_driver = !gpus.is_empty();
        RankHardware { host: host.to_owned(), processors: [0, 1].into(), has_driver, gpus, free_memory: None }
    }

    fn chosen(ranks_hardware: &[RankHardware], sharing: Sharing) -> Result<Vec<String>, DeviceError> {
        let name = |assignment: DeviceAssignment| match assignment {
            DeviceAssignment::Cpu => "cpu".to_owned(),
            DeviceAssignment::Gpu { index, gpu, .. } => format!("{index}={}", gpu.uuid),
        };
        assign(ranks_hardware, DeviceChoice::Auto, sharing)
            .map(|assignments| assignments.into_iter().map(name).collect())
    }

    #[test]
    fn ranks_of_a_host_get_different_gpus_whatever_they_call_them() {
        let all = ["a", "b"];
        let ranks_hardware = [hardware("x", &all), hardware("x", &all), hardware("y", &["c"])];
        assert_eq!(chosen(&ranks_hardware, Sharing::Refused).expect("enough"), ["0=a", "1=b", "0=c"]);
        // Each sees one of its own, by the same number.
        let ranks_hardware = [hardware("x", &["a"]), hardware("x", &["b"])];
        assert_eq!(chosen(&ranks_hardware, Sharing::Refused).expect("enough"), ["0=a", "0=b"]);
        // One sees both, the other only the first.
        let ranks_hardware = [hardware("x", &all), hardware("x", &["a"])];
        assert_eq!(chosen(&ranks_hardware, Sharing::Refused).expect("enough"), ["1=b", "0=a"]);
    }

    #[test]
    fn sharing_a_gpu_is_refused_unless_allowed() {
        let ranks_hardware = [hardware("x", &["a"]), hardware("x", &["a"]), hardware("x", &["a", "b"])];
        let error = chosen(&ranks_hardware, Sharing::Refused).expect_err("too few");
        assert!(error.to_string().starts_with("3 ranks share x with 2 GPUs"), "{error}");
        assert_eq!(chosen(&ranks_hardware, Sharing::Allowed).expect("allowed"), ["0=a", "0=a", "1=b"]);
        let two = Sharing::UpTo(NonZeroUsize::new(2).expect("two"));
        assert_eq!(chosen(&ranks_hardware, two).expect("two a GPU"), ["0=a", "0=a", "1=b"]);
        let assigned = assign(&ranks_hardware, DeviceChoice::Auto, two).expect("two a GPU");
        let sharers = assigned.iter().map(|assignment| match assignment {
            DeviceAssignment::Cpu => 0,
            DeviceAssignment::Gpu { ranks, .. } => *ranks,
        });
        assert_eq!(sharers.collect::<Vec<_>>(), [2, 2, 1]);
        let crowd: Vec<_> = (0..5).map(|_| hardware("x", &["a", "b"])).collect();
        let error = chosen(&crowd, two).expect_err("five on two").to_string();
        assert!(
            error.contains("start at most 4 ranks there") && error.contains("2 rank(s) a GPU"),
            "{error}"
        );
    }

    #[test]
    fn nothing_falls_back_to_the_processor_in_silence() {
        let cores = [hardware("x", &[]), hardware("x", &[])];
        assert_eq!(chosen(&cores, Sharing::Refused).expect("cores"), ["cpu", "cpu"]);
        let error = assign(&cores, DeviceChoice::Cuda, Sharing::Refused).expect_err("no GPU");
        assert!(error.to_string().contains("has no NVIDIA driver"), "{error}");
        let hidden = [RankHardware { has_driver: true, ..hardware("x", &[]) }];
        let error = chosen(&hidden, Sharing::Refused).expect_err("a hidden GPU");
        assert!(error.to_string().contains("CUDA half"), "{error}");
        let mixed = [hardware("x", &["a"]), hardware("y", &[])];
        let error = chosen(&mixed, Sharing::Refused).expect_err("a host without");
        assert!(error.to_string().starts_with("rank 1 on y sees no GPU"), "{error}");
        assert!(assign(&hidden, DeviceChoice::Cpu, Sharing::Refused).is_ok());
    }

    #[test]
    fn the_map_is_short_and_crowds_are_told() {
        let ranks_hardware: Vec<RankHardware> =
            (0..5).map(|rank| hardware(if rank == 3 { "y" } else { "x" }, &[])).collect();
        let assignments = vec![DeviceAssignment::Cpu; 5];
        assert_eq!(
            lines(&ranks_hardware, &assignments),
            ["ranks 0-2, 4 on x: processor cores", "rank 3 on y: processor cores"]
        );
        let told = warnings(&ranks_hardware, &assignments, 1);
        assert!(
            told.len() == 1 && told[0].starts_with("4 ranks of 1 threads share 2 processors of x"),
            "{told:?}"
        );
        assert_eq!(warnings(&ranks_hardware, &assignments, 4).len(), 2);
    }
}
