use drapes_analysis::job::{KeptMoment, Marginals};
use rand_distr::{Distribution, StandardNormal};

use super::super::model::{FlowModel, Transform};
use super::*;
use crate::progress_sink::NoProgress;
use crate::sample::scaler::Scaler;
use crate::training::Checkpointer;

const NETWORK: FlowNetwork = FlowNetwork { layers: 2, blocks: 1, width: 16, epochs: 20, learning_rate: 5e-3 };

fn settings() -> FlowSettings {
    FlowSettings {
        bins: 6,
        tail: 4.0,
        batch: 256,
        gradient_clip: 5.0,
        marginals: Marginals::Standardised,
        validation_fraction: 0.1,
        kept: KeptMoment::Last,
        base: NETWORK,
        top: NETWORK,
        efficient_epochs: 2,
    }
}

/// Nothing here has columns that draw from it.
fn spread() -> rand_pcg::Pcg64 {
    Stream::of_job(99).generator()
}

fn shape(features: usize) -> FlowShape {
    FlowShape::new(features, &NETWORK, settings().bins, settings().tail)
}

/// Two correlated Gaussian features whose mean follows the mass with this slope, and the mass.
fn events(count: usize, slope: f32, seed: u64) -> FlowEvents {
    let stream = Stream::of_job(seed);
    let mut generator = stream.branch("toy").generator();
    let mut normal = || -> f32 { StandardNormal.sample(&mut generator) };
    let rows = (0..count).flat_map(|_| {
        let (mass, a, b) = (normal(), normal(), normal());
        [3.0 + slope * mass + 0.5 * a, -1.0 + 0.3 * a + 0.4 * b, 100.0 + 10.0 * mass]
    });
    let rows = Array2::from_shape_vec((count, 3), rows.collect()).expect("three columns");
    FlowEvents {
        maps: ColumnMaps::of(rows.view(), Marginals::Standardised),
        rows,
        split: stream.branch("split"),
        stream,
    }
}

fn trained(objective: &Objective, members: &[FlowEvents]) -> TrainedFlows {
    train(shape(2), (&settings(), &NETWORK), objective, members, Device::Cpu, &Checkpointer::default())
        .expect("a good training")
}

fn model(training: &TrainedFlows, member: i64, maps: &ColumnMaps) -> FlowModel {
    FlowModel { shape: shape(2), parameters: training.parameters.narrow(0, member, 1), maps: maps.clone() }
}

fn correlation(rows: &Array2<f32>) -> f64 {
    let Scaler { mean, deviation } = Scaler::of(rows.view());
    let product = |row: ndarray::ArrayView1<'_, f32>| {
        (f64::from(row[0]) - mean[0]) * (f64::from(row[1]) - mean[1]) / deviation[0] / deviation[1]
    };
    rows.rows().into_iter().map(product).sum::<f64>() / rows.nrows() as f64
}

#[test]
fn a_density_finds_the_moments_of_a_conditional_gaussian() {
    let members = [events(20_000, 0.8, 1)];
    let training = trained(&Objective::Density, &members);
    for (mass, mean) in [(95.0, 2.6), (110.0, 3.8)] {
        let made = model(&training, 0, &members[0].maps)
            .sample(&vec![mass; 20_000], &mut Stream::of_job(5).generator(), &NoProgress)
            .expect("nobody stops it");
        let found = Scaler::of(made.view());
        assert!(
            (found.mean[0] - mean).abs() < 0.03 && (found.mean[1] + 1.0).abs() < 0.03,
            "{found:?} at {mass}"
        );
        assert!(
            (found.deviation[0] - 0.5).abs() < 0.02 && (found.deviation[1] - 0.5).abs() < 0.02,
            "{found:?}"
        );
        // cov = 0.15, both deviations 0.5.
        assert!((correlation(&made) - 0.6).abs() < 0.03, "{}", correlation(&made));
    }
    let member = &training.members[0];
    assert_eq!((member.n_training, member.n_validation, member.history.losses.len()), (18_000, 2000, 50));
    // The entropy of the mapped events: half of ln((2πe)² det) with the conditional covariance.
    let Scaler { deviation, .. } = Scaler::of(members[0].rows.view());
    let determinant = 0.25 * 0.25 * (1.0 - 0.36) / (deviation[0] * deviation[1]).powi(2);
    let entropy = (2.0 * std::f64::consts::PI * std::f64::consts::E).ln() + 0.5 * determinant.ln();
    let last = f64::from(member.history.losses[49].validation.expect("events are kept aside"));
    // The mean over 2,000 events of half a χ² of two degrees of freedom is known to 0.022.
    assert!((last - entropy).abs() < 0.07, "{last} against {entropy}");
}

