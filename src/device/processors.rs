//! How many processors a rank may keep busy.

use std::collections::HashMap;

use super::assign::DeviceAssignment;
use super::hardware::RankHardware;

/// Threads that each rank may have at work that needs no GPU: `threads` on cores, where a rank is asked for each of them; beside
/// a GPU its share of the processors of its host, which have nothing else to do.
pub fn processor_shares(
    ranks_hardware: &[RankHardware],
    assignments: &[DeviceAssignment],
    threads: usize,
) -> Vec<usize> {
    let mut users: HashMap<(&str, u32), usize> = HashMap::new();
    for hardware in ranks_hardware {
        for processor in &hardware.processors {
            *users.entry((&hardware.host, *processor)).or_default() += 1;
        }
    }
    let share = |hardware: &RankHardware| {
        let of_each = |processor: &u32| 1.0 / users[&(hardware.host.as_str(), *processor)] as f64;
        // So many shares of a third are one.
        (hardware.processors.iter().map(of_each).sum::<f64>() + 1e-6) as usize
    };
    let ranks = ranks_hardware.iter().zip(assignments);
    ranks
        .map(|(hardware, assignment)| match assignment {
            DeviceAssignment::Cpu => threads,
            DeviceAssignment::Gpu { .. } => share(hardware).max(threads),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::hardware::Gpu;
    use super::*;

    #[test]
    fn ranks_beside_gpus_share_the_processors_of_their_host() {
        let hardware = |host: &str, processors: std::ops::Range<u32>| RankHardware {
            host: host.to_owned(),
            processors: processors.collect(),
            gpus: vec![],
            free_memory: None,
            has_driver: true,
        };
        let gpu = DeviceAssignment::Gpu {
            index: 0,
            gpu: Gpu { uuid: "a".to_owned(), name: "NVIDIA H200".to_owned() },
            ranks: 1,
        };
        // Three that may use all sixteen, one that is bound to four of its own, and one on another host.
        let all = [
            hardware("x", 0..16),
            hardware("x", 0..16),
            hardware("x", 0..16),
            hardware("x", 16..20),
            hardware("y", 0..16),
        ];
        let on_gpus = vec![gpu.clone(); 5];
        assert_eq!(processor_shares(&all, &on_gpus, 1), [5, 5, 5, 4, 16]);
        // As many as a job asks for, at least.
        assert_eq!(processor_shares(&all[..1], &on_gpus[..1], 32), [32]);
        // A rank on cores has what the job gives it.
        assert_eq!(processor_shares(&all[..2], &[DeviceAssignment::Cpu, gpu], 2), [2, 8]);
        let three = vec![hardware("z", 0..3); 3];
        assert_eq!(processor_shares(&three, &on_gpus[..3], 1), [1, 1, 1]);
    }
}
