use drapes_analysis::job::JobFile;
use drapes_analysis::job::point::{ClassifierKind, Comparison};
use drapes_analysis::job::quantities::{InjectionSeed, SignalCount};

use super::*;

/// A job on masses 1,000 to 2,000 GeV with the signal region in the middle.
fn job(extra: &str) -> Job {
    let text = format!(
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\nlayout = 'table'\nfeatures = ['x']\n[regions]\n\
         signal_region_gev = [1400, 1600]\nside_bands_gev = [1000, 2000]\n{extra}\n[[scan]]\nmethod = 'noise'\n\
         n_signal = [0, 10]\n"
    );
    JobFile::from_text("job.toml", text).check().expect("a good job")
}

/// 1,000 background events evenly from 1,000 to 2,000 GeV, and 40 signal events at 1,500 GeV.
fn events() -> Events {
    let mass = (0..1000).map(|event| 1000.0 + f64::from(event)).chain((0..40).map(|_| 1500.0)).collect();
    let features = Array2::from_shape_fn((1040, 1), |(event, _)| event as f32);
    let is_signal = (0..1040).map(|event| event >= 1000).collect();
    let dropped = crate::data::Dropped::default();
    Events {
        mass,
        features,
        generated: None,
        is_signal,
        rows: (0..1040).collect(),
        jets: None,
        dropped,
        remarks: Vec::new(),
    }
}

fn count(events: &RegionEvents) -> (usize, usize) {
    let signal = events.is_signal.iter().filter(|signal| **signal).count();
    (events.len() - signal, signal)
}

#[test]
fn injected_counts_are_exact_and_nested() {
    let job = job("");
    let sample = Sample::new(&job, events(), None, None).expect("a good sample");
    let data = |n: u32, region| {
        sample.data(Injection::first(SignalCount(n)), &job.regions, region).expect("enough signal")
    };
    assert_eq!(count(&data(0, Region::Signal)), (200, 0));
    assert_eq!(count(&data(10, Region::Signal)), (200, 10));
    assert_eq!(count(&data(10, Region::SideBand)), (800, 0));
    let signal =
        |n: u32| -> Vec<f32> { data(n, Region::Signal).features.iter().copied().skip(200).collect() };
    assert_eq!(signal(10)[..7], signal(7));
    assert_eq!(sample.unused_signal(Injection::first(SignalCount(10)), job.regions.signal).len(), 30);
    let unused =
        sample.features(&sample.unused_signal(Injection::first(SignalCount(10)), job.regions.signal));
    assert!(unused.iter().all(|event| !signal(10).contains(event)));
    assert_eq!(sample.masses(Injection::first(SignalCount(10))).expect("enough signal").len(), 1010);
}

/// The features of the signal of an injection, in its order.
fn signal_of(sample: &Sample, job: &Job, n_signal: u32, seed: u32) -> Vec<f32> {
    let injection = Injection::of_seed(SignalCount(n_signal), InjectionSeed(seed));
    let data = sample.data(injection, &job.regions, Region::Signal).expect("enough signal");
    data.features.iter().copied().skip(200).collect()
}

/// Points of so much signal with each of these seeds.
fn points(job: &Job, n_signal: u32, seeds: impl IntoIterator<Item = u32>) -> Vec<ScanPoint> {
    let of = |seed| {
        let mut point = job.points[0];
        let Comparison::Search { template, .. } = &mut point.comparison else { panic!("a template") };
        template.sample.injection = Injection::of_seed(SignalCount(n_signal), InjectionSeed(seed));
        point
    };
    seeds.into_iter().map(of).collect()
}

#[test]
fn injections_of_other_seeds_are_drawn_anew() {
    let mut job = job("");
    job.points = points(&job, 10, [0, 1, 7]);
    let sample = Sample::new(&job, events(), None, None).expect("a good sample");
    let [first, second, third] = [0, 1, 7].map(|seed| signal_of(&sample, &job, 10, seed));
    assert!(first != second && second != third && first != third);
    for (seed, signal) in [(0, &first), (1, &second), (7, &third)] {
        assert_eq!(signal.len(), 10);
        assert_eq!(signal[..7], signal_of(&sample, &job, 7, seed), "nested in the order of its seed");
        let unused = sample
            .unused_signal(Injection::of_seed(SignalCount(10), InjectionSeed(seed)), job.regions.signal);
        assert_eq!(unused.len(), 30);
        assert!(sample.features(&unused).iter().all(|event| !signal.contains(event)));
    }
    // What jobs without other seeds inject stays what it was.
    let alone = Sample::new(&super::tests::job(""), events(), None, None).expect("a good sample");
    assert_eq!(signal_of(&alone, &job, 10, 0), first);
    // A job that asks for another seed later gets the same events.
    job.points.remove(1);
    let later = Sample::new(&job, events(), None, None).expect("a good sample");
    assert_eq!(signal_of(&later, &job, 10, 7), third);
}

