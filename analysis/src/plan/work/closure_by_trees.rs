//! How well boosted trees tell a template from the true background that it stands for.
//!
//! Perceptrons miss sharp structure that trees see, such as an edge that a template blurs; a cut on the scores of trees is
//! what a search would make.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::planning::{Planning, templates};
use super::{IfStopped, MakeTemplate, Recorded, Settings, TaskKind, Work};
use crate::job::{Chip, IndependentBackground, Inputs, Job, Oversampling, TemplateSpec};
use crate::plan::cost::keys::{self, Cost, Key, defaults};
use crate::plan::cost::memory::{MASS, SINGLE};
use crate::plan::cost::{Difference, EventCounts, at_rate, forest_work, product};
use crate::plan::{PaceKind, Rates, Task, TaskId};
use crate::statistics::closure::{Closure, Excess, Measured, QUOTED_EFFICIENCIES};

/// Tells one template of features from independent background of the signal region, or the background of the data itself:
/// the floor that no template can be below but by chance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosureByTrees {
    /// The template; none for the background of the data.
    pub template: Option<MadeTemplate>,
}

/// A template that a task makes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MadeTemplate {
    /// What it is.
    pub template: TemplateSpec,
    /// Template events for each event that it starts from.
    pub oversampling: Oversampling,
    /// The task that makes it.
    pub made_by: TaskId,
}

impl ClosureByTrees {
    /// Folds of the comparison; one is evaluated, a quarter of the others stops the training.
    pub const FOLDS: u32 = 5;
    /// Events of either class at the most, for each data event of the signal region: more would cost more and say little.
    pub const MOST_EVENTS: usize = 2;

    /// The task that tells a template, or the background of the data, from true background.
    pub fn task(template: Option<MadeTemplate>) -> Task {
        let name =
            template.as_ref().map_or_else(|| "background".to_owned(), |made| made.template.to_string());
        Task::new(TaskId(format!("classify/closure-{name}")), Work::Closure(Self { template }))
    }

    /// Events of both classes.
    fn events(&self, counts: EventCounts) -> f64 {
        let most = (Self::MOST_EVENTS * counts.signal_region) as f64;
        let compared = match &self.template {
            Some(made) => counts.template(&made.template, made.oversampling),
            None => counts.signal_region as f64,
        };
        compared.min(most) + (counts.independent as f64).min(most)
    }
}

impl TaskKind for ClosureByTrees {
    fn plan(planning: &mut Planning<'_>) {
        let job = planning.job();
        if job.closure.trees == 0 || job.independent_background == IndependentBackground::None {
            return;
        }
        let versions = planning.versions(templates);
        let mut tasks = vec![];
        for wanted in planning.templates() {
            let template = wanted.what;
            // Independent background is that of the job's own signal region.
            let is_here = job.regions_of(&template.sample).signal == job.regions.signal;
            // The first that was made, so that a job which grows does not test it again.
            let first = versions.all(&template.to_string()).into_iter().next();
            if let (Inputs::Hlv, true, Some((oversampling, ending))) = (template.inputs, is_here, first) {
                let made_by = MakeTemplate::id(&template, &ending);
                tasks.push(Self::task(Some(MadeTemplate { template, oversampling, made_by })));
            }
        }
        if !tasks.is_empty() {
            tasks.push(Self::task(None));
        }
        for task in tasks {
            planning.push(task);
        }
    }

    fn pace(&self) -> PaceKind {
        PaceKind::Trees
    }

    fn needs(&self) -> Vec<TaskId> {
        self.template.iter().map(|made| made.made_by.clone()).collect()
    }

    fn settings(&self, of: &Settings<'_>) -> Value {
        json!([of.split, of.job.trees, of.job.closure.trees])
    }

    fn seconds(&self, job: &Job, counts: EventCounts, rates: &Rates) -> f64 {
        let folds = f64::from(Self::FOLDS);
        let learnt = self.events(counts) * (folds - 2.0) / folds;
        let trainings = product([job.closure.trees, Self::FOLDS as usize]);
        at_rate(trainings * forest_work(job, learnt, Difference::Little), rates.trees)
    }

    fn bytes(&self, _job: &Job, _counts: EventCounts) -> f64 {
        // Numbers at each efficiency, as text.
        2e3
    }

    fn memory(&self, job: &Job, counts: EventCounts, _chip: Chip) -> f64 {
        // As they are read, and in double precision by column and binned.
        (SINGLE + 2.0 * MASS) * job.data.features.len() as f64 * self.events(counts)
    }

