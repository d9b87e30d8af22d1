//! The order of tasks: a task is ready when those that it needs are done, and of the ready ones the one with the longest chain
//! of dependants comes first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::graph::Graph;

/// The state of every task of a plan while it is worked on.
pub struct Schedule {
    graph: Graph,
    states: Vec<State>,
    /// Microseconds from the start of a task to the end of the longest chain behind it.
    chains: Vec<u64>,
    ready: BinaryHeap<(u64, Reverse<u32>)>,
    /// Tasks that are to be done here and are neither done nor lost.
    unfinished: usize,
    /// Tasks of other shards whose end is not known yet.
    elsewhere: usize,
}

/// What is known of a task before work begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is to be done.
    Open,
    /// It is done.
    Done,
    /// It has failed before, and is not to be tried again.
    Failed,
    /// Another shard does it and will say when it has ended.
    Elsewhere,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting {
        needs: u32,
    },
    Ready,
    Running,
    Done,
    Lost,
    /// Somebody else does it.
    Elsewhere,
}

impl Schedule {
    /// A schedule of tasks that last `seconds`. What needs a failed task is lost from the start.
    ///
    /// # Panics
    /// If `seconds` and `known` are not as many as the tasks.
    pub fn new(graph: Graph, seconds: &[f64], known: &[Known]) -> Self {
        let count = graph.len();
        assert_eq!(seconds.len(), count, "a duration for every task");
        assert_eq!(known.len(), count, "a state for every task");
        let positive: Vec<f64> = seconds.iter().map(|seconds| seconds.max(0.0)).collect();
        let chains = graph.chains(&positive).into_iter().map(|chain| (chain * 1e6) as u64).collect();
        let mut states: Vec<State> = (0..count)
            .map(|task| match known[task] {
                Known::Open | Known::Failed => State::Waiting { needs: graph.needs(task) },
                Known::Done => State::Done,
                Known::Elsewhere => State::Elsewhere,
            })
            .collect();
        for task in (0..count).filter(|task| known[*task] == Known::Done) {
            for dependant in graph.dependants(task) {
                if let State::Waiting { needs } = &mut states[*dependant as usize] {
                    *needs -= 1;
                }
            }
        }
        let unfinished = states.iter().filter(|state| matches!(state, State::Waiting { .. })).count();
        let elsewhere = states.iter().filter(|state| **state == State::Elsewhere).count();
        let mut schedule = Self { graph, states, chains, ready: BinaryHeap::new(), unfinished, elsewhere };
        for (task, _) in known.iter().enumerate().filter(|(_, known)| **known == Known::Failed) {
            schedule.fail(task);
        }
        for task in 0..count {
            schedule.make_ready(task);
        }
        schedule
    }

    fn make_ready(&mut self, task: usize) {
        if self.states[task] == (State::Waiting { needs: 0 }) {
            self.states[task] = State::Ready;
            self.ready.push((self.chains[task], Reverse(task as u32)));
        }
    }

    /// Takes the ready task with the longest chain behind it.
    pub fn take(&mut self) -> Option<usize> {
        loop {
            let (_, Reverse(task)) = self.ready.pop()?;
            let task = task as usize;
            // A task that was lost while it was ready stays on the heap.
            if self.states[task] == State::Ready {
                self.states[task] = State::Running;
                return Some(task);
            }
        }
    }

    /// Puts a task back that was taken and is not done.
    pub fn reschedule(&mut self, task: usize) {
        if self.states[task] == State::Running {
            self.states[task] = State::Waiting { needs: 0 };
            self.make_ready(task);
        }
    }

    /// A task has ended well, here or elsewhere; its dependants may become ready.
    pub fn complete(&mut self, task: usize) {
        if matches!(self.states[task], State::Done | State::Lost) {
            return;
        }
        self.ends(task);
        self.states[task] = State::Done;
        for place in 0..self.graph.dependants(task).len() {
            let dependant = self.graph.dependants(task)[place] as usize;
            if let State::Waiting { needs } = self.states[dependant] {
                self.states[dependant] = State::Waiting { needs: needs - 1 };
                self.make_ready(dependant);
            }
        }
    }

    /// Counts a task as ended, which is neither done nor lost yet.
    fn ends(&mut self, task: usize) {
        match self.states[task] {
            State::Elsewhere => self.elsewhere -= 1,
            _ => self.unfinished -= 1,
        }
    }

