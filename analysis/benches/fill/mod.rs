//! Records of the usual size, for measurements of large scans.

use drapes_analysis::job::quantities::{ClassifierSeed, Fold};
use drapes_analysis::plan::fingerprint::fingerprints;
use drapes_analysis::plan::work::Classify;
use drapes_analysis::plan::{Plan, Work};
use drapes_analysis::statistics::metrics::RankedScores;
use drapes_analysis::store::record::{
    Classification, Classifier, Outcome, RunInfo, SampleSizes, TaskRecord, TaskResult,
};
use drapes_analysis::store::{Store, StoredJob};

/// Gives every task a record of the usual size; how many.
pub fn fill(store: &Store, stored: &StoredJob) -> usize {
    let plan = Plan::of(&stored.job);
    for (task, fingerprint) in plan.tasks.iter().zip(fingerprints(&stored.job, &stored.inputs, &plan)) {
        let outcome = Outcome::Done(Box::new(result(&task.work)));
        let run = RunInfo {
            host: "node001".to_owned(),
            rank: 0,
            device: "cpu".to_owned(),
            seconds: 6.0,
            began: None,
            diverged: 0,
        };
        let record = TaskRecord { id: task.id.clone(), fingerprint, run, outcome };
        // Without waiting for the disk, which is not what is measured.
        let path = store.directory().join(format!("tasks/{}.json", task.id));
        std::fs::write(path, record.to_line()).expect("room");
    }
    plan.tasks.len()
}

fn result(work: &Work) -> TaskResult {
    let Work::Classify(Classify { point, seeds, .. }) = work else { return TaskResult::Train(vec![]) };
    let scores = |shift: f32| (0..2000_u16).map(|event| (f32::from(event) * 0.7).sin() + shift).collect();
    let performance = RankedScores::new(scores(0.0), scores(1.0)).performance();
    let classifier = |(seed, fold): (ClassifierSeed, u32)| Classifier {
        seed,
        fold: Fold(fold),
        closure_auc: Some(0.5),
        background_closure_auc: None,
        performance: performance.clone(),
        losses: vec![],
    };
    let members = seeds.iter().flat_map(|seed| (0..5).map(|fold| (*seed, fold)));
    TaskResult::Classify(Classification {
        point: *point,
        sizes: SampleSizes { data_background: 120_000, data_signal: 700, template: 600_000 },
        classifiers: members.map(classifier).collect(),
        diverged: vec![],
        replicas: None,
    })
}
