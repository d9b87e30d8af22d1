use drapes_analysis::plan::random_stream::Stream;
use rand_distr::{Distribution, Exp1, StandardNormal};

use super::*;

fn generator() -> Pcg64 {
    Stream::of_job(2).generator()
}

/// A feature with a hard edge at zero, one that is constant, and a mass.
fn rows(count: usize) -> Array2<f32> {
    let mut generator = Stream::of_job(1).generator();
    Array2::from_shape_fn((count, 3), |(event, column)| match column {
        0 => Exp1.sample(&mut generator),
        1 => 7.0,
        _ => 3000.0 + event as f32,
    })
}

#[test]
fn mapped_features_are_normal_and_come_back() {
    let rows = rows(20_000);
    let maps = ColumnMaps::of(rows.view(), Marginals::Gaussian);
    let mapped = maps.forward(rows.view(), &mut generator());
    let scaler = Scaler::of(mapped.view());
    assert!(scaler.mean[0].abs() < 0.01 && (scaler.deviation[0] - 1.0).abs() < 0.01, "{scaler:?}");
    let beyond_two = mapped.column(0).iter().filter(|z| z.abs() > 2.0).count() as f64 / 20_000.0;
    assert!((beyond_two - 0.0455).abs() < 0.003, "{beyond_two}");
    for event in 0..1000 {
        for column in 0..3 {
            let back = maps.column(column).backward(f64::from(mapped[[event, column]]));
            let own = f64::from(rows[[event, column]]);
            assert!((back - own).abs() < 1e-3 * own.abs().max(1.0), "{back} {own}");
        }
    }
}

#[test]
fn an_edge_stays_an_edge() {
    let maps = ColumnMaps::of(rows(20_000).view(), Marginals::Gaussian);
    // Five standard deviations out, where no event was: hardly beyond the edge.
    assert!(maps.column(0).backward(-5.0) > -0.01);
    let straight = ColumnMaps::of(rows(20_000).view(), Marginals::Standardised);
    assert!(straight.column(0).backward(-1.5) < -0.3);
}

#[test]
fn the_mass_is_only_shifted_and_scaled() {
    let maps = ColumnMaps::of(rows(1000).view(), Marginals::Gaussian);
    assert_eq!(maps.column(2).own.len(), 2);
    assert_eq!(maps.column(1), &ColumnMap::straight(7.0, 1.0), "a constant column");
}

/// The shares of values among mapped normal numbers that come back.
fn made(map: &ColumnMap, count: usize) -> Vec<f32> {
    let mut generator = Stream::of_job(3).generator();
    (0..count)
        .map(|_| {
            let z: f64 = StandardNormal.sample(&mut generator);
            map.backward(z) as f32
        })
        .collect()
}

fn map_of(values: &[f32], marginals: Marginals) -> ColumnMap {
    let rows = Array2::from_shape_fn(
        (values.len(), 2),
        |(event, column)| if column == 0 { values[event] } else { 0.0 },
    );
    ColumnMaps::of(rows.view(), marginals).column(0).clone()
}

fn share(values: &[f32], wanted: impl Fn(f32) -> bool) -> f64 {
    values.iter().filter(|value| wanted(**value)).count() as f64 / values.len() as f64
}

#[test]
fn ordinary_columns_are_mapped_as_ever() {
    let rows = rows(5000);
    let Scaler { mean, deviation } = Scaler::of(rows.view());
    let maps = ColumnMaps::of(rows.view(), Marginals::Standardised);
    let mut untouched = generator();
    let mapped = maps.forward(rows.view(), &mut untouched);
    assert_eq!(untouched, generator(), "no random number is drawn");
    for column in [0, 2] {
        let straight = ColumnMap::straight(mean[column], deviation[column]);
        assert_eq!(maps.column(column), &straight);
        let expected = straight.forward(f64::from(rows[[7, column]])) as f32;
        assert_eq!(mapped[[7, column]].to_bits(), expected.to_bits());
    }
}

