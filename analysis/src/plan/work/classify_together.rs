//! Perceptrons of several points in one ensemble, each telling the data of its point from its template.
//!
//! A GPU takes a step of many small networks in hardly more time than one of few. On a processor they are trained one after the other, and
//! nothing is gained. The numbers of a point do not depend on the others; but where the template of one fails, all wait for it in vain.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::classify::{Made, chunks_of_seeds};
use super::planning::{Planning, distinct};
use super::points_together::points_together;
use super::{Classification, Classify, Network, Recorded, Settings, TaskKind, Work};
use crate::job::{Chip, Job, ScanPoint};
use crate::plan::cost::EventCounts;
use crate::plan::cost::keys::{Cost, Key, defaults};
use crate::plan::{PaceKind, Rates, Task, TaskId};

/// Chunks of classifiers of several points, of the same seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassifyTogether {
    /// One for each point.
    pub chunks: Vec<Classify>,
}

impl TaskKind for ClassifyTogether {
    fn plan(planning: &mut Planning<'_>) {
        let job = planning.job();
        let made = Made::of(planning);
        let seeds = chunks_of_seeds(job, job.compute.classifier_seeds_per_task);
        for points in points_together(job) {
            for seeds in &seeds {
                let chunks: Vec<Classify> = points.iter().map(|point| made.classify(*point, seeds)).collect();
                let (first, more) = (&chunks[0], chunks.len() - 1);
                let id = TaskId(format!("classify/{}-and-{more}-{}", first.point, first.span()));
                planning.push(Task::new(id, Work::ClassifyTogether(Self { chunks })));
            }
        }
    }

    fn points(&self) -> Vec<&ScanPoint> {
        self.chunks.iter().map(|chunk| &chunk.point).collect()
    }

    fn needs_of(&self, point: &ScanPoint) -> Vec<TaskId> {
        let own = self.chunks.iter().filter(|chunk| chunk.point == *point);
        own.flat_map(TaskKind::needs).collect()
    }

    fn pace(&self) -> PaceKind {
        PaceKind::Perceptrons
    }

    fn needs(&self) -> Vec<TaskId> {
        distinct(self.chunks.iter().flat_map(TaskKind::needs), Clone::clone)
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        // Those of perceptrons are the same for all points.
        self.chunks[0].settings(of)
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        self.chunks.iter().map(|chunk| chunk.seconds(job, counts, rates)).sum()
    }

    fn bytes(&self, job: &Job, counts: EventCounts) -> f64 {
        self.chunks.iter().map(|chunk| chunk.bytes(job, counts)).sum()
    }

    fn memory(&self, job: &Job, counts: EventCounts, chip: Chip) -> f64 {
        self.chunks.iter().map(|chunk| chunk.memory(job, counts, chip)).sum()
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let mut keys = self.chunks[0].keys(job, cost);
        let usual = defaults().compute.classifier_points_per_task;
        keys.push(("compute.classifier_points_per_task", self.chunks.len(), usual));
        keys
    }
}

impl Recorded for ClassifyTogether {
    type Result = Vec<Classification>;

