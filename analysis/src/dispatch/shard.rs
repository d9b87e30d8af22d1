//! Shards: the parts of a scan that the jobs of a Slurm array do in the same directory.

use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;

use super::graph::Graph;
use super::schedule::{Known, Schedule};

/// One of several jobs that share a directory: `2/8` is the second of eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// Its number, from 1.
    pub index: u32,
    /// The number of shards.
    pub count: u32,
}

/// Shards of a scan at most: as many as it may have tasks.
const MOST_SHARDS: u32 = 1_000_000;

impl Shard {
    /// The only job of a directory.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// Which tasks are this shard's.
    ///
    /// Every task belongs to one shard: to the one that would do it if the shards were the ranks of one job and all tasks
    /// took their price. Shards thus get equal work, and a training is begun by one of them alone. The prices must be the
    /// same in all jobs of the array.
    pub fn tasks(self, graph: &Graph, seconds: &[f64]) -> Vec<bool> {
        let owners = owners(graph, seconds, self.count as usize);
        owners.into_iter().map(|owner| owner + 1 == self.index as usize).collect()
    }

    /// The shard of each task, from 1.
    pub fn owners(self, graph: &Graph, seconds: &[f64]) -> Vec<u32> {
        owners(graph, seconds, self.count as usize).into_iter().map(|owner| owner as u32 + 1).collect()
    }
}

/// Hands out tasks to whoever is free first, the lowest of those that are free at once.
fn owners(graph: &Graph, seconds: &[f64], count: usize) -> Vec<usize> {
    use std::cmp::Reverse;
    let mut owners = vec![0; graph.len()];
    let mut schedule = Schedule::new(graph.clone(), seconds, &vec![Known::Open; graph.len()]);
    // More shards than tasks have nothing to do.
    let mut free: BinaryHeap<Reverse<usize>> = (0..count.min(graph.len())).map(Reverse).collect();
    let mut running: BinaryHeap<Reverse<(u64, usize, usize)>> = BinaryHeap::new();
    let mut now = 0_u64;
    loop {
        while let Some(Reverse(shard)) = free.peek().copied()
            && let Some(task) = schedule.take()
        {
            free.pop();
            owners[task] = shard;
            let end = now.saturating_add((seconds[task].max(0.0) * 1e6) as u64);
            running.push(Reverse((end, task, shard)));
        }
        let Some(Reverse((end, task, shard))) = running.pop() else { return owners };
        now = end;
        schedule.complete(task);
        free.push(Reverse(shard));
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text} is no shard (a shard is one of several, from 1) write 2/8 for the second of eight jobs that \
                 share a directory"
            )
        };
        let (index, count) = text.split_once('/').ok_or_else(wrong)?;
        let (index, count) = (index.parse().map_err(|_| wrong())?, count.parse().map_err(|_| wrong())?);
        if count > MOST_SHARDS {
            return Err(format!(
                "{text} is one of {count} shards (each has tasks of its own, and no scan has so many) use {MOST_SHARDS} \
                 shards at most"
            ));
        }
        if index == 0 || index > count { Err(wrong()) } else { Ok(Self { index, count }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_belongs_to_one_shard_and_shards_get_equal_work() {
        // Four trainings of 100 s; behind each ten tasks of 10 s.
        let mut needs: Vec<Vec<u32>> = vec![vec![]; 4];
        needs.extend((0..40).map(|task| vec![task / 10]));
        let seconds: Vec<f64> = (0..44).map(|task| if task < 4 { 100.0 } else { 10.0 }).collect();
        let graph = Graph::from_needs(&needs);
        for count in [1, 2, 3, 4] {
            let shards: Vec<Vec<bool>> =
                (1..=count).map(|index| Shard { index, count }.tasks(&graph, &seconds)).collect();
            for task in 0..44 {
                assert_eq!(shards.iter().filter(|shard| shard[task]).count(), 1);
            }
            let work = |shard: &Vec<bool>| -> f64 {
                seconds.iter().zip(shard).filter(|(_, mine)| **mine).map(|(seconds, _)| seconds).sum()
            };
            let (least, most) = shards
                .iter()
                .map(work)
                .fold((f64::MAX, 0.0), |(low, high): (f64, f64), work| (low.min(work), high.max(work)));
            assert!(most - least <= 100.0 && (count == 3 || most - least <= 10.0), "{count}: {least} {most}");
        }
    }

    #[test]
    fn shards_are_written_as_fractions() {
        assert_eq!("2/8".parse(), Ok(Shard { index: 2, count: 8 }));
        assert_eq!(Shard { index: 2, count: 8 }.to_string(), "2/8");
        for wrong in ["0/3", "4/3", "3", "a/b", "1/0", "-1/2"] {
            assert!(wrong.parse::<Shard>().expect_err("no shard").contains("write 2/8"), "{wrong}");
        }
    }
}
