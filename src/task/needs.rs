//! Whether what a task needs can be read.

use drapes_analysis::plan::{Plan, Stage, Task, TaskId};

use super::Workplace;
use crate::arrays::ArrayReader;

impl Workplace {
    /// The places in the plan of those tasks that this one needs and whose results cannot be read, whatever their records
    /// say. Asked only where a task has failed: it opens files and, if there are any, makes the plan.
    pub(super) fn unreadable(&self, task: &Task) -> Vec<usize> {
        let bad: Vec<_> = task.needs.iter().filter(|need| !self.is_readable(need)).collect();
        if bad.is_empty() {
            return vec![];
        }
        let plan = Plan::of(&self.job);
        (0..plan.tasks.len()).filter(|place| bad.contains(&&plan.tasks[*place].id)).collect()
    }

    fn is_readable(&self, task: &TaskId) -> bool {
        // Fits and classifiers leave records only.
        let has_arrays = [Stage::Train, Stage::Template]
            .iter()
            .any(|stage| task.0.starts_with(&format!("{}/", stage.word())));
        self.store.result(task).is_ok()
            && (!has_arrays || ArrayReader::of(&self.store, task).and_then(|arrays| arrays.check()).is_ok())
    }
}
