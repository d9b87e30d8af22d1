use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng;

use super::*;
use crate::statistics::metrics::RankedScores;

/// Scores about a mean, in steps of a size, and how often each counts.
fn events(count: usize, mean: f64, step: f64, generator: &mut Pcg64) -> (Vec<f32>, Vec<Counts>) {
    let score = |generator: &mut Pcg64| {
        let normal: f64 = StandardNormal.sample(generator);
        (((normal + mean) / step).round() * step) as f32
    };
    (0..count).map(|_| (score(generator), draw_counts(generator))).unzip()
}

fn ranked((scores, counts): &(Vec<f32>, Vec<Counts>)) -> Ranked<'_> {
    Ranked::new(scores, &counts.iter().collect::<Vec<_>>())
}

/// Scores as often as they count in a replica.
fn repeated((scores, counts): &(Vec<f32>, Vec<Counts>), replica: usize) -> Vec<f32> {
    let each = scores.iter().zip(counts);
    each.flat_map(|(score, counts)| std::iter::repeat_n(*score, counts.0[replica].into())).collect()
}

#[test]
fn a_replica_has_what_its_events_have_when_written_down_as_often_as_they_count() {
    let mut generator = Pcg64::seed_from_u64(3);
    // Of fine scores, and of coarse ones that many events share.
    for step in [1e-6, 0.5] {
        let background = events(12_000, 0.0, step, &mut generator);
        let signal = events(700, 2.0, step, &mut generator);
        let template = events(3_000, 0.1, step, &mut generator);
        let found =
            Replicas::of(&ranked(&background), &ranked(&signal), [&ranked(&template), &ranked(&background)]);
        let [sic, high, auc, closure] =
            [&found.sic_at_1e3, &found.sic_at_5e3, &found.auc, &found.background_closure_auc]
                .map(|values| values.as_ref().expect("events in all replicas"));
        for replica in 0..REPLICAS {
            let of = |events| repeated(events, replica);
            let expected = RankedScores::new(of(&background), of(&signal)).performance();
            let expected_closure = RankedScores::new(of(&template), of(&background)).auc();
            let near = |found: f32, expected: Option<f64>| {
                let expected = expected.expect("events");
                assert!((f64::from(found) - expected).abs() < 1e-6 * expected, "{found} {expected}");
            };
            near(sic[replica], expected.sic_at_1e3);
            near(high[replica], expected.sic_at_5e3);
            near(auc[replica], expected.auc);
            near(closure[replica], expected_closure);
        }
    }
}

#[test]
fn counts_are_poisson_numbers_with_a_mean_of_one() {
    let mut generator = Pcg64::seed_from_u64(4);
    let mut seen = [0_u32; 256];
    let events = 4_000;
    for count in (0..events).flat_map(|_| draw_counts(&mut generator).0) {
        seen[usize::from(count)] += 1;
    }
    let mut probability = (-1.0_f64).exp();
    for (count, seen) in seen.iter().take(6).enumerate() {
        let expected = probability * f64::from(events) * REPLICAS as f64;
        assert!((f64::from(*seen) - expected).abs() < 5.0 * expected.sqrt(), "{count}: {seen} of {expected}");
        probability /= (count + 1) as f64;
    }
    assert!(seen[12..].iter().all(|seen| *seen == 0), "a dozen is drawn once in a thousand million times");
}

#[test]
fn the_spread_of_replicas_is_that_of_samples_drawn_anew() {
    let mut generator = Pcg64::seed_from_u64(5);
    let of = |generator: &mut Pcg64| (events(4_000, 0.0, 1e-6, generator), events(400, 1.0, 1e-6, generator));
    let anew: Vec<[f64; 2]> = (0..200)
        .map(|_| {
            let ((background, _), (signal, _)) = of(&mut generator);
            let found = RankedScores::new(background, signal).performance();
            [found.auc, found.sic_at_1e3].map(|value| value.expect("events"))
        })
        .collect();
    // What one sample says of its own error scatters, that of the tail the more: of several.
    let mut said = [0.0; 2];
    let samples = 10;
    for _ in 0..samples {
        let (background, signal) = of(&mut generator);
        let empty = Ranked::empty();
        let found = Replicas::of(&ranked(&background), &ranked(&signal), [&empty, &empty]);
        assert_eq!(found.background_closure_auc, None, "nothing to close");
        for (said, values) in said.iter_mut().zip([&found.auc, &found.sic_at_1e3]) {
            let values: Vec<f64> =
                values.as_ref().expect("events").iter().map(|value| f64::from(*value)).collect();
            *said += spread(&values).expect("many") / f64::from(samples);
        }
    }
    for (measure, said) in said.into_iter().enumerate() {
        let true_spread =
            spread(&anew.iter().map(|values| values[measure]).collect::<Vec<_>>()).expect("many");
        assert!((0.75..1.35).contains(&(said / true_spread)), "{measure}: {said} of {true_spread}");
    }
}

#[test]
fn means_are_weighted_and_lack_what_one_lacks() {
    let of = |auc: f32, sic: Option<f32>| Replicas {
        auc: Some(vec![auc; REPLICAS]),
        sic_at_1e3: sic.map(|sic| vec![sic; REPLICAS]),
        ..Replicas::default()
    };
    let (one, other) = (of(0.6, Some(3.0)), of(0.9, None));
    let mean = Replicas::mean([(2.0, &one), (1.0, &other)].into_iter()).expect("two");
    assert!(mean.auc.expect("both have it").iter().all(|auc| (auc - 0.7).abs() < 1e-6));
    assert_eq!(mean.sic_at_1e3, None);
    assert_eq!(Replicas::mean(std::iter::empty()), None);
    // A later version may have more of them.
    let more = Replicas { auc: Some(vec![0.5; 2 * REPLICAS]), ..Replicas::default() };
    assert_eq!(Replicas::mean([(1.0, &one), (1.0, &more)].into_iter()).expect("two").auc, None);
}

#[test]
fn what_cannot_be_told_of_a_replica_is_told_of_none() {
    let mut generator = Pcg64::seed_from_u64(6);
    let (few, signal) = (events(1_000, 0.0, 1e-6, &mut generator), events(50, 1.0, 1e-6, &mut generator));
    let empty = Ranked::empty();
    let found = Replicas::of(&ranked(&few), &ranked(&signal), [&empty, &empty]);
    assert!(found.auc.is_some() && found.sic_at_1e3.is_none(), "in some replicas less than one event passes");
    let none = Replicas::of(&ranked(&few), &empty, [&empty, &empty]);
    assert_eq!(none, Replicas::default());
}
