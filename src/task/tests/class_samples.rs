//! How the templates of all methods are divided into folds: by the data that their events are, by the events that they began as, or by chance.

use std::collections::{BTreeMap, BTreeSet};

use drapes_analysis::plan::Work;
use drapes_analysis::statistics::replicas::{Counts, REPLICAS};

use super::super::class_samples::{Origin, class_samples};
use super::*;
use crate::models::classifier::TemplateFolds;

/// The folds of the template of every point of a job, by the name of its method; nothing needs to be computed for that.
fn folds(place: &Workplace, plan: &Plan) -> Vec<(String, TemplateFolds)> {
    let of = |task: &Task| match &task.work {
        Work::Classify(classify) => {
            let name = task.id.0.trim_start_matches("classify/").split('-').next().unwrap_or_default();
            let class_samples = class_samples(place, &classify.point).expect("enough events");
            Some((name.to_owned(), class_samples.folds))
        }
        _ => None,
    };
    let mut found: Vec<_> = plan.tasks.iter().filter_map(of).collect();
    found.dedup_by(|a, b| a.0 == b.0);
    found
}

#[test]
fn one_network_for_all_windows_learns_what_lies_between_their_side_bands_and_nothing_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let search = "[search]\ninjected = 100\nmethod = 'noise_efficient'\nwindows_gev = [[4500, 4700], [4700, 4900]]\nside_band_width_gev = 300\n";
    let (plan, place, _) = workplace_with(directory.path(), search);
    let trained = plan.tasks.iter().filter_map(|task| match &task.work {
        Work::Train(training) => Some(training.samples.clone()),
        _ => None,
    });
    let [sample] = trained.flatten().collect::<Vec<_>>()[..] else { panic!("one network") };
    assert_eq!(sample.side_bands, MassWindow::new(4200.0, 5200.0));
    let rows = super::super::train::everything(&place, &sample).expect("events");
    let masses = rows.column(rows.ncols() - 1);
    // The signal region of the job lies below all of it.
    assert!(masses.len() > 100 && masses.iter().all(|mass| (4200.0..5200.0).contains(mass)));
    assert!(masses.iter().any(|mass| (4500.0..4900.0).contains(mass)), "the windows' data, too");
}

#[test]
fn every_template_is_dealt_by_the_events_that_it_began_as() {
    let directory = tempfile::tempdir().expect("a directory");
    let methods = [
        "noise",
        "noise_efficient",
        "flow_matching",
        "flow_matching_efficient",
        "sr",
        "sb",
        "mc",
        "gensr",
        "curtains_f4f",
        "curtains_f4f_efficient",
        "cathode",
        "feta",
    ];
    // FETA's copies of an event would be equal, so that it has none.
    let copies = |method: &str| if method == "feta" { "" } else { "oversampling = [2]\n" };
    let scan = |method| format!("[[scan]]\nmethod = '{method}'\nn_signal = [100]\n{}", copies(method));
    let scans: String = methods.map(scan).concat();
    let job = format!("{OTHER}[classifier]\nseeds = [0]\n{scans}");
    let (plan, place, _) = workplace_with(directory.path(), &job);
    let sample = place.sample().expect("events");
    let data = |region| {
        sample.data(Injection::first(SignalCount(100)), &place.job.regions, region).expect("events").len()
    };
    let (inside, side_bands) = (data(Region::Signal), data(Region::SideBand));
    let other = sample.other_in(&place.job.regions, Region::Signal).expect("another sample").len();
    assert!(inside != side_bands && inside != other && side_bands != other);
    let folds = folds(&place, &plan);
    let of = |method: &str| {
        let found = folds.iter().find(|(name, _)| name == method);
        found.unwrap_or_else(|| panic!("{method} among {folds:?}")).1
    };
    assert_eq!(of("sr"), TemplateFolds::OfData);
    for method in ["sb", "curtains_f4f", "curtains_f4f_efficient"] {
        assert_eq!(of(method), TemplateFolds::OfOrigins(side_bands), "{method}");
    }
    for method in ["mc", "feta"] {
        assert_eq!(of(method), TemplateFolds::OfOrigins(other), "{method}");
    }
    // The template of GenSR begins as noise as well.
    for method in ["noise", "noise_efficient", "flow_matching", "flow_matching_efficient", "cathode", "gensr"]
    {
        assert_eq!(of(method), TemplateFolds::Random, "{method}");
    }
}