#[test]
fn poisson_injections_fluctuate_around_their_mean_and_stay_nested() {
    let mut job = job("[injection]\ncount = 'poisson'\n");
    let seeds = 0..400;
    job.points = points(&job, 16, seeds.clone());
    let sample = Sample::new(&job, events(), None, None).expect("a good sample");
    let counts: Vec<f64> =
        seeds.clone().map(|seed| signal_of(&sample, &job, 16, seed).len() as f64).collect();
    let n = counts.len() as f64;
    let mean = counts.iter().sum::<f64>() / n;
    let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (n - 1.0);
    // Errors of mean and variance: 4/√400 and 16 √(2/399), about.
    assert!((mean - 16.0).abs() < 4.0 * 0.2 && (variance - 16.0).abs() < 4.0 * 1.15, "{mean} {variance}");
    for seed in 0..20 {
        let (small, large) = (signal_of(&sample, &job, 8, seed), signal_of(&sample, &job, 16, seed));
        assert_eq!(large[..small.len()], small);
    }
    assert_eq!(signal_of(&sample, &job, 0, 3), [0.0; 0]);
    // The largest is what counts, not the mean: 40 events are there.
    job.points = points(&job, 33, seeds);
    let refused = Sample::new(&job, events(), None, None).err().expect("a refusal").to_string();
    assert!(refused.contains("40 signal events") && refused.contains("lower n_signal"), "{refused}");
}

#[test]
fn withheld_background_is_not_data() {
    let job = job("[independent_background]\nsource = 'withheld'\nfraction = 0.25");
    let sample = Sample::new(&job, events(), None, None).expect("a good sample");
    let data = sample.data(Injection::default(), &job.regions, Region::Signal).expect("no signal needed");
    assert_eq!((data.len(), sample.independent().len()), (150, 50));
    let data: Vec<f32> = data.features.iter().copied().collect();
    assert!(sample.features(sample.independent()).iter().all(|event| !data.contains(event)));
    let bands = sample.data(Injection::default(), &job.regions, Region::SideBand).expect("no signal needed");
    assert_eq!(bands.len(), 800);
    assert_eq!(
        sample.masses(Injection::default()).expect("no signal needed").len(),
        1000,
        "the spectrum has no gap"
    );
}

#[test]
fn further_background_counts_inside_the_signal_region_only() {
    let job = job("[independent_background]\nsource = 'file'\nevents = 'b.h5'");
    let sample = Sample::new(&job, events(), Some(&events()), None).expect("a good sample");
    assert_eq!(sample.independent().len(), 200);
}

#[test]
fn impossible_requests_are_refused_with_their_reason() {
    let refused = |job: &Job, events: Events| {
        Sample::new(job, events, None, None).err().expect("a refusal").to_string()
    };
    let mut job = job("");
    job.points.push(ScanPoint {
        comparison: Comparison::Idealised { injection: SignalCount(41).into() },
        classifier: ClassifierKind::Mlp,
    });
    assert!(refused(&job, events()).contains("40 signal events (at least 41 are needed) lower n_signal"));
    job.points.pop();
    job.regions.outer = MassWindow::new(500.0, 2000.0);
    assert!(refused(&job, events()).contains("leave the data's range 1000-1999 GeV"));
    let mut mev = events();
    mev.mass.iter_mut().for_each(|mass| *mass *= 1000.0);
    let words = refused(&job, mev);
    assert!(words.contains("these look like MeV: write unit = \"MeV\" in [data] and the windows in MeV, or divide the masses by 1000"), "{words}");
    assert!(
        words.lines().skip(1).all(|line| line.starts_with("error: "))
            && words.contains("(at least 1 is needed)"),
        "{words}"
    );
    // Data that are cut off do not reach a side-band, data that thin out do.
    job.regions.outer = MassWindow::new(1000.0, 2050.0);
    assert!(refused(&job, events()).contains("leave the data's range 1000-1999 GeV"));
    let mut falling = events();
    for (event, mass) in falling.mass.iter_mut().enumerate().take(1000) {
        *mass = 1000.0 - 150.0 * ((event as f64 + 0.5) / 1000.0).ln();
    }
    job.regions.outer = MassWindow::new(1000.0, 4000.0);
    assert!(Sample::new(&job, falling, None, None).is_ok());
    job.regions.outer = MassWindow::new(1000.0, 2000.0);
    job.regions.signal = MassWindow::new(1400.2, 1400.7);
    assert!(refused(&job, events()).contains("the signal region of"));
}

#[test]
fn background_of_another_sample_is_taken_in_the_signal_region_only() {
    let mut job = job("[other_sample]\nsource = 'file'");
    let sample = Sample::new(&job, events(), None, Some(&events())).expect("a good sample");
    assert_eq!(sample.other_in(&job.regions, Region::Signal).expect("a sample").len(), 200);
    let outside = Events { mass: vec![1000.0; 1040], ..events() };
    assert!(Sample::new(&job, events(), None, Some(&outside)).is_ok(), "nothing of the job needs it");
    let Comparison::Search { template, .. } = &mut job.points[0].comparison else { panic!("a search") };
    template.method = TemplateMethod::OtherSample;
    let refused = Sample::new(&job, events(), None, Some(&outside)).err().expect("a refusal").to_string();
    assert!(refused.contains("other_sample.events"), "{refused}");
}
