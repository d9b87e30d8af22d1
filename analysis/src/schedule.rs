//! Which task comes next: dependencies first, then the longest chain.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::plan::Plan;

/// The state of every task of a plan while it is worked on.
pub struct Schedule {
    states: Vec<State>,
    dependants: Vec<Vec<usize>>,
    /// Seconds from the start of a task to the end of the longest chain behind it, in microseconds.
    chains: Vec<u64>,
    ready: BinaryHeap<(u64, Reverse<usize>)>,
    unfinished: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting { needs: usize },
    Ready,
    Running,
    Done,
    Lost,
}

impl Schedule {
    /// A schedule of a plan whose tasks last `seconds`, of which some are already done.
    ///
    /// # Panics
    /// If `seconds` and `done` are not as many as the tasks, or a task needs one that comes later.
    pub fn new(plan: &Plan, seconds: &[f64], done: &[bool]) -> Self {
        let count = plan.tasks.len();
        assert_eq!(seconds.len(), count, "a duration for every task");
        assert_eq!(done.len(), count, "a state for every task");
        let positions: std::collections::HashMap<_, _> =
            plan.tasks.iter().enumerate().map(|(index, task)| (&task.id, index)).collect();
        let mut dependants = vec![Vec::new(); count];
        let mut states = Vec::with_capacity(count);
        for (index, task) in plan.tasks.iter().enumerate() {
            let mut open = 0;
            for need in &task.needs {
                let need = positions[need];
                assert!(need < index, "dependencies come first in a plan");
                dependants[need].push(index);
                open += usize::from(!done[need]);
            }
            states.push(if done[index] { State::Done } else { State::Waiting { needs: open } });
        }
        let mut chains = vec![0_u64; count];
        for index in (0..count).rev() {
            let behind = dependants[index].iter().map(|dependant| chains[*dependant]).max().unwrap_or(0);
            chains[index] = behind + (seconds[index].max(0.0) * 1e6) as u64;
        }
        let unfinished = done.iter().filter(|done| !**done).count();
        let mut schedule = Self { states, dependants, chains, ready: BinaryHeap::new(), unfinished };
        for index in 0..count {
            schedule.make_ready(index);
        }
        schedule
    }

    fn make_ready(&mut self, index: usize) {
        if self.states[index] == (State::Waiting { needs: 0 }) {
            self.states[index] = State::Ready;
            self.ready.push((self.chains[index], Reverse(index)));
        }
    }

    /// Takes the ready task with the longest chain behind it.
    pub fn take(&mut self) -> Option<usize> {
        let (_, Reverse(index)) = self.ready.pop()?;
        self.states[index] = State::Running;
        Some(index)
    }

    /// A task has ended well; its dependants may become ready.
    pub fn complete(&mut self, index: usize) {
        self.states[index] = State::Done;
        self.unfinished -= 1;
        for dependant in self.dependants[index].clone() {
            if let State::Waiting { needs } = self.states[dependant] {
                self.states[dependant] = State::Waiting { needs: needs - 1 };
                self.make_ready(dependant);
            }
        }
    }

    /// A task has failed; the tasks that depend on it, near and far, are lost and returned.
    pub fn fail(&mut self, index: usize) -> Vec<usize> {
        self.states[index] = State::Lost;
        self.unfinished -= 1;
        let mut lost = Vec::new();
        let mut open = self.dependants[index].clone();
        while let Some(dependant) = open.pop() {
            if self.states[dependant] != State::Lost {
                self.states[dependant] = State::Lost;
                self.unfinished -= 1;
                lost.push(dependant);
                open.extend(&self.dependants[dependant]);
            }
        }
        lost.sort_unstable();
        lost
    }

    /// Whether every task is done or lost.
    pub fn is_over(&self) -> bool {
        self.unfinished == 0
    }
}

/// Seconds until `ranks` ranks have done the plan, by its own schedule.
pub fn makespan(plan: &Plan, seconds: &[f64], done: &[bool], ranks: usize) -> f64 {
    let mut schedule = Schedule::new(plan, seconds, done);
    let mut free = ranks.max(1);
    let mut clock = 0.0_f64;
    let mut running: BinaryHeap<(Reverse<u64>, usize)> = BinaryHeap::new();
    loop {
        while free > 0
            && let Some(index) = schedule.take()
        {
            free -= 1;
            running.push((Reverse(((clock + seconds[index].max(0.0)) * 1e6) as u64), index));
        }
        let Some((Reverse(end), index)) = running.pop() else { return clock };
        clock = end as f64 / 1e6;
        free += 1;
        schedule.complete(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::TrainingSample;
    use crate::plan::{Task, TaskId, Work};
    use crate::quantities::SignalCount;
    use crate::regions::MassWindow;

    /// A plan of `(needs)` by position.
    fn plan(needs: &[&[usize]]) -> Plan {
        let sample = TrainingSample::new(SignalCount(0), MassWindow::new(1.0, 2.0));
        let id = |index: usize| TaskId(format!("fit/{index}"));
        let task = |(index, needs): (usize, &&[usize])| Task {
            id: id(index),
            work: Work::Fit { sample },
            needs: needs.iter().map(|need| id(*need)).collect(),
        };
        Plan { tasks: needs.iter().enumerate().map(task).collect() }
    }

    #[test]
    fn the_longest_chain_goes_first() {
        // 0 -> 2 -> 3 is longer than the single long task 1.
        let plan = plan(&[&[], &[], &[0], &[2]]);
        let mut schedule = Schedule::new(&plan, &[1.0, 5.0, 3.0, 3.0], &[false; 4]);
        assert_eq!((schedule.take(), schedule.take(), schedule.take()), (Some(0), Some(1), None));
        schedule.complete(0);
        assert_eq!(schedule.take(), Some(2));
        schedule.complete(1);
        schedule.complete(2);
        assert!(!schedule.is_over());
        assert_eq!(schedule.take(), Some(3));
        schedule.complete(3);
        assert!(schedule.is_over());
    }

    #[test]
    fn a_failure_loses_its_dependants_only() {
        let plan = plan(&[&[], &[], &[0], &[2, 1], &[1]]);
        let mut schedule = Schedule::new(&plan, &[1.0; 5], &[false; 5]);
        assert_eq!(schedule.take(), Some(0));
        assert_eq!(schedule.fail(0), vec![2, 3]);
        assert_eq!(schedule.take(), Some(1));
        schedule.complete(1);
        assert_eq!(schedule.take(), Some(4));
        schedule.complete(4);
        assert!(schedule.is_over());
    }

    #[test]
    fn what_is_done_is_not_repeated() {
        let plan = plan(&[&[], &[0], &[1]]);
        let mut schedule = Schedule::new(&plan, &[1.0; 3], &[true, true, false]);
        assert_eq!((schedule.take(), schedule.take()), (Some(2), None));
    }

    #[test]
    fn ranks_share_the_work() {
        let plan = plan(&[&[], &[], &[], &[0, 1, 2]]);
        let seconds = [2.0, 2.0, 2.0, 1.0];
        for (ranks, expected) in [(1, 7.0), (2, 5.0), (3, 3.0), (100, 3.0)] {
            assert!((makespan(&plan, &seconds, &[false; 4], ranks) - expected).abs() < 1e-5);
        }
    }
}
