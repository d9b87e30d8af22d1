use drapes_analysis::plan::random_stream::Stream;
use rand::RngExt;
use rand_distr::{Distribution, Exp1, StandardNormal};

use super::*;

fn normal(count: usize) -> Vec<f32> {
    let mut generator = Stream::of_job(1).generator();
    (0..count).map(|_| StandardNormal.sample(&mut generator)).collect()
}

fn judged(values: &[f32]) -> Column {
    Column::of(values.iter().copied()).expect("values")
}

#[test]
fn smooth_columns_are_ordinary() {
    let mut generator = Stream::of_job(2).generator();
    let exponential: Vec<f32> = (0..20_000).map(|_| Exp1.sample(&mut generator)).collect();
    let uniform: Vec<f32> = (0..20_000).map(|_| generator.random::<f32>()).collect();
    for values in [normal(20_000), normal(30), exponential, uniform] {
        let column = judged(&values);
        assert_eq!(column.nature, Nature::Smooth);
        assert!(!column.needs_ranks() && notes("feature x", &column).is_empty());
    }
}

#[test]
fn counted_and_rounded_values_are_found() {
    let few: Vec<f32> = normal(5000).iter().map(|x| (3.0 * x).round()).collect();
    let Nature::Discrete(values) = judged(&few).nature else { panic!("few whole numbers") };
    assert_eq!(values.iter().map(|atom| atom.events).sum::<usize>(), 5000);
    let many: Vec<f32> = normal(20_000).iter().map(|x| (300.0 * x).round()).collect();
    let whole = Lattice { origin: f64::from(many.iter().copied().fold(0.0, f32::min)), step: 1.0 };
    assert_eq!(judged(&many).nature, Nature::Lattice(whole));
    let hundredths =
        |scale: f32| judged(&normal(20_000).iter().map(|x| (scale * x).round() / 100.0).collect::<Vec<_>>());
    assert!(matches!(hundredths(300.0).nature, Nature::Discrete(_)), "each of these is kept");
    let Nature::Lattice(found) = hundredths(2000.0).nature else { panic!("steps of a hundredth") };
    assert!((found.step - 0.01).abs() < 1e-5, "{found:?}");
    // A function of whole numbers lies on no lattice.
    let logarithms: Vec<f32> = many.iter().map(|x| (x.abs() + 1.0).ln()).collect();
    assert!(matches!(judged(&logarithms).nature, Nature::Discrete(_)));
}

#[test]
fn atoms_are_told_from_the_rest() {
    let zeros: Vec<f32> = normal(5000).iter().map(|x| if *x > 1.0 { *x } else { 0.0 }).collect();
    let column = judged(&zeros);
    let Nature::Mixed(atoms) = &column.nature else { panic!("{:?}", column.nature) };
    assert_eq!((atoms.len(), atoms[0].value), (1, 0.0));
    let share = atoms[0].events as f64 / 5000.0;
    assert!((share - 0.841).abs() < 0.02, "{share}");
    let text = notes("feature b", &column).concat();
    assert!(text.contains("feature b is mixed: 0 in 8"), "{text}");
    assert_eq!(judged(&[0.7; 50]).nature, Nature::Constant(f64::from(0.7_f32)));
}

#[test]
fn outliers_are_named_with_their_numbers() {
    let mut values = normal(6400);
    values[7] = 1e30;
    let column = judged(&values);
    let outliers = column.outliers.expect("one");
    assert_eq!(outliers.events, 1);
    let text = notes("feature b", &column).concat();
    assert!(
        text.starts_with(
            "feature b: 1 of 6,400 events rules its standard deviation, the furthest at 1e30, where"
        ),
        "{text}"
    );
    // An event in the tail of the others is not one of those that rule.
    values[8] = 40.0;
    values[9] = -1e25;
    let text = notes("feature b", &judged(&values)).concat();
    assert!(text.starts_with("feature b: 2 of 6,400 events rule "), "{text}");
    // Also where one value holds nearly all events, and in either direction.
    let mut mostly = vec![0.0_f32; 5000];
    (0..50).for_each(|event| mostly[event] = 1.0);
    assert_eq!(judged(&mostly).outliers, None);
    mostly[0] = -1e20;
    assert_eq!(judged(&mostly).outliers.map(|found| (found.events, found.furthest < -1e19)), Some((1, true)));
}