#[test]
fn an_atom_comes_back_exactly_and_as_often() {
    let is_atom = |x: f32| x.to_bits() == 0.1_f32.to_bits();
    let mut random = generator();
    // Four of five events are 0.1, the others lie beyond a gap.
    let values: Vec<f32> = (0..20_000)
        .map(|event| {
            let tail: f32 = Exp1.sample(&mut random);
            if event % 5 > 0 { 0.1 } else { 1.5 + tail }
        })
        .collect();
    for marginals in [Marginals::Standardised, Marginals::Gaussian] {
        let map = map_of(&values, marginals);
        let mapped: Vec<f32> = values.iter().map(|x| map.spread(f64::from(*x), &mut random) as f32).collect();
        let scaler =
            Scaler::of(Array2::from_shape_vec((20_000, 1), mapped.clone()).expect("a column").view());
        assert!(scaler.mean[0].abs() < 0.02 && (scaler.deviation[0] - 1.0).abs() < 0.02, "{scaler:?}");
        let (atoms, others): (Vec<_>, Vec<_>) =
            values.iter().zip(&mapped).partition(|(own, _)| is_atom(**own));
        assert!(atoms.iter().all(|(_, mapped)| is_atom(map.backward(f64::from(**mapped)) as f32)));
        let lost =
            others.iter().filter(|(_, mapped)| is_atom(map.backward(f64::from(**mapped)) as f32)).count();
        assert!(
            lost <= 1,
            "only the event on the border, which single precision may round into the atom: {lost}"
        );
        let made = made(&map, 50_000);
        assert!((share(&made, is_atom) - 0.8).abs() < 0.006);
        assert!(share(&made, |x| !is_atom(x) && x < 1.499).abs() < 1e-9, "nothing in the gap");
        assert!((share(&made, |x| x > 2.5) - 0.2 * (-1.0_f64).exp()).abs() < 0.006);
    }
}

#[test]
fn whole_numbers_come_back_as_whole_numbers() {
    let mut random = generator();
    for scale in [3.0_f32, 300.0] {
        let normals = (0..20_000).map(|_| -> f32 { StandardNormal.sample(&mut random) });
        let values: Vec<f32> = normals.map(|z| (scale * z).round()).collect();
        let map = map_of(&values, Marginals::Standardised);
        for value in &values[..2000] {
            let back = map.backward(map.spread(f64::from(*value), &mut random));
            assert!((back - f64::from(*value)).abs() < 1e-6, "{back} {value}");
        }
        let made = made(&map, 50_000);
        assert!(made.iter().all(|value| value.fract() == 0.0));
        for limit in [-scale, 0.0, 0.5 * scale] {
            let difference = share(&made, |x| x <= limit) - share(&values, |x| x <= limit);
            assert!(difference.abs() < 0.012, "{scale} {limit}: {difference}");
        }
    }
}

#[test]
fn a_value_that_was_never_learnt_is_mapped_too() {
    let values: Vec<f32> = (0..5000).map(|event| [0.0, 2.0, 5.0][event % 3]).collect();
    let map = map_of(&values, Marginals::Standardised);
    let mut random = generator();
    for value in [-7.0, 1.0, 3.3, 1e30] {
        let mapped = map.spread(value, &mut random);
        assert!(mapped.is_finite());
        assert!([0.0, 2.0, 5.0].contains(&map.backward(mapped)), "{value} {mapped}");
    }
    assert_eq!((map.backward(-60.0), map.backward(60.0)), (0.0, 5.0));
}

#[test]
fn one_event_far_out_does_not_rule_the_scale() {
    let mut random = generator();
    let mut values: Vec<f32> = (0..6400).map(|_| Exp1.sample(&mut random)).collect();
    values[7] = 1e30;
    let map = map_of(&values, Marginals::Standardised);
    let mapped: Vec<f64> = values.iter().map(|x| map.spread(f64::from(*x), &mut random)).collect();
    let beyond_one = mapped.iter().filter(|z| z.abs() > 1.0).count() as f64 / 6400.0;
    assert!((beyond_one - 0.317).abs() < 0.01, "{beyond_one}");
    assert!(mapped.iter().all(|z| z.abs() < 6.0));
    // What a model makes beyond the last event stays there, however steep the map is.
    assert!((map.backward(50.0) as f32).is_finite() && map.backward(50.0) <= 1.001e30);
}
