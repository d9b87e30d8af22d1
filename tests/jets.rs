//! Scans of jets' constituents: the same records however they are computed, and files that have none.

mod support;

use std::fs;

use support::{answer, arrays, directory, drapes, mpirun, records, refusal, small_jets_job};

#[test]
fn ranks_give_the_same_records_of_jets_and_folded_copies_are_read() {
    let place = directory();
    let job = small_jets_job(place.path(), "");
    let alone = place.path().join("alone");
    let answered = answer(drapes().arg("run").arg(&job).arg("--out").arg(&alone));
    assert!(answered.contains("Supervised") && answered.contains("DRAPES ∅"), "{answered}");
    let table = fs::read_to_string(alone.join("results.csv")).expect("results");
    assert_eq!(table.matches(",llv,").count(), 30, "ten classifiers of each point see constituents");
    let expected = (records(&alone), arrays(&alone));
    // A fit, two models, three copies, three points of two chunks each.
    assert_eq!((expected.0.len(), expected.1.len()), (12, 5));
    let out = place.path().join("ranks");
    answer(mpirun(2).arg("run").arg(&job).arg("--out").arg(&out));
    assert_eq!(records(&out), expected.0);
    assert_eq!(arrays(&out), expected.1);

    // Classifiers that are lost find the jets where they were folded.
    fs::remove_dir_all(alone.join("tasks/classify")).expect("records");
    answer(drapes().arg("compact").arg(&alone));
    assert!(support::files(&alone.join("tasks/template"), "h5").is_empty());
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&alone));
    let classified = |(id, _): &(&String, &serde_json::Value)| id.contains("classify/");
    let again = records(&alone);
    assert!(again.iter().filter(classified).eq(expected.0.iter().filter(classified)));
}

#[test]
fn a_file_without_constituents_is_refused_before_any_task() {
    let place = directory();
    let job = small_jets_job(place.path(), "");
    let text = fs::read_to_string(&job).expect("the job");
    // Features only.
    let source = "source = 'file'\nevents = 'demo_constituents_alt.h5'";
    fs::write(&job, text.replace("source = 'withheld'", source)).expect("room");
    let out = place.path().join("out");
    let (code, message) = refusal(drapes().arg("run").arg(&job).arg("--out").arg(&out));
    assert_eq!(code, 2, "{message}");
    for words in ["demo_constituents_alt.h5", "constituents, jets, n_constituents", "drapes-prepare"] {
        assert!(message.contains(words), "{words}: {message}");
    }
    assert!(!out.join("tasks").exists(), "no directory was begun");
}
