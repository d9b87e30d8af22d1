use std::cell::Cell;
use std::time::Duration;

use drapes_analysis::job::{KeptMoment, Marginals};
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_operators::{Operators, told_of};
use rand_distr::{Distribution, StandardNormal};
use tch::Kind;

use super::*;
use crate::fused::{MemberState, Rule, Way};
use crate::models::flow::kernel::FlowPasses;
use crate::progress_sink::ProgressSink;
use crate::training::{CheckpointFile, kernels_agree, operators_of_a_step, trained_apart};

const FEATURES: usize = 5;
const NETWORK: FlowNetwork = FlowNetwork { layers: 3, blocks: 2, width: 32, epochs: 3, learning_rate: 1e-3 };

fn settings() -> FlowSettings {
    FlowSettings {
        bins: 10,
        tail: 2.5,
        batch: 100,
        gradient_clip: 5.0,
        marginals: Marginals::Standardised,
        validation_fraction: 0.1,
        kept: KeptMoment::Last,
        base: NETWORK,
        top: NETWORK,
        efficient_epochs: 2,
    }
}

fn shape(network: &FlowNetwork, bins: usize) -> FlowShape {
    FlowShape::new(FEATURES, network, bins, settings().tail)
}

fn events(count: usize, seed: u64) -> FlowEvents {
    let stream = Stream::of_job(seed);
    let mut generator = stream.branch("toy").generator();
    let rows = Array2::from_shape_simple_fn((count, FEATURES + 1), || -> f32 {
        StandardNormal.sample(&mut generator)
    });
    FlowEvents {
        maps: ColumnMaps::of(rows.view(), Marginals::Standardised),
        rows,
        split: stream.branch("split"),
        stream,
    }
}

/// Parameters of flows that are far from the identity.
fn parameters(shape: FlowShape, members: usize) -> Tensor {
    let streams: Vec<Stream> = (0..members).map(|member| Stream::of_job(7).branch(member)).collect();
    let start = shape.initial(&streams, Device::Cpu);
    let shift = Tensor::arange(start.numel() as i64, (Kind::Float, Device::Cpu)).sin() * 0.1;
    &start + shift.view_as(&start)
}

/// What flows of this width learn, each with a finished density where it needs one.
fn objectives() -> [Objective; 3] {
    let base = || {
        let shape = shape(&FlowNetwork { layers: 2, blocks: 1, width: 13, ..NETWORK }, 4);
        Flow::over(shape, &parameters(shape, 2))
    };
    [Objective::Density, Objective::Transport(base()), Objective::Correction(base())]
}

/// Two members of unequal size, the first of which has learnt enough when the second has not.
fn both<'a>(
    objective: &'a Objective,
    settings: &FlowSettings,
    network: &FlowNetwork,
) -> Training<FlowsModel<'a>> {
    both_of((1, 2), objective, settings, network)
}

/// The same of events of these seeds.
fn both_of<'a>(
    seeds: (u64, u64),
    objective: &'a Objective,
    settings: &FlowSettings,
    network: &FlowNetwork,
) -> Training<FlowsModel<'a>> {
    let events = [events(500, seeds.0), events(1100, seeds.1)];
    let shape = shape(network, settings.bins);
    training(shape, (settings, network), objective, &events, Device::Cpu).expect("enough events")
}

/// Loss and gradient of a member in a step of a block, by its kernels.
fn by_kernels(
    model: &FlowsModel<'_>,
    block: &Tensor,
    (member, step): (usize, usize),
    own: &Tensor,
) -> (f32, Tensor) {
    let kernels = model.fused(block).expect("kernels for these flows");
    let layers = kernels.layers();
    // A step that changes no parameter and keeps its gradient as the first moment.
    let still = Rule { clip: None, moments: (1.0, 1.0), keep: 1.0, rate: 0.0, epsilon: 1.0, pull: 0.0 };
    let mut state = MemberState::new(layers, false);
    layers.pad(&Vec::<f32>::try_from(own).expect("numbers"), &mut state.parameters);
    let loss = kernels.take(member, &[(step, still)], &mut state);
    let mut found = vec![0.0; layers.flat_len()];
    layers.flatten(&state.first, &mut found);
    (loss, Tensor::from_slice(&found))
}