    /// A task has failed, here or elsewhere; the tasks that depend on it, near and far, are lost and returned.
    pub fn fail(&mut self, task: usize) -> Vec<usize> {
        let mut lost = Vec::new();
        let mut open = vec![task as u32];
        while let Some(next) = open.pop() {
            let state = self.states[next as usize];
            if matches!(state, State::Lost | State::Done) {
                continue;
            }
            self.ends(next as usize);
            if state != State::Elsewhere {
                lost.push(next as usize);
            }
            self.states[next as usize] = State::Lost;
            open.extend(self.graph.dependants(next as usize));
        }
        lost.retain(|lost| *lost != task);
        lost.sort_unstable();
        lost
    }

    /// Whether a task is lost, because it or one that it needs has failed.
    pub fn is_lost(&self, task: usize) -> bool {
        self.states[task] == State::Lost
    }

    /// A task whose result is of no use is to be done again, here; what needs it waits for it. False if it was not done.
    pub fn undo(&mut self, task: usize) -> bool {
        if self.states[task] != State::Done {
            return false;
        }
        self.unfinished += 1;
        for place in 0..self.graph.dependants(task).len() {
            let dependant = self.graph.dependants(task)[place] as usize;
            match self.states[dependant] {
                State::Waiting { needs } => self.states[dependant] = State::Waiting { needs: needs + 1 },
                // It stays on the heap, where it counts no more.
                State::Ready => self.states[dependant] = State::Waiting { needs: 1 },
                _ => {}
            }
        }
        self.wait_again(task);
        true
    }

    /// A task that was taken, or was done, waits for what it needs and is not done.
    pub fn wait_again(&mut self, task: usize) {
        // Rare enough to look at all tasks.
        let is_open = |need: &usize| self.states[*need] != State::Done;
        let needs = |need: &usize| self.graph.dependants(*need).contains(&(task as u32));
        let open = (0..task).filter(is_open).filter(needs).count() as u32;
        self.states[task] = State::Waiting { needs: open };
        self.make_ready(task);
    }

    /// Tasks of others whose end is not told and that something here waits for, near or far: also those that tasks of
    /// others wait for in turn, since a failure of one of them is one of all behind it.
    pub fn awaited(&self) -> Vec<usize> {
        if self.elsewhere == 0 {
            return vec![];
        }
        let mut is_awaited = vec![false; self.states.len()];
        for task in (0..self.states.len()).rev().filter(|task| self.states[*task] == State::Elsewhere) {
            is_awaited[task] = self.graph.dependants(task).iter().any(|dependant| {
                let dependant = *dependant as usize;
                is_awaited[dependant] || matches!(self.states[dependant], State::Waiting { .. })
            });
        }
        (0..is_awaited.len()).filter(|task| is_awaited[*task]).collect()
    }

