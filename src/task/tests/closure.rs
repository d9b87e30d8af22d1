//! Closure by trees, end to end on the shipped sample.

use drapes_analysis::plan::Work;
use drapes_analysis::plan::work::TestedClosure;
use drapes_analysis::statistics::closure::Closure;

use super::*;

/// The tests of a scan whose denoiser has learnt next to nothing, with other keys of the independent background.
fn tested(background: &str) -> Vec<TestedClosure> {
    let directory = tempfile::tempdir().expect("a directory");
    let settings = "[trees]\niterations = 40\n[closure]\ntrees = 1\n";
    let background = format!("[independent_background]\nsource = 'withheld'\n{background}\n");
    let (plan, place, fingerprints) = workplace(directory.path(), &format!("{background}{settings}"));
    let mut found = vec![];
    for (index, task) in plan.tasks.iter().enumerate() {
        if matches!(task.work, Work::Classify(_)) {
            continue;
        }
        let Outcome::Done(result) = perform(&place, &plan, &fingerprints, index).outcome else {
            panic!("{}", task.id)
        };
        if let TaskResult::Closure(tested) = *result {
            found.push(tested);
        }
    }
    found
}

#[test]
fn a_poor_template_is_told_from_true_background_and_true_background_is_not() {
    let found = tested("");
    let [template, floor] = &found[..] else { panic!("{found:?}") };
    assert!(template.template.is_some() && floor.template.is_none());
    assert_eq!((template.n_background, floor.n_template), (4306, 4306), "half of the background is withheld");
    let auc = |tested: &TestedClosure| tested.closure.auc.expect("enough events");
    assert!(auc(template).value > 0.6, "{:?}", auc(template));
    assert!((auc(floor).value - 0.5).abs() < 3.0 * auc(floor).error, "{:?}", auc(floor));
    let delta = floor.closure.excess(0.1).expect("enough events").delta;
    assert!(delta.value.abs() < 3.0 * delta.error, "{delta:?}");
    assert_eq!(floor.closure.excess(0.001), None, "four events are too few");
}

#[test]
fn few_events_give_no_numbers_and_no_failure() {
    let found = tested("fraction = 0.01");
    assert_eq!(found.len(), 2);
    for tested in found {
        assert_eq!(tested.n_background, 86);
        assert_eq!(tested.closure, Closure::unknown());
    }
}