#[test]
fn an_event_counts_equally_often_in_all_points_whatever_it_is_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let scan = |method: &str, axes: &str| format!("[[scan]]\nmethod = '{method}'\n{axes}");
    let scans = [
        scan("noise", "n_signal = [0, 100]\n"),
        scan("gensr", "n_signal = [100]\n"),
        scan("over_idealised", "n_signal = [100]\noversampling = [2]\n"),
        scan("supervised", ""),
    ];
    let job = format!(
        "[independent_background]\nsource = 'file'\nevents = 'demo_extra_inner.features.h5'\n[classifier]\nseeds = [0]\n{}",
        scans.concat()
    );
    let (plan, place, _) = workplace_with(directory.path(), &job);
    let mut known: BTreeMap<u32, Counts> = BTreeMap::new();
    let (mut shared, mut generated) = (0, 0);
    for task in &plan.tasks {
        let Work::Classify(classify) = &task.work else { continue };
        let found = class_samples(&place, &classify.point).expect("enough events");
        let counts = found.event_counts(&place.stream());
        let mut sides = vec![
            (&found.unseen_background, counts.unseen_background),
            (&found.unseen_signal, counts.unseen_signal),
        ];
        for (origin, counts) in [(&found.data, counts.data), (&found.template, counts.template)] {
            match (origin, counts) {
                (Origin::Sample(events), Some(counts)) => sides.push((events, counts)),
                (Origin::Made(_), None) => generated += 1,
                _ => panic!("{} has counts where it has events of the sample, and only there", task.id.0),
            }
        }
        for (events, counts) in sides {
            assert_eq!(events.len(), counts.len(), "{}", task.id.0);
            for (event, counts) in events.iter().zip(counts) {
                let before = known.insert(*event, counts);
                assert!(before.is_none_or(|before| before == counts), "{event} in {}", task.id.0);
                shared += usize::from(before.is_some());
            }
        }
    }
    // Two templates of noise, and both classes of GenSR.
    assert_eq!(generated, 4);
    assert!(shared > 2 * known.len(), "{shared} {}", known.len());
    let different: BTreeSet<[u8; REPLICAS]> = known.values().map(|counts| counts.0).collect();
    assert_eq!(different.len(), known.len(), "each event has its own");
}

#[test]
fn templates_of_jets_are_dealt_by_the_events_that_they_began_as() {
    let directory = tempfile::tempdir().expect("a directory");
    let scan = |method: &str| {
        format!("[[scan]]\nmethod = '{method}'\ninputs = ['llv']\nn_signal = [20]\noversampling = [2]\n")
    };
    let scans: String = ["noise", "sr", "sb"].map(scan).concat();
    let (plan, place, _) = workplace_of(directory.path(), &format!("{}{scans}", jets::SMALL));
    let sample = place.sample().expect("events");
    let chosen = sample
        .chosen(Injection::first(SignalCount(20)), &place.job.regions, Region::SideBand)
        .expect("events");
    let side_bands = sample.with_jets(chosen).len();
    let expected = [
        ("noise", TemplateFolds::Random),
        ("sr", TemplateFolds::OfData),
        ("sb", TemplateFolds::OfOrigins(side_bands)),
    ];
    let found = folds(&place, &plan);
    for (method, folds) in expected {
        assert!(found.contains(&(method.to_owned(), folds)), "{method}: {found:?}");
    }
}

#[test]
fn points_see_the_signal_of_their_own_injection() {
    let directory = tempfile::tempdir().expect("a directory");
    let scan = |method: &str| {
        format!(
            "[[scan]]\nmethod = '{method}'\nn_signal = [100]\ninjection_seeds = [0, 1]\noversampling = [1]\n"
        )
    };
    let job = format!(
        "[independent_background]\nsource = 'file'\nevents = 'demo_extra_inner.features.h5'\n[classifier]\nseeds = [0]\n{}{}",
        scan("sr"),
        scan("over_idealised")
    );
    let (plan, place, _) = workplace_with(directory.path(), &job);
    let sample = place.sample().expect("events");
    let mut found = vec![];
    for task in &plan.tasks {
        let Work::Classify(chunk) = &task.work else { continue };
        let injection = chunk.point.injection().expect("data");
        let classes = class_samples(&place, &chunk.point).expect("events");
        let Origin::Sample(data) = &classes.data else { panic!("true events") };
        let signal: BTreeSet<u32> = data.iter().copied().filter(|event| sample.is_signal(*event)).collect();
        assert!(classes.unseen_signal.iter().all(|event| !signal.contains(event)), "{}", chunk.point);
        let template = match &classes.template {
            Origin::Sample(events) => events.clone(),
            Origin::Made(_) => vec![],
        };
        found.push((injection.injection_seed, signal, template));
    }
    let [first, second, first_reference, second_reference] = &found[..] else {
        panic!("four points: {found:?}")
    };
    assert_ne!(first.1, second.1, "drawn anew");
    assert_eq!(
        (&first.1, &second.1),
        (&first_reference.1, &second_reference.1),
        "methods of one seed see equal events"
    );
    assert_ne!(first_reference.2, second_reference.2, "and so is the background of a reference");
}