    /// Tasks that are to be done here and could be begun, or have been.
    pub fn open(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.states.len()).filter(|task| matches!(self.states[*task], State::Ready | State::Running))
    }

    /// Whether there are tasks of other shards whose end is not known yet.
    pub fn waits_for_others(&self) -> bool {
        self.elsewhere > 0
    }

    /// Whether a task could be taken.
    pub fn has_ready(&mut self) -> bool {
        while let Some((_, Reverse(task))) = self.ready.peek() {
            if self.states[*task as usize] == State::Ready {
                return true;
            }
            self.ready.pop();
        }
        false
    }

    /// Whether every task that is to be done here is done or lost.
    pub fn is_over(&self) -> bool {
        self.unfinished == 0
    }

    /// Tasks that are to be done here and are neither done nor lost.
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(needs: &[&[u32]], seconds: &[f64], known: &[Known]) -> Schedule {
        let needs: Vec<Vec<u32>> = needs.iter().map(|needs| needs.to_vec()).collect();
        Schedule::new(Graph::from_needs(&needs), seconds, known)
    }

    #[test]
    fn the_longest_chain_goes_first() {
        // 0 -> 2 -> 3 is longer than the single long task 1.
        let mut schedule = schedule(&[&[], &[], &[0], &[2]], &[1.0, 5.0, 3.0, 3.0], &[Known::Open; 4]);
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
        let mut schedule = schedule(&[&[], &[], &[0], &[2, 1], &[1]], &[1.0; 5], &[Known::Open; 5]);
        assert_eq!(schedule.take(), Some(0));
        assert_eq!(schedule.fail(0), vec![2, 3]);
        assert_eq!(schedule.take(), Some(1));
        schedule.complete(1);
        assert_eq!(schedule.take(), Some(4));
        schedule.complete(4);
        assert!(schedule.is_over());
    }

    #[test]
    fn what_is_done_is_not_repeated_and_what_failed_before_loses_its_dependants() {
        let done = [Known::Done, Known::Done, Known::Open];
        let mut all = schedule(&[&[], &[0], &[1]], &[1.0; 3], &done);
        assert_eq!((all.take(), all.take()), (Some(2), None));
        let failed = [Known::Open, Known::Failed, Known::Open];
        let mut all = schedule(&[&[], &[0], &[1]], &[1.0; 3], &failed);
        assert!(all.is_lost(2));
        assert_eq!((all.take(), all.take(), all.unfinished()), (Some(0), None, 1));
    }

    #[test]
    fn the_end_of_a_task_elsewhere_is_waited_for() {
        let known = [Known::Elsewhere, Known::Open, Known::Open];
        let needs: &[&[u32]] = &[&[], &[0], &[]];
        let mut all = schedule(needs, &[1.0; 3], &known);
        assert_eq!((all.take(), all.take()), (Some(2), None));
        assert_eq!((all.awaited(), all.unfinished()), (vec![0], 2));
        all.complete(0);
        assert_eq!(all.take(), Some(1));
        let mut all = schedule(needs, &[1.0; 3], &known);
        assert_eq!(all.fail(0), vec![1]);
        assert_eq!(all.unfinished(), 1);
    }

    #[test]
    fn what_nobody_here_waits_for_is_not_looked_at() {
        let elsewhere = Known::Elsewhere;
        let known = [elsewhere, elsewhere, elsewhere, Known::Open, elsewhere, Known::Open];
        // 3 needs 1, which needs 0; 2 and 4 are of no interest here.
        let mut all = schedule(&[&[], &[0], &[], &[1], &[3], &[]], &[1.0; 6], &known);
        assert_eq!(all.awaited(), [0, 1]);
        all.complete(0);
        assert_eq!(all.awaited(), [1]);
        all.complete(1);
        assert!(all.awaited().is_empty() && all.waits_for_others());
        let mut all = schedule(&[&[], &[0], &[], &[1], &[3], &[]], &[1.0; 6], &known);
        assert_eq!(all.fail(0), vec![3], "a failure far behind");
        assert!(all.awaited().is_empty());
    }

    #[test]
    fn what_is_done_and_of_no_use_is_done_again_before_what_needs_it() {
        let known = [Known::Done, Known::Done, Known::Open, Known::Open, Known::Open];
        let mut all = schedule(&[&[], &[0], &[1], &[1], &[2, 3]], &[1.0; 5], &known);
        assert_eq!((all.take(), all.unfinished()), (Some(2), 3));
        assert!(all.undo(1));
        all.wait_again(2);
        assert!(!all.undo(1), "it is not done");
        assert_eq!((all.take(), all.take(), all.unfinished()), (Some(1), None, 4));
        all.complete(1);
        assert_eq!((all.take(), all.take(), all.take()), (Some(2), Some(3), None));
        all.complete(2);
        all.complete(3);
        assert_eq!(all.take(), Some(4));
        // A chain of two.
        let mut all = schedule(&[&[], &[0], &[1]], &[1.0; 3], &[Known::Done, Known::Done, Known::Open]);
        assert_eq!(all.take(), Some(2));
        assert!(all.undo(0) && all.undo(1));
        all.wait_again(2);
        for task in 0..3 {
            assert_eq!((all.take(), all.take()), (Some(task), None));
            all.complete(task);
        }
        assert!(all.is_over());
    }

    #[test]
    fn a_task_put_back_is_taken_again() {
        let mut all = schedule(&[&[]], &[1.0], &[Known::Open]);
        assert_eq!((all.take(), all.take()), (Some(0), None));
        all.reschedule(0);
        assert_eq!(all.take(), Some(0));
    }
}
