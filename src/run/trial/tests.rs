use drapes_analysis::job::JobFile;
use drapes_analysis::plan::price::{EventCounts, Price};

use super::*;

/// A job with every kind of work.
fn job() -> Job {
    let text = include_str!("../../../jobs/ci.toml");
    JobFile::from_text("jobs/ci.toml", text).check().expect("a good job")
}

#[test]
fn every_kind_of_work_can_be_tried_for_a_moment() {
    let job = job();
    let plan = Plan::of(&job);
    for kind in PaceKind::ALL {
        let task = plan.tasks.iter().find(|task| task.work.pace() == kind).expect("every kind is there");
        let found = of(&job, std::slice::from_ref(task), Device::Cpu, &Rates::CPU_CORE);
        if performing(&task.work).trial().is_some() {
            // Within the load of a shared machine and its build, it is a core.
            let pace = found.pace().of(kind).unwrap_or_else(|| panic!("{kind:?} tells nothing"));
            assert!(pace > 0.01 && pace < 1000.0, "{kind:?} {pace}");
        } else {
            assert!(found.is_empty(), "{kind:?}");
        }
    }
}

#[test]
fn what_matters_and_is_not_known_is_tried_and_nothing_of_a_short_scan() {
    let job = job();
    let plan = Plan::of(&job);
    let price = Price::of(&job, &plan, EventCounts::estimated(&job), &Rates::CPU_CORE);
    let open = vec![Known::Open; plan.tasks.len()];
    let kinds = |ranks: f64, known: &[Known], shown: &Shown| -> Vec<PaceKind> {
        let tasks = worth_trying(&plan, &price.seconds, known, ranks * short(Origin::Measured), shown);
        tasks.iter().map(|task| task.work.pace()).collect()
    };
    let none = Shown::default();
    // Constituents make up nearly all of it, beside the trees that look for what templates lack.
    let matter = [PaceKind::JetModel, PaceKind::JetTemplate, PaceKind::Trees, PaceKind::Transformers];
    assert_eq!(kinds(1.0, &open, &none), matter);
    assert_eq!(kinds(100.0, &open, &none), []);
    assert_eq!(kinds(1.0, &vec![Known::Done; open.len()], &none), []);
    let mut known = Shown::default();
    known.learn(PaceKind::Transformers, Seen { priced: 10.0, taken: 10.0 });
    assert_eq!(kinds(1.0, &open, &known), matter[..3]);
    // On a GPU that nobody has measured the whole scan seems to be over at once, and is tried for all that.
    let guessed = Rates::of_kind("NVIDIA Unheard-of", &[]).0;
    let seconds = Price::of(&job, &plan, EventCounts::estimated(&job), &guessed).seconds;
    let tried = |origin| worth_trying(&plan, &seconds, &open, 4.0 * short(origin), &none).len();
    assert_eq!(tried(Origin::Measured), 0);
    assert!(tried(Origin::Guessed) > 0);
}

#[test]
fn of_two_moments_the_slower_one_counts() {
    let seen = |taken: f64| Some(Seen { priced: 1.0, taken });
    assert_eq!(slower((seen(1.0), seen(2.0))), seen(2.0));
    assert_eq!(slower((seen(2.0), seen(1.0))), seen(2.0));
    assert_eq!(slower((None, seen(1.0))), seen(1.0));
    // A moment in which nothing was done is none.
    assert_eq!(slower((seen(1.0), seen(f64::NAN))), seen(1.0));
    assert_eq!(slower((None, None)), None);
}