    fn networks(found: &Vec<Classification>) -> Vec<Network> {
        let of_point = |one: &Classification| {
            let networks = Classify::networks(one).into_iter();
            let point = one.point.to_string();
            networks.map(move |network| Network { name: format!("{} of {point}", network.name), ..network })
        };
        found.iter().flat_map(of_point).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::job::JobFile;
    use crate::plan::Plan;
    use crate::plan::select::Selector;

    const JOB: &str = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[independent_background]\nsource = 'withheld'\n[classifier]\nseeds = '0-3'\n[compute]\n\
                       classifier_seeds_per_task = 3\nclassifier_points_per_task = 3\n[[scan]]\nmethod = 'noise'\n\
                       n_signal = [0, 50, 100, 500]\noversampling = [5]\n[[scan]]\nmethod = 'sr'\nn_signal = [50]\n\
                       oversampling = [5, 1]\n[[scan]]\nmethod = 'sb'\nn_signal = [50]\noversampling = [5]\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\nclassifier = ['trees']\n\
                       [[scan]]\nmethod = 'supervised'\n";

    fn job(text: &str) -> Job {
        JobFile::from_text("job.toml", text).check().expect("a good job")
    }

    fn classified(plan: &Plan) -> Vec<&str> {
        let all = plan.tasks.iter().map(|task| &task.id.0[..]);
        all.filter(|id| id.starts_with("classify/") && !id.contains("trees") && !id.contains("closure"))
            .collect()
    }

    #[test]
    fn points_of_one_size_train_together_and_others_alone() {
        let plan = Plan::of(&job(JOB));
        let expected = [
            // One whose template has another size, one whose template starts from other events, and one without a template.
            "classify/sr-sp2.24-s50-w2800-6000-x1-c00-02",
            "classify/sr-sp2.24-s50-w2800-6000-x1-c03",
            "classify/sb-sp2.24-s50-w2800-6000-x5-c00-02",
            "classify/sb-sp2.24-s50-w2800-6000-x5-c03",
            "classify/supervised-c00-02",
            "classify/supervised-c03",
            "classify/noise-s0-w2800-6000-x5-and-2-c00-02",
            "classify/noise-s0-w2800-6000-x5-and-2-c03",
            "classify/noise-s500-w2800-6000-x5-and-1-c00-02",
            "classify/noise-s500-w2800-6000-x5-and-1-c03",
        ];
        assert_eq!(classified(&plan), expected);
        assert!(
            plan.tasks.iter().filter(|task| task.id.0.contains("trees-c")).count() == 4,
            "trees grow alone"
        );
        let last = plan.tasks.last().expect("tasks");
        let needs: Vec<&str> = last.needs.iter().map(|id| &id.0[..]).collect();
        assert_eq!(needs, ["template/noise-s500-w2800-6000", "template/sr-sp2.24-s50-w2800-6000"]);
    }

    #[test]
    fn every_point_has_all_of_its_classifiers_once() {
        let mut seen = HashSet::new();
        for task in &Plan::of(&job(JOB)).tasks {
            let chunks: &[Classify] = match &task.work {
                Work::Classify(chunk) => std::slice::from_ref(chunk),
                Work::ClassifyTogether(ClassifyTogether { chunks }) => chunks,
                _ => continue,
            };
            for chunk in chunks {
                for seed in &chunk.seeds {
                    assert!(seen.insert((chunk.point.to_string(), *seed)), "{} of {seed}", chunk.point);
                }
            }
        }
        assert_eq!(seen.len(), 4 * job(JOB).points.len());
    }

    #[test]
    fn a_group_costs_what_its_points_do_and_needs_their_memory() {
        let job = job(JOB);
        let (counts, rates) = (EventCounts::estimated(&job), Rates::CPU_CORE);
        let plan = Plan::of(&job);
        let Work::ClassifyTogether(together) = &plan.tasks.last().expect("tasks").work else {
            panic!("a group")
        };
        let [one, other] = &together.chunks[..] else { panic!("two points") };
        let sum = |of: &dyn Fn(&dyn TaskKind) -> f64| {
            assert!((of(together) / (of(one) + of(other)) - 1.0).abs() < 1e-12);
        };
        sum(&|kind| kind.seconds(&job, counts, &rates));
        sum(&|kind| kind.bytes(&job, counts));
        sum(&|kind| kind.memory(&job, counts, Chip::Gpu));
        let kind: &dyn TaskKind = together;
        assert_eq!(kind.lower(&job, Cost::Memory), "compute.classifier_points_per_task");
    }

    #[test]
    fn a_group_is_selected_by_any_of_its_points() {
        let plan = Plan::of(&job(JOB));
        let selector: Selector = "noise-s100-*".parse().expect("a pattern");
        let chosen = plan.selected(&[selector]).expect("tasks");
        let chosen: Vec<&str> = plan
            .tasks
            .iter()
            .zip(chosen)
            .filter(|(_, chosen)| *chosen)
            .map(|(task, _)| &task.id.0[..])
            .collect();
        assert!(chosen.contains(&"classify/noise-s0-w2800-6000-x5-and-2-c03"), "{chosen:?}");
        assert!(!chosen.iter().any(|id| id.contains("s500")), "{chosen:?}");
    }
}
