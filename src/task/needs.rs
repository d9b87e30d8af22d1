//! Whether what a task needs can be read.

use drapes_analysis::plan::{Plan, Stage, Task, TaskId};
use drapes_analysis::store::Store;

use super::Workplace;
use crate::arrays::ArrayReader;

impl Workplace {
    /// The places in the plan of those tasks that this one needs and whose results cannot be read, whatever their records
    /// say. Asked only where a task has failed: it opens files and, if there are any, makes the plan.
    pub(super) fn unreadable(&self, task: &Task) -> Vec<usize> {
        let bad: Vec<_> = task.needs.iter().filter(|need| !is_readable(&self.store, need)).collect();
        if bad.is_empty() {
            return vec![];
        }
        let plan = Plan::of(&self.job);
        (0..plan.tasks.len()).filter(|place| bad.contains(&&plan.tasks[*place].id)).collect()
    }
}

/// Whether the result of a task can be read here, its arrays included.
pub fn is_readable(store: &Store, task: &TaskId) -> bool {
    // Fits and classifiers leave records only.
    let has_arrays =
        [Stage::Train, Stage::Template].iter().any(|stage| task.0.starts_with(&format!("{}/", stage.word())));
    store.result(task).is_ok()
        && (!has_arrays || ArrayReader::of(store, task).and_then(|arrays| arrays.check()).is_ok())
}