#[test]
fn events_are_moved_to_where_the_density_expects_them() {
    let members = [events(20_000, 0.8, 2)];
    let base = trained(&Objective::Density, &members);
    let evaluate = Flow::over(shape(2), &base.parameters);
    let top = trained(&Objective::Transport(evaluate), &members);
    let flow = model(&top, 0, &members[0].maps);
    let own: Vec<f64> = members[0].rows.column(2).iter().map(|mass| f64::from(*mass)).collect();
    let features = members[0].rows.slice(ndarray::s![.., ..2]).to_owned();
    for target in [92.0, 108.0] {
        let moved = flow
            .transport(
                features.view(),
                Transform::Masses { own: &own, target: &vec![target; own.len()] },
                &mut spread(),
                &NoProgress,
            )
            .expect("nobody stops it");
        let found = Scaler::of(moved.view());
        let mean = 3.0 + 0.08 * (target - 100.0);
        assert!(
            (found.mean[0] - mean).abs() < 0.06 && (found.mean[1] + 1.0).abs() < 0.05,
            "{found:?} at {target}"
        );
        assert!(
            (found.deviation[0] - 0.5).abs() < 0.04 && (found.deviation[1] - 0.5).abs() < 0.04,
            "{found:?}"
        );
        assert!((correlation(&moved) - 0.6).abs() < 0.05);
    }
    // There and back again is where the events were.
    let up: Vec<f64> = own.iter().map(|mass| mass + 5.0).collect();
    let there = flow
        .transport(features.view(), Transform::Masses { own: &own, target: &up }, &mut spread(), &NoProgress)
        .expect("nobody stops it");
    let back = flow
        .transport(there.view(), Transform::Masses { own: &up, target: &own }, &mut spread(), &NoProgress)
        .expect("nobody stops it");
    let far = back.iter().zip(&features).map(|(back, start)| (back - start).abs()).fold(0.0, f32::max);
    assert!(far < 1e-3, "{far}");
}

#[test]
fn events_that_do_not_follow_the_mass_stay_where_they_are() {
    let members = [events(20_000, 0.0, 3)];
    let base = trained(&Objective::Density, &members);
    let top = trained(&Objective::Transport(Flow::over(shape(2), &base.parameters)), &members);
    let own: Vec<f64> = members[0].rows.column(2).iter().map(|mass| f64::from(*mass)).collect();
    let features = members[0].rows.slice(ndarray::s![.., ..2]).to_owned();
    let transform = Transform::Masses { own: &own, target: &vec![100.0; own.len()] };
    let moved = model(&top, 0, &members[0].maps)
        .transport(features.view(), transform, &mut spread(), &NoProgress)
        .expect("nobody stops it");
    let mean = |column: usize| {
        let far = |row: usize| f64::from((moved[[row, column]] - features[[row, column]]).abs());
        (0..own.len()).map(far).sum::<f64>() / own.len() as f64 / 0.5
    };
    // In standard deviations; independent events of the same distribution would be 1.13 apart.
    assert!(mean(0) < 0.1 && mean(1) < 0.1, "{} {}", mean(0), mean(1));
}

#[test]
fn a_correction_takes_another_sample_to_the_data() {
    let data = [events(20_000, 0.8, 4)];
    let base = trained(&Objective::Density, &data);
    let mut other = events(20_000, 0.8, 5);
    // Another generator: shifted, wider, and with a dependence on the mass of its own.
    for mut row in other.rows.rows_mut() {
        row[0] = 1.3 * (row[0] - 3.0) + 3.2 + 0.02 * (row[2] - 100.0);
    }
    other.maps = data[0].maps.clone();
    let other = [other];
    let top = trained(&Objective::Correction(Flow::over(shape(2), &base.parameters)), &other);
    let near: Vec<usize> = (0..20_000).filter(|row| (other[0].rows[[*row, 2]] - 105.0).abs() < 1.0).collect();
    let rows = other[0].rows.select(ndarray::Axis(0), &near);
    let own: Vec<f64> = rows.column(2).iter().map(|mass| f64::from(*mass)).collect();
    let features = rows.slice(ndarray::s![.., ..2]).to_owned();
    let found = model(&top, 0, &data[0].maps)
        .transport(features.view(), Transform::Correction(&own), &mut spread(), &NoProgress)
        .expect("nobody stops it");
    let found = Scaler::of(found.view());
    assert!((found.mean[0] - 3.4).abs() < 0.06 && (found.mean[1] + 1.0).abs() < 0.06, "{found:?}");
    assert!((found.deviation[0] - 0.5).abs() < 0.05 && (found.deviation[1] - 0.5).abs() < 0.05, "{found:?}");
}

