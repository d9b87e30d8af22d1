//! What rank 0 does for each task before the first and after the last takes no longer than simulations charge.

#[path = "../benches/fill/mod.rs"]
mod fill;

use std::fs;

use drapes_analysis::dispatch::{Graph, Known, LeaderCosts, Schedule, makespan};
use drapes_analysis::figures::reduce;
use drapes_analysis::job::JobFile;
use drapes_analysis::plan::Plan;
use drapes_analysis::plan::fingerprint::{Fingerprint, fingerprints};
use drapes_analysis::plan::price::{EventCounts, Price};
use drapes_analysis::plan::rates::Rates;
use drapes_analysis::store::results::Results;
use drapes_analysis::store::results::digest;
use drapes_analysis::store::{Store, StoredJob, Survey};
use fill::fill;

/// Ten points of a thousand chunks.
const JOB: &str = "schema = 1\nname = 'large'\n[data]\nevents = 'a.h5'\n[classifier]\nseeds = '0-999'\n[compute]\n\
                   classifier_seeds_per_task = 1\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 50, 100, 333, 500]\n\
                   oversampling = [1, 5]\n";

/// Seconds that this thread has computed: what others do on a shared machine does not count.
fn computed() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text.split_whitespace().next().and_then(|word| word.parse::<u64>().ok());
    nanoseconds.expect("a number") as f64 / 1e9
}

/// How often the end of a scan is measured.
const TRIES: usize = 3;

/// Seconds that the end of a scan takes for each task.
fn conclusion(
    store: &Store,
    stored: &StoredJob,
    plan: &Plan,
    prints: &[Fingerprint],
    survey: &mut Survey,
) -> f64 {
    let count = plan.tasks.len();
    let begin = computed();
    let ended: Vec<usize> = (0..count).collect();
    store.survey_again(plan, prints, survey, &ended);
    let results = Results::of(store, stored.job.clone(), plan, &survey.states).expect("results");
    reduce::reduce(store, &results).expect("room");
    let digest = digest(&stored.job, plan, &survey.states, None, (&[], &[]));
    let taken = (computed() - begin) / count as f64;
    assert!(results.missing.is_empty() && digest == results.digest);
    taken
}

#[test]
fn start_and_conclusion_cost_no_more_than_is_charged() {
    let place = tempfile::tempdir().expect("a directory");
    let file = JobFile::from_text("job.toml", JOB);
    let stored = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
    let store = Store::create(place.path(), &file, &stored).expect("room");
    let begin = computed();
    let plan = Plan::of(&stored.job);
    let prints = fingerprints(&stored.job, &stored.inputs, &plan);
    let mut survey = store.survey(&plan, &prints);
    let price = Price::of(&stored.job, &plan, EventCounts::estimated(&stored.job), &Rates::CPU_CORE);
    let (count, known) = (plan.tasks.len(), vec![Known::Open; plan.tasks.len()]);
    let schedule = Schedule::new(Graph::of(&plan), &price.seconds, &known);
    let time = makespan(&plan, &price.seconds, &vec![false; count], 100);
    let start = (computed() - begin) / count as f64;
    assert!(schedule.unfinished() == count && time > 0.0);
    fill(&store, &stored);
    // The best of some: a core that others share takes up to half as much again for the same work.
    let conclusion =
        (0..TRIES).map(|_| conclusion(&store, &stored, &plan, &prints, &mut survey)).fold(f64::MAX, f64::min);
    println!("a task of {count}: {:.1} us at the start, {:.1} us at the end", 1e6 * start, 1e6 * conclusion);
    let charged = LeaderCosts::MEASURED;
    assert!(start < charged.start, "{start} s a task at the start");
    assert!(conclusion < charged.conclusion, "{conclusion} s a task at the end");
}