/// The same as tensors of this precision.
fn by_tensors(
    model: &FlowsModel<'_>,
    block: &Tensor,
    (member, step): (usize, usize),
    own: &Tensor,
    kind: Kind,
) -> (f64, Tensor) {
    let chosen = block.get(step as i64).view([2, -1]).get(member as i64);
    let rows = pick(&model.events, &chosen, 1).to_kind(kind);
    let flow = Flow::over(model.shape, &own.unsqueeze(0).to_kind(kind));
    let density =
        |base: &Flow| Flow::over(*base.shape(), &base.parameters().narrow(0, member as i64, 1).to_kind(kind));
    let objective = match model.objective {
        Objective::Density => Objective::Density,
        Objective::Transport(base) => Objective::Transport(density(base)),
        Objective::Correction(base) => Objective::Correction(density(base)),
    };
    let buffers = GradientBuffers::new(&objective, &flow);
    let found = objective.evaluate(&flow, &rows, &Output::Gradient(&buffers));
    (found.loss.double_value(&[0]), found.gradient.expect("it was wanted").get(0).to_kind(Kind::Double))
}

/// Compares kernels with tensors in double precision; where single precision cannot tell, with tensors of single precision.
fn agree(mut training: Training<FlowsModel<'_>>) {
    let shape = training.model.shape;
    // Nothing may stay at zero: a zero output layer would hide mistakes below it.
    let parameters = parameters(shape, 2);
    let steps = 3;
    let block = training.model.draw(&mut training.members, steps);
    for (step, member) in (0..steps).flat_map(|step| [(step, 0), (step, 1)]) {
        let (model, at, own) = (&training.model, (member, step), parameters.get(member as i64));
        let (loss, gradient) = by_kernels(model, &block, at, &own);
        let (single_loss, single) = by_tensors(model, &block, at, &own, Kind::Float);
        let (exact_loss, exact) = by_tensors(model, &block, at, &own, Kind::Double);
        let lost = (f64::from(loss) / exact_loss - 1.0).abs();
        assert!(
            lost < 1e-6 + 2.0 * (single_loss / exact_loss - 1.0).abs(),
            "{loss} where it should be {exact_loss}"
        );
        let largest = |of: &Tensor| of.abs().max().double_value(&[]);
        let scale = largest(&exact);
        let [apart, usual] = [gradient, single].map(|found| largest(&(found - &exact)) / scale);
        assert!(scale > 1e-3, "a gradient to compare with");
        assert!(apart < 1e-5 + 2.0 * usual, "{apart} in step {step} of member {member}, of tensors {usual}");
    }
}

#[test]
fn kernels_compute_what_tensors_do() {
    let settings = settings();
    for objective in &objectives() {
        agree(both(objective, &settings, &NETWORK));
        let odd = FlowNetwork { layers: 2, blocks: 1, width: 13, ..NETWORK };
        agree(both(objective, &FlowSettings { bins: 5, batch: 34, ..settings.clone() }, &odd));
        // Few enough nodes and events that hardly any lies so near the bend of a ReLU that rounding decides.
        let wide = FlowNetwork { layers: 2, blocks: 2, width: 70, ..NETWORK };
        agree(both(objective, &FlowSettings { bins: 2, batch: 66, ..settings.clone() }, &wide));
    }
    // The layout of the ensemble's parameters, and the loop's own steps.
    kernels_agree(both(&Objective::Density, &FlowSettings { tail: 6.0, ..settings }, &NETWORK));
}

