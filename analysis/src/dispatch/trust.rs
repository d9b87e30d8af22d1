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
    /// The task is put back, and another rank tries it.
    First,
    /// The machine has let it down before: this time it counts as failed.
    Last,
}

/// What of a machine has let a task down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// It has too little memory, which may be right of a large task on any machine.
    Memory,
    /// Files cannot be read or written.
    Files,
    /// Its device computes no more.
    Device,
}

/// A rank that lets so many tasks down one after the other gets no more.
const MOST_IN_A_ROW: u32 = 3;

/// Which ranks have let which tasks down.
pub struct Trust {
    /// The ranks that have let a task down, in the order in which they did.
    by_task: HashMap<usize, Vec<usize>>,
    /// The tasks that a rank has let down since it did one well.
    in_a_row: Vec<u32>,
}

impl Trust {
    /// Trust in so many ranks of which nothing is known.
    pub fn new(ranks: usize) -> Self {
        Self { by_task: HashMap::new(), in_a_row: vec![0; ranks] }
    }

    /// Whether a rank has let a task down.
    pub fn was_let_down(&self, task: usize, rank: usize) -> bool {
        self.by_task.get(&task).is_some_and(|ranks| ranks.contains(&rank))
    }

    /// What another fault of the machine would mean for a task.
    pub fn attempt(&self, task: usize) -> Attempt {
        if self.by_task.contains_key(&task) { Attempt::Last } else { Attempt::First }
    }

    /// A rank has let a task down.
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

    /// Whether a rank has let down so many tasks one after the other that it must not get more.
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