    fn keys(&self, job: &Job, cost: Cost) -> Vec<Key> {
        let mut keys = keys::trees(job, cost);
        if cost == Cost::Time {
            keys.push(("closure.trees", job.closure.trees, defaults().closure.trees));
        }
        keys
    }

    fn if_stopped(&self) -> IfStopped {
        IfStopped::Lost
    }
}

/// How well trees tell a template from true background.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestedClosure {
    /// The template; none for the background of the data.
    pub template: Option<TemplateSpec>,
    /// Its events that were compared.
    pub n_template: usize,
    /// True background events that they were compared with.
    pub n_background: usize,
    /// How well they are told apart.
    pub closure: Closure,
}

impl TestedClosure {
    /// The word of the method; `true_background` where no template was tested.
    pub fn method(&self) -> &'static str {
        self.template.map_or(Self::FLOOR, |template| template.method.word())
    }

    /// The word for the comparison of true background with true background.
    pub const FLOOR: &'static str = "true_background";
}

/// The AUC in words: `0.515 ± 0.003`.
pub fn auc_text(auc: Option<Measured>) -> String {
    auc.map_or_else(|| "-".to_owned(), |Measured { value, error }| format!("{value:.4} ± {error:.4}"))
}

/// An excess in words: `+0.13 ± 0.02`.
pub fn excess_text(excess: Option<Excess>) -> String {
    excess.map_or_else(
        || "-".to_owned(),
        |Excess { delta: Measured { value, error }, .. }| format!("{value:+.2} ± {error:.2}"),
    )
}

impl Recorded for ClosureByTrees {
    type Result = TestedClosure;

