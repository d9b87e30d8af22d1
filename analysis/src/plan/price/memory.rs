//! Memory that a task works in.

use crate::job::{Chip, Job};
use crate::plan::Task;
use crate::plan::cost::EventCounts;

pub use crate::plan::cost::memory::MemoryDemand;

/// What a task needs where it is computed, beside the sample that its rank has read. Never more than it really takes: a
/// task that would fit is not to be refused.
pub fn need(job: &Job, task: &Task, counts: EventCounts, chip: Chip) -> MemoryDemand {
    task.work.kind().need(job, counts, chip)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{DEFAULTS, JobFile};
    use crate::plan::cost::memory::PLACE;
    use crate::plan::cost::product;
    use crate::plan::{Plan, Work};

    #[test]
    fn wide_models_need_more_and_name_their_key() {
        let llv = DEFAULTS
            .replace("[[scan]]\nmethod = \"noise\"", "[[scan]]\nmethod = \"noise\"\ninputs = [\"llv\"]");
        let llv = llv.replace("layout = \"lhco_features\"", "layout = \"table\"");
        let need_of = |text: &str, chip: Chip| {
            let job = JobFile::from_text("job.toml", text).check().expect("a good job");
            let plan = Plan::of(&job);
            let training = plan.tasks.iter().find(|task| matches!(task.work, Work::TrainJets(_)));
            need(&job, training.expect("a jet model"), EventCounts::estimated(&job), chip)
        };
        let paper = need_of(&llv, Chip::Core);
        assert_eq!(paper.lower, "jet_model.width");
        assert!(paper.bytes > 1e8 && paper.bytes < 4e9, "{paper:?}");
        let on_gpu = need_of(&llv, Chip::Gpu);
        assert!(on_gpu.bytes > 1.5e9 && on_gpu.bytes < 8e9, "{on_gpu:?}");
        let wide = need_of(&llv.replacen("width = 256", "width = 25600", 1), Chip::Core);
        assert!(wide.bytes > 1e11, "{wide:?}");
    }

    #[test]
    fn a_large_template_costs_members_less_than_a_number_for_each_event() {
        let job = JobFile::from_text("job.toml", DEFAULTS.as_str()).check().expect("a good job");
        let plan = Plan::of(&job);
        let (task, counts) = (plan.tasks.last().expect("classifiers"), EventCounts::estimated(&job));
        let Work::Classify(chunk) = &task.work else { panic!("{}", task.id) };
        let members = product([chunk.seeds.len(), job.classifier.folds as usize]);
        let found = need(&job, task, counts, Chip::Core).bytes;
        assert!(found < 8.0 * members * chunk.events(counts), "{found}");
        assert!(found > PLACE * chunk.seeds.len() as f64 * chunk.events(counts), "{found}");
    }
}
