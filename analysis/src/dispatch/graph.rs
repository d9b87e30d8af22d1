//! The dependencies between tasks, by their places in the plan.

use std::collections::HashMap;

use crate::plan::Plan;

/// The dependencies of a plan: for each task, how many it needs and which need it.
#[derive(Clone, Debug)]
pub struct Graph {
    needs: Vec<u32>,
    /// Where the dependants of a task begin in `dependants`; one more entry than tasks.
    starts: Vec<u32>,
    dependants: Vec<u32>,
}

impl Graph {
    /// The dependencies of a plan.
    ///
    /// # Panics
    /// If a task needs one that comes later or that is not in the plan.
    pub fn of(plan: &Plan) -> Self {
        let places: HashMap<_, _> =
            plan.tasks.iter().enumerate().map(|(place, task)| (&task.id, place as u32)).collect();
        let needs = plan.tasks.iter().map(|task| task.needs.iter().map(|need| places[need]).collect());
        Self::from_needs(&needs.collect::<Vec<_>>())
    }

    /// Dependencies from the places of what each task needs.
    ///
    /// # Panics
    /// If a task needs itself or one that comes later.
    pub fn from_needs(needs: &[Vec<u32>]) -> Self {
        let mut starts = vec![0_u32; needs.len() + 1];
        for (task, needs) in needs.iter().enumerate() {
            for need in needs {
                assert!((*need as usize) < task, "dependencies come first in a plan");
                starts[*need as usize + 1] += 1;
            }
        }
        for task in 0..needs.len() {
            starts[task + 1] += starts[task];
        }
        let mut next = starts.clone();
        let mut dependants = vec![0; starts[needs.len()] as usize];
        for (task, needs) in needs.iter().enumerate() {
            for need in needs {
                dependants[next[*need as usize] as usize] = task as u32;
                next[*need as usize] += 1;
            }
        }
        Self { needs: needs.iter().map(|needs| needs.len() as u32).collect(), starts, dependants }
    }

    /// Tasks.
    pub fn len(&self) -> usize {
        self.needs.len()
    }

    /// Whether there are no tasks.
    pub fn is_empty(&self) -> bool {
        self.needs.is_empty()
    }

    /// How many tasks a task needs.
    pub fn needs(&self, task: usize) -> u32 {
        self.needs[task]
    }

    /// The tasks that need this one directly, in the order of the plan.
    pub fn dependants(&self, task: usize) -> &[u32] {
        &self.dependants[self.starts[task] as usize..self.starts[task + 1] as usize]
    }

    /// The duration of the longest chain that begins with each task, its own included.
    ///
    /// # Units
    /// Of `durations`.
    pub fn chains(&self, durations: &[f64]) -> Vec<f64> {
        let mut chains = durations.to_vec();
        for task in (0..self.len()).rev() {
            let behind = self.dependants(task).iter().map(|dependant| chains[*dependant as usize]);
            chains[task] += behind.fold(0.0, f64::max);
        }
        chains
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependants_mirror_needs_and_chains_add_up() {
        let graph = Graph::from_needs(&[vec![], vec![], vec![0], vec![2, 1]]);
        assert_eq!(
            (graph.dependants(0), graph.dependants(1), graph.dependants(3)),
            (&[2][..], &[3][..], &[][..])
        );
        assert_eq!(graph.needs(3), 2);
        let chains = graph.chains(&[1.0, 5.0, 3.0, 2.0]);
        let expected = [6.0, 7.0, 5.0, 2.0];
        assert!(chains.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12));
    }
}