#[test]
fn trainings_by_kernels_and_by_the_steps_of_a_gpu_differ_by_rounding_alone() {
    let (settings, network) = (settings(), FlowNetwork { epochs: 1, ..NETWORK });
    // The gradient jumps where an event crosses a knot of a spline. In one of some hundred steps an event lies so near to one that rounding
    // decides, and from then on the trainings differ: which ones these are goes by the processor. A mistake would be in all of them.
    let samples = [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)];
    for objective in &objectives() {
        let both = || samples.map(|seeds| both_of(seeds, objective, &settings, &network));
        let run = |training: Training<_>| training.run(&Checkpointer::default()).expect("an end");
        let by_tensors = both().map(|mut training| {
            training.model.kernel = None;
            run(training)
        });
        let dense = both().map(|mut training| {
            training.network.0.go_through_dense_networks();
            training.network.1 = GradientBuffers::new(objective, &training.network.0);
            training.run_as_on_a_gpu()
        });
        for found in [both().map(run), both().map(Training::run_as_on_a_gpu), dense] {
            let apart: Vec<_> = found
                .iter()
                .zip(&by_tensors)
                .map(|(found, expected)| trained_apart(found, expected))
                .collect();
            let alike = apart.iter().filter(|apart| apart.0 < 1e-5 && apart.1 < 1e-4).count();
            assert!(alike >= 3 && apart.iter().all(|apart| apart.0 < 1e-2 && apart.1 < 1e-2), "{apart:?}");
        }
    }
}

#[test]
fn nothing_depends_on_who_learns_beside_a_member() {
    let settings = settings();
    for (together_with, alone_with) in objectives().iter().zip(&objectives().map(|all| all.of_member(1))) {
        let together =
            both(together_with, &settings, &NETWORK).run(&Checkpointer::default()).expect("an end");
        let shape = shape(&NETWORK, settings.bins);
        let alone = training(shape, (&settings, &NETWORK), alone_with, &[events(1100, 2)], Device::Cpu);
        let alone = alone.expect("enough events").run(&Checkpointer::default()).expect("an end");
        assert_eq!(alone.parameters.get(0), together.parameters.get(1), "to the bit");
        assert_eq!(alone.members[0].history, together.members[1].history);
    }
}

#[test]
fn events_pass_kernels_as_they_pass_tensors() {
    for network in [NETWORK, FlowNetwork { layers: 2, blocks: 1, width: 13, ..NETWORK }] {
        let shape = shape(&network, 10);
        let parameters = parameters(shape, 1);
        let passes = FlowPasses::new(shape, &parameters).expect("kernels");
        let flow = Flow::over(shape, &parameters);
        let x = Tensor::arange(FEATURES as i64 * 200, (Kind::Float, Device::Cpu)).square().sin() * 3.0;
        let (x, context) = (x.view([1, FEATURES as i64, 200]), x.narrow(0, 100, 200).view([1, 1, 200]));
        let [image, preimage] = [Way::Forward, Way::Inverse].map(|way| passes.pass(way, &x, &context));
        let largest = |of: &Tensor| of.abs().max().double_value(&[]);
        assert!(largest(&(&image - &x)) > 0.3, "the flow does something");
        assert!(largest(&(&image - flow.image(&x, &context))) < 1e-5);
        let apart = largest(&(&preimage - flow.preimage(&x, &context)));
        assert!(apart < 5e-5, "{apart}");
        let back = largest(&(passes.pass(Way::Inverse, &image, &context) - &x));
        assert!(back < 1e-4, "{back}");
    }
}

/// Tells a training to stop after so many looks.
struct Impatient(Cell<usize>);

impl ProgressSink for Impatient {
    fn progress(&self, _share: f64) {}

    fn should_stop(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left == 0
    }
}