    fn remarks(found: &TestedClosure, _job: &Job) -> Vec<String> {
        let mut line = format!(
            "closure by trees: AUC {} on {} events of the template and {} of true background",
            auc_text(found.closure.auc),
            found.n_template,
            found.n_background
        );
        for efficiency in QUOTED_EFFICIENCIES {
            line.push_str(&format!(", δ({efficiency}) {}", excess_text(found.closure.excess(efficiency))));
        }
        vec![line]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFile;
    use crate::plan::work::Classify;
    use crate::plan::{Plan, fingerprints};

    fn job(more: &str) -> Job {
        let text = format!(
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\nlayout = 'table'\n[other_sample]\nsource = 'file'\n{more}\n[[scan]]\n\
             method = 'noise'\nn_signal = [0, 500]\noversampling = [1, 4]\n[[scan]]\nmethod = 'sb'\nn_signal = [0]\n[[scan]]\n\
             method = 'cathode'\nn_signal = [0]\nsignal_region_gev = [[3700, 4100]]\n[[scan]]\nmethod = 'noise'\ninputs = ['llv']\n\
             n_signal = [0]\n"
        );
        JobFile::from_text("job.toml", text).check().expect("a good job")
    }

    const FURTHER: &str = "[independent_background]\nsource = 'file'\n";

    fn tests_of(job: &Job) -> Vec<Task> {
        let tasks = Plan::of(job).tasks.into_iter();
        tasks.filter(|task| matches!(task.work, Work::Closure(_))).collect()
    }

    #[test]
    fn each_template_of_features_is_tested_where_there_is_independent_background() {
        let found = tests_of(&job(FURTHER));
        let ids: Vec<&str> = found.iter().map(|task| task.id.0.as_str()).collect();
        // Neither the template of constituents nor that of another signal region, where no background is independent.
        let expected =
            ["noise-s0-w2800-6000", "noise-s500-w2800-6000", "sb-sp2.24-s0-w2800-6000", "background"];
        assert_eq!(ids, expected.map(|name| format!("classify/closure-{name}")));
        assert_eq!(found[0].needs, [TaskId("template/noise-s0-w2800-6000".to_owned())]);
        assert_eq!(found[3].needs, []);
        for none in ["", "[independent_background]\nsource = 'file'\n[closure]\ntrees = 0\n"] {
            assert_eq!(tests_of(&job(none)), [], "{none}");
        }
    }

    #[test]
    fn trainings_change_no_other_task() {
        let prints = |more: &str| {
            let job = job(&format!("{FURTHER}{more}"));
            let plan = Plan::of(&job);
            let prints = fingerprints(&job, &[], &plan);
            plan.tasks.into_iter().zip(prints).map(|(task, print)| (task.id.0, print)).collect::<Vec<_>>()
        };
        let (three, five, none) =
            (prints(""), prints("[closure]\ntrees = 5"), prints("[closure]\ntrees = 0"));
        let is_test = |id: &str| id.starts_with("classify/closure-");
        for (one, other) in three.iter().zip(&five) {
            assert_eq!(one == other, !is_test(&one.0), "{}", one.0);
        }
        let others: Vec<_> = three.into_iter().filter(|(id, _)| !is_test(id)).collect();
        assert_eq!(others, none);
    }

    #[test]
    fn a_test_costs_less_than_the_perceptrons_of_its_template_and_no_more_for_more_copies() {
        let job = job(FURTHER);
        let counts = EventCounts::estimated(&job);
        let seconds = |work: &Work| work.kind().seconds(&job, counts, &Rates::CPU_CORE);
        let plan = Plan::of(&job);
        let tests = tests_of(&job);
        let price = seconds(&tests[0].work);
        let perceptrons = plan.tasks.iter().filter(|task| {
            matches!(&task.work, Work::Classify(Classify { point, .. }) if point.to_string() == "noise-s0-w2800-6000-x4")
        });
        let perceptrons: f64 = perceptrons.map(|task| seconds(&task.work)).sum();
        assert!(price > 0.0 && price < perceptrons, "{price} against {perceptrons}");
        // Two data events' worth of each class: (242,000 + 242,000) · 3/5 of events, five features, 3 · 5 forests of fifteen
        // trees: the patience is ten. A tree goes through 256 bins of its 31 leaves besides; to bin the events costs ten trees of them.
        let of = |events: f64| {
            let learnt = events * 0.6;
            let forest = 15.0 * (learnt + 256.0 * 31.0) + 10.0 * learnt;
            forest * 5.0 * 15.0 / (Rates::CPU_CORE.trees * 1e9)
        };
        let expected = of(484_000.0);
        assert!((price / expected - 1.0).abs() < 1e-9, "{price} instead of {expected}");
        // The background of the data is as many events as the data.
        assert!((seconds(&tests[3].work) / of(363_000.0) - 1.0).abs() < 1e-9);
        let memory = tests[0].work.kind().need(&job, counts, Chip::Core);
        assert!((memory.bytes - 20.0 * 5.0 * 484_000.0).abs() < 1.0, "{memory:?}");
    }

    #[test]
    fn many_trainings_are_named_as_what_is_too_much() {
        let dear = job(&format!("{FURTHER}[closure]\ntrees = 4000000000\n"));
        assert_eq!(tests_of(&dear)[0].work.kind().lower(&dear, Cost::Time), "closure.trees");
        let deep = job(&format!("{FURTHER}[trees]\nleaves = 40000\n"));
        assert_eq!(tests_of(&deep)[0].work.kind().lower(&deep, Cost::Memory), "trees.leaves");
    }

    #[test]
    fn a_number_of_trainings_that_is_none_is_refused_and_old_jobs_have_none() {
        for wrong in ["-1", "'many'", "2.5"] {
            let text = format!(
                "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[closure]\ntrees = {wrong}\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n"
            );
            let error = JobFile::from_text("job.toml", text).check().expect_err("no number").to_string();
            assert!(error.contains("closure.trees"), "{error}");
        }
        let mut stored = serde_json::to_value(job(FURTHER)).expect("JSON");
        stored["closure"].as_object_mut().expect("a section").remove("trees");
        let old: Job = serde_json::from_value(stored).expect("a job as it was stored before");
        assert_eq!(tests_of(&old), []);
    }

    #[test]
    fn the_log_says_what_was_found_and_where_events_are_too_few() {
        let closure = Closure {
            auc: Some(Measured { value: 0.5154, error: 0.0031 }),
            excesses: {
                let mut excesses = Closure::unknown().excesses;
                let delta = Measured { value: 0.134, error: 0.021 };
                excesses[3] = Some(Excess { delta, passing: 567.0 });
                excesses
            },
        };
        let found = TestedClosure { template: None, n_template: 10_000, n_background: 5000, closure };
        assert_eq!(
            ClosureByTrees::remarks(&found, &job("")),
            [
                "closure by trees: AUC 0.5154 ± 0.0031 on 10000 events of the template and 5000 of true background, δ(0.1) +0.13 \
              ± 0.02, δ(0.01) -, δ(0.001) -"
            ]
        );
    }
}
