use super::*;
use std::collections::BTreeMap;

use crate::job::{BandSource, ClassifierSeed, Draw, Fold, JobFile, TemplateSeed};
use crate::plan::TaskId;
use crate::statistics::metrics::RankedScores;
use crate::store::results::OfTask;
use crate::store::{Classifier, SampleSizes, TaskResult, ValueShares};

/// A scan of ∅ and of the reference, whose classifiers have these AUCs of background against template.
fn results(aucs: [&[f64]; 2], distances: Vec<FeatureDistance>) -> Results {
    let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\nlayout = 'table'\nfeatures = ['a', 'b']\n\
                [independent_background]\nsource = 'file'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n\
                [[scan]]\nmethod = 'idealised'\nn_signal = [0]\n";
    let job = JobFile::from_text("job.toml", text).check().expect("a good job");
    let points = job.points.iter().zip(aucs).map(|(point, aucs)| PointResults {
        point: *point,
        sizes: SampleSizes { data_background: 100_000, data_signal: 0, template: 100_000 },
        sizes_by_draw: BTreeMap::new(),
        classifiers: (0_u32..).zip(aucs).map(|(fold, auc)| classifier(fold, *auc)).collect(),
        band_source: BandSource::All,
        replicas: vec![],
        diverged: vec![],
    });
    let points = points.collect();
    let template = job.points[0].template();
    let summary = TemplateSummary {
        template,
        n_events: 100_000,
        sigma_used: None,
        steps: None,
        in_tails: None,
        means: vec![],
        deviations: vec![],
        spectra: vec![],
        pairs: vec![],
        displacement: None,
        distances,
    };
    let others = vec![TaskResult::Template(Box::new(summary))];
    Results { others, ..Results::of_points(job, points) }
}

fn classifier(fold: u32, auc: f64) -> OfTask<Classifier> {
    OfTask {
        task: TaskId("classify".to_owned()),
        draw: Draw::default(),
        seconds: 1.0,
        classifier: Classifier {
            seed: ClassifierSeed(0),
            fold: Fold(fold),
            closure_auc: None,
            background_closure_auc: Some(auc),
            performance: RankedScores::new(vec![], vec![]).performance(),
            losses: vec![],
        },
    }
}

fn alike() -> FeatureDistance {
    FeatureDistance { cumulative: 0.003, cumulative_by_chance: 0.009, value: None }
}

fn warning(aucs: [&[f64]; 2], distances: Vec<FeatureDistance>) -> String {
    let results = results(aucs, distances);
    let lines: Vec<String> =
        failures(&results).iter().map(|failure| failure.warning(results.job.closure.threshold)).collect();
    lines.join("\n")
}

#[test]
fn templates_like_the_background_are_not_warned_of() {
    let good: &[f64] = &[0.51, 0.5, 0.52, 0.49, 0.51];
    assert_eq!(warning([good, good], vec![alike(), alike()]), "");
    // Classifiers that differ that much do not show that the mean lies above the threshold.
    assert_eq!(warning([&[0.70, 0.45, 0.66, 0.50, 0.62], good], vec![alike(), alike()]), "");
    // Records of earlier versions do not have the number.
    assert_eq!(warning([&[], &[]], vec![]), "");
}

#[test]
fn a_template_that_is_told_apart_is_named_with_the_features_at_fault() {
    let good: &[f64] = &[0.51, 0.5, 0.52, 0.49, 0.51];
    let bad: &[f64] = &[0.97, 0.98, 0.96, 0.97, 0.98];
    let value =
        ValueShares { value: f64::from(0.1_f32), background: 0.772, template: 0.0, deviations: 300.0 };
    let atom = FeatureDistance { value: Some(value), ..alike() };
    let text = warning([bad, good], vec![alike(), atom]);
    assert!(text.starts_with("warning: closure fails for DRAPES ∅ by mlp: "), "{text}");
    assert!(
        text.contains("an AUC of 0.972 (closure.threshold = 0.55, exceeded by more than two errors)"),
        "{text}"
    );
    assert!(text.ends_with("at fault: b (0.1 in 77.2% of the background, 0.0% of the template)"), "{text}");
    let shifted = FeatureDistance { cumulative: 0.2, ..alike() };
    let text = warning([bad, bad], vec![shifted, alike()]);
    assert!(text.contains("at fault: a (distance 0.200, by chance below 0.009)\n"), "{text}");
    assert!(text.contains("for Idealised by mlp") && text.ends_with("compare their distributions"), "{text}");
    assert!(
        warning([bad, good], vec![alike(), alike()]).ends_with("no single feature stands out: correlations")
    );
}

#[test]
fn one_bad_template_of_several_is_not_hidden_by_the_others() {
    let good: &[f64] = &[0.51, 0.5, 0.52, 0.49, 0.51];
    let mut results = results([good, good], vec![alike(), alike()]);
    let of_template = |seed| Draw { injection: None, template: Some(TemplateSeed(seed)) };
    let second = |fold: u32| OfTask { draw: of_template(1), ..classifier(fold, 0.58) };
    let first: Vec<_> = results.points[0].classifiers.drain(..).collect();
    let first = first.into_iter().map(|found| OfTask { draw: of_template(0), ..found });
    results.points[0].classifiers = first.chain((0..5).map(second)).collect();
    // Together they would have 0.543.
    let found = failures(&results);
    assert_eq!(found.len(), 1);
    assert!((found[0].auc - 0.58).abs() < 1e-12, "{found:?}");
    assert_eq!(found[0].features, None, "the template that is known is the other");
}

#[test]
fn the_threshold_is_the_job_s() {
    let slightly: &[f64] = &[0.54, 0.53, 0.54, 0.53, 0.54];
    let mut results = results([slightly, slightly], vec![]);
    assert_eq!(failures(&results), []);
    results.job.closure.threshold = 0.52;
    assert_eq!(failures(&results).len(), 2);
}

#[test]
fn of_several_points_the_worst_is_named() {
    let failure = |points| Failure {
        method: "noise",
        classifier: ClassifierKind::Mlp,
        points,
        worst: "noise-sp0.05-s0".to_owned(),
        auc: 0.999,
        features: None,
    };
    let alone = failure((1, 1));
    assert_eq!(
        alone.note(),
        "closure fails for DRAPES ∅ by mlp (AUC 1.00); compare their distributions".to_owned()
    );
    assert!(
        failure((1, 5)).warning(0.55).contains("by mlp at one of 5 points, noise-sp0.05-s0: true background")
    );
    assert!(
        failure((2, 5))
            .note()
            .starts_with("closure fails for DRAPES ∅ by mlp at 2 of 5 points, the worst of them noise-sp0.05-s0 (AUC up to 1.00)")
    );
}