#[test]
fn a_training_that_is_stopped_goes_on_with_the_same_bits() {
    let settings = FlowSettings { kept: KeptMoment::Best, ..settings() };
    let [_, objective, _] = objectives();
    let straight = both(&objective, &settings, &NETWORK).run(&Checkpointer::default()).expect("an end");
    let folder = tempfile::tempdir().expect("a folder");
    let file = || CheckpointFile {
        path: folder.path().join("a.checkpoint"),
        fingerprint: Fingerprint("a".to_owned()),
        device: "cpu".to_owned(),
    };
    let mut stops = 0;
    let found = loop {
        let sink = Impatient(Cell::new(stops % 3));
        let checkpointer = Checkpointer::new(&sink, file(), Duration::MAX);
        match both(&objective, &settings, &NETWORK).run(&checkpointer) {
            Ok(trained) => break trained,
            Err(Error::Stopped) => stops += 1,
            Err(other) => panic!("{other}"),
        }
        assert!(stops < 100, "it never ends");
    };
    assert!(stops > 2, "{stops}");
    assert_eq!(straight.parameters, found.parameters, "to the bit");
    for (one, other) in straight.members.iter().zip(&found.members) {
        assert_eq!(one.history, other.history);
    }
}

/// The operators of a step towards an objective as a GPU takes it, where a spline is one kernel, as are its inverse and its
/// gradients, which occur so many times.
fn operators_on_a_gpu(mut objective: Objective, times: [usize; 4]) -> usize {
    let settings = settings();
    let network = FlowNetwork { layers: 4, ..NETWORK };
    let (spline, device) = (shape(&network, settings.bins).spline, Device::Cpu);
    let numbers = |shape: &[i64]| Tensor::ones(shape, (Kind::Float, device)) * 0.1;
    let (x, raw) = (numbers(&[2, 5, 10]), numbers(&[2, 5, spline.parameters() as i64, 10]));
    let passed = spline.forward(&x, &raw);
    let kernels = [
        Operators::of(|| drop(spline.forward(&x, &raw))),
        Operators::of(|| drop(spline.inverse(&x, &raw))),
        Operators::of(|| drop(passed.backward(&spline, &x, &x))),
        Operators::of(|| drop(passed.backward_inverse(&spline, &x, &x))),
    ];
    if let Objective::Transport(base) | Objective::Correction(base) = &mut objective {
        base.go_through_dense_networks();
    }
    let mut training = both(&objective, &settings, &network);
    training.network.0.go_through_dense_networks();
    training.network.1 = GradientBuffers::new(&objective, &training.network.0);
    let step = operators_of_a_step(training);
    assert_eq!(step.reads(), 0, "{step}");
    step.total() - kernels.iter().zip(times).map(|(kernel, times)| times * kernel.saved()).sum::<usize>()
}

#[test]
fn events_of_a_flow_are_so_many_operators() {
    let shape = shape(&FlowNetwork { layers: 4, ..NETWORK }, settings().bins);
    let flow = Flow::over(shape, &parameters(shape, 1));
    let numbers = |shape: &[i64]| Tensor::ones(shape, (Kind::Float, Device::Cpu)) * 0.1;
    let (z, context) = (numbers(&[1, 5, 10]), numbers(&[1, 1, 10]));
    let raw = numbers(&[1, 1, shape.spline.parameters() as i64, 10]);
    let spline = Operators::of(|| drop(shape.spline.inverse(&z.narrow(1, 0, 1), &raw)));
    let found = Operators::of(|| drop(flow.preimage(&z, &context)));
    assert_eq!(
        found.with_one_kernel_for(4 * FEATURES, &[spline]),
        told_of("events of a base flow, four layers"),
        "{found}"
    );
}

#[test]
fn a_step_of_a_gpu_is_so_many_operators() {
    let base = || {
        let shape = shape(&FlowNetwork { layers: 4, ..NETWORK }, settings().bins);
        Flow::over(shape, &parameters(shape, 2))
    };
    let found = [
        operators_on_a_gpu(Objective::Density, [4, 0, 4, 0]),
        // Up by the flow and down by its inverse, a feature after the other; all layers of both side by side; then both through the
        // density. The gradient of all layers is one pass back for the matrices that they pass on, and one for their parameters.
        operators_on_a_gpu(Objective::Transport(base()), [9, 20, 7, 0]),
        operators_on_a_gpu(Objective::Correction(base()), [8, 0, 8, 0]),
    ];
    let told =
        ["base flow, four layers", "top flow of CURTAINsF4F, four layers", "top flow of FETA, four layers"];
    assert_eq!(found, told.map(told_of));
}
