//! Whether the machine or the task is to blame when a task ends badly.
//!
//! A node without its data mount, a GPU that has fallen off the bus and a file server that answers once with an error make
//! tasks fail that are as good as any other. Such a task is tried elsewhere before it counts as failed, and a rank that lets
//! one task after the other down gets no more of them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// What a fault of the machine means for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attempt {
    /// The task is rescheduled, and another rank tries it.
    First,
    /// The task has failed by a fault of a machine before: this time it counts as failed.
    Last,
}

/// What is wrong with a machine on which a task has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// It has too little memory. A large task may have too little on any machine.
    Memory,
    /// Files cannot be read or written.
    Files,
    /// Its device computes no more.
    Device,
}

/// A rank on which this many tasks have failed one after the other gets no more.
const MOST_IN_A_ROW: u32 = 3;

/// The record of which tasks have failed on which ranks by a fault of the machine.
pub struct Trust {
    /// For each task the ranks on which it has failed, in this order.
    by_task: HashMap<usize, Vec<usize>>,
    /// For each rank the tasks that have failed on it since it last did one well.
    in_a_row: Vec<u32>,
}

impl Trust {
    /// The record of so many ranks before any task was tried.
    pub fn new(ranks: usize) -> Self {
        Self { by_task: HashMap::new(), in_a_row: vec![0; ranks] }
    }

    /// Whether a task has failed on a rank.
    pub fn was_let_down(&self, task: usize, rank: usize) -> bool {
        self.by_task.get(&task).is_some_and(|ranks| ranks.contains(&rank))
    }

    /// What another fault of the machine would mean for a task.
    pub fn attempt(&self, task: usize) -> Attempt {
        if self.by_task.contains_key(&task) { Attempt::Last } else { Attempt::First }
    }

    /// Notes that a task has failed on a rank by a fault of its machine.
    pub fn let_down(&mut self, task: usize, rank: usize, fault: Fault) {
        self.by_task.entry(task).or_default().push(rank);
        if fault != Fault::Memory {
            self.in_a_row[rank] += 1;
        }
    }

    /// A task has failed on a rank. Where another rank had found the same, the task is to blame and not they.
    pub fn failed(&mut self, task: usize, rank: usize) {
        let Some(ranks) = self.by_task.get(&task) else { return };
        match ranks.iter().find(|other| **other != rank) {
            Some(other) => {
                self.in_a_row[*other] = self.in_a_row[*other].saturating_sub(1);
            }
            None => self.in_a_row[rank] += 1,
        }
    }

    /// A rank has done a task well.
    pub fn done(&mut self, rank: usize) {
        self.in_a_row[rank] = 0;
    }

    /// Whether so many tasks have failed on a rank, one after the other, that it gets no more.
    pub fn is_used_up(&self, rank: usize) -> bool {
        self.in_a_row[rank] >= MOST_IN_A_ROW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_that_lets_task_after_task_down_gets_no_more() {
        let mut trust = Trust::new(2);
        for task in 0..3 {
            assert!(!trust.is_used_up(1));
            assert_eq!(trust.attempt(task), Attempt::First);
            trust.let_down(task, 1, Fault::Files);
            assert_eq!((trust.attempt(task), trust.was_let_down(task, 1)), (Attempt::Last, true));
            trust.done(0);
        }
        assert!(trust.is_used_up(1) && !trust.is_used_up(0));
    }

    #[test]
    fn a_task_that_two_ranks_find_impossible_is_no_fault_of_theirs() {
        let mut trust = Trust::new(2);
        for task in 0..10 {
            trust.let_down(task, 0, Fault::Device);
            trust.failed(task, 1);
        }
        assert!(!trust.is_used_up(0) && !trust.is_used_up(1));
        // Too little memory says nothing of other tasks.
        for task in 10..20 {
            trust.let_down(task, 0, Fault::Memory);
        }
        assert!(!trust.is_used_up(0));
    }

    #[test]
    fn a_rank_without_others_is_used_up_by_what_it_finds_twice() {
        let mut trust = Trust::new(1);
        trust.let_down(0, 0, Fault::Files);
        trust.failed(0, 0);
        trust.let_down(1, 0, Fault::Files);
        assert!(trust.is_used_up(0));
    }
}
