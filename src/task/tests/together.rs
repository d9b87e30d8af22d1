//! Points whose perceptrons train in one ensemble, held against the same points alone.

use drapes_analysis::store::Results;
use drapes_analysis::store::record::Classification;

use super::stopping::Impatient;
use super::*;

const SCAN: &str = "[denoiser]\nepochs = 1\nbatch = 1024\n[sampler]\nsteps = 4\n[classifier]\nepochs = 2\nseeds = '0-1'\n\
                    [independent_background]\nsource = 'withheld'\n[template]\noversampling = 1\n[[scan]]\n\
                    method = 'noise'\nn_signal = [0, 300, 600]\n[[scan]]\nmethod = 'over_idealised'\nn_signal = [300, 600]\n";

/// What was found of each point, by its name.
fn classified(records: &[(TaskId, TaskRecord)]) -> Vec<(String, Classification)> {
    let mut found: Vec<(String, Classification)> = records
        .iter()
        .flat_map(|(_, record)| match &record.outcome {
            Outcome::Done(result) => match result.as_ref() {
                TaskResult::Classify(found) => vec![found.clone()],
                TaskResult::ClassifiedTogether(found) => found.clone(),
                _ => vec![],
            },
            Outcome::Failed { .. } => vec![],
        })
        .map(|found| (found.point.to_string(), found))
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

#[test]
fn points_in_company_find_what_they_find_alone_and_stand_in_the_same_tables() {
    let run = |points: usize| {
        let directory = tempfile::tempdir().expect("a directory");
        let compute = format!("[compute]\nclassifier_points_per_task = {points}\n");
        let (place, records) = perform_all(workplace_with(directory.path(), &format!("{compute}{SCAN}")));
        // Trees that test the closure belong to no point.
        let is_of_points =
            |id: &TaskId| id.0.starts_with("classify/") && !id.0.starts_with("classify/closure");
        let tasks = records.iter().filter(|(id, _)| is_of_points(id)).count();
        let results = Results::read(&place.store).expect("results");
        assert_eq!(results.missing, []);
        let table: Vec<String> = results
            .points
            .iter()
            .flat_map(|point| {
                let classifiers = point.classifiers.iter().map(|one| format!("{:?}", one.classifier));
                let sizes = format!("{} {:?}", point.point, point.sizes);
                std::iter::once(sizes).chain(classifiers).collect::<Vec<_>>()
            })
            .collect();
        let seconds = |id: &str| {
            let all = results.points.iter().flat_map(|point| &point.classifiers);
            all.filter(|one| one.task.0 == id).map(|one| one.seconds).sum::<f64>()
        };
        for (id, record) in records.iter().filter(|(id, _)| is_of_points(id)) {
            assert!(
                (seconds(&id.0) / record.run.seconds - 1.0).abs() < 1e-9,
                "{id}: its time is that of its classifiers"
            );
        }
        (tasks, classified(&records), table)
    };
    let (alone, together) = (run(1), run(3));
    assert_eq!((alone.0, together.0), (5, 2));
    assert_eq!(alone.1.len(), 5);
    for (expected, found) in alone.1.iter().zip(&together.1) {
        assert_eq!(expected.1.classifiers.len(), 10);
        assert_eq!(expected, found, "to the bit");
    }
    assert_eq!(alone.2, together.2, "in the order of the job");
}

#[test]
fn points_in_company_that_are_stopped_go_on_to_the_same_bits() {
    let compute = "[compute]\nclassifier_points_per_task = 3\n";
    let job = format!("{compute}{SCAN}");
    let directory = tempfile::tempdir().expect("a directory");
    let (_, expected) = perform_all(workplace_with(directory.path(), &job));
    let directory = tempfile::tempdir().expect("a directory");
    let (plan, place, fingerprints) = workplace_with(directory.path(), &job);
    let mut stops = 0;
    let mut records = vec![];
    for (index, task) in plan.tasks.iter().enumerate() {
        if matches!(task.work, drapes_analysis::plan::Work::ClassifyTogether(_)) {
            loop {
                let sink = Impatient::after(1);
                match place.perform(task, &fingerprints[index], Attempt::Last, &sink) {
                    Ended::Stopped => stops += 1,
                    Ended::Done { .. } => break,
                    other => panic!("{other:?}"),
                }
            }
        } else {
            perform(&place, &plan, &fingerprints, index);
        }
        records.push((task.id.clone(), record_of(&place, &task.id)));
    }
    assert!(stops > 2, "{stops}");
    assert_eq!(classified(&records), classified(&expected));
}