#[test]
fn members_that_train_together_are_as_if_alone() {
    // So few steps that rounding has not grown: the order of sums in batched products depends on the processor.
    let network = FlowNetwork { epochs: 6, learning_rate: 1e-3, ..NETWORK };
    let trained = |objective: &Objective, members: &[FlowEvents]| -> TrainedFlows {
        train(shape(2), (&settings(), &network), objective, members, Device::Cpu, &Checkpointer::default())
            .expect("a good training")
    };
    // The second has more steps than the others.
    let members = [events(4000, 0.8, 6), events(5000, 0.3, 7), events(4000, -0.5, 8)];
    let base = trained(&Objective::Density, &members);
    let together = trained(&Objective::Transport(Flow::over(shape(2), &base.parameters)), &members);
    assert!(base.members[1].rate.total > base.members[0].rate.total);
    for (member, events) in members.iter().enumerate() {
        let of = |training: &TrainedFlows| training.parameters.narrow(0, member as i64, 1);
        let alone = trained(&Objective::Density, std::slice::from_ref(events));
        let top =
            trained(&Objective::Transport(Flow::over(shape(2), &of(&base))), std::slice::from_ref(events));
        for (one, all) in [(&alone, &base), (&top, &together)] {
            let far = (&one.parameters - of(all)).abs().max().double_value(&[]);
            // The same numbers but for the order of sums in batched products.
            assert!(far < 2e-3, "member {member}: {far}");
            assert_eq!(one.members[0].rate, all.members[member].rate);
        }
    }
    let differ = (base.parameters.get(0) - base.parameters.get(2)).abs().max().double_value(&[]);
    assert!(differ > 0.05, "members learn different things: {differ}");
}

#[test]
fn a_diverging_training_says_where() {
    let wild = FlowNetwork { learning_rate: 1e30, ..NETWORK };
    let found = train(
        shape(2),
        (&settings(), &wild),
        &Objective::Density,
        &[events(2000, 0.8, 9)],
        Device::Cpu,
        &Checkpointer::default(),
    );
    let text = found.err().expect("a divergence").to_string();
    assert!(text.starts_with("the training diverged at epoch") && text.contains("every member"), "{text}");
}

#[test]
fn a_flow_that_diverges_takes_nobody_with_it() {
    let both = || [events(2000, 0.8, 12), events(2000, 0.8, 13)];
    let (well, mut ill) = (both(), both());
    ill[0].rows[[5, 1]] = f32::INFINITY;
    let base = trained(&Objective::Density, &well);
    let transport = || Objective::Transport(Flow::over(shape(2), &base.parameters));
    // In company of the same size batched products sum in the same order, so that the numbers are equal to the last bit.
    let pairs = [
        (trained(&Objective::Density, &well), trained(&Objective::Density, &ill)),
        (trained(&transport(), &well), trained(&transport(), &ill)),
    ];
    for (otherwise, found) in pairs {
        let [ill, well] = &found.members[..] else { panic!("two members") };
        assert!(ill.history.diverged.is_some_and(|epoch| epoch <= 1.5), "{:?}", ill.history.diverged);
        assert_eq!(well.history.diverged, None);
        assert_eq!(well.history, otherwise.members[1].history);
        assert!(found.parameters.get(1).equal(&otherwise.parameters.get(1)), "to the last bit");
    }
}

#[test]
fn events_in_the_tails_are_counted_and_too_few_are_refused() {
    let mut outlying = events(1000, 0.8, 10);
    outlying.rows[[3, 0]] = 100.0;
    let training = trained(&Objective::Density, std::slice::from_ref(&outlying));
    let share = training.in_tails[0];
    assert!((1.0 / 2000.0..0.01).contains(&share), "{share}");
    let few = train(
        shape(2),
        (&settings(), &NETWORK),
        &Objective::Density,
        &[events(200, 0.8, 11)],
        Device::Cpu,
        &Checkpointer::default(),
    );
    assert!(few.err().expect("a refusal").to_string().contains("lower flow.batch"));
}

#[test]
fn the_best_moment_of_a_training_that_over_trains_is_kept() {
    // Few events, a large network and a high rate: the loss on events kept aside rises again.
    let network = FlowNetwork { width: 64, epochs: 150, ..NETWORK };
    let shape = FlowShape::new(2, &network, settings().bins, settings().tail);
    let events = [events(1200, 0.8, 14)];
    let fresh = self::events(8000, 0.8, 15);
    let rows = events[0].maps.forward(fresh.rows.view(), &mut spread());
    let rows =
        Tensor::from_slice(rows.as_slice().expect("rows in a row")).reshape([1, -1, 3]).transpose(1, 2);
    let [best, last] = [KeptMoment::Best, KeptMoment::Last].map(|kept| {
        let settings = FlowSettings { kept, validation_fraction: 0.3, batch: 128, ..settings() };
        let trained = train(
            shape,
            (&settings, &network),
            &Objective::Density,
            &events,
            Device::Cpu,
            &Checkpointer::default(),
        )
        .expect("flows");
        let flow = Flow::over(shape, &trained.parameters);
        Objective::Density.evaluate(&flow, &rows, &Output::Loss).loss.double_value(&[0])
    });
    assert!(best + 0.05 < last, "{best} {last}");
}
