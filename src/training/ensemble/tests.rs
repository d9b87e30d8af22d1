use std::cell::Cell;
use std::num::NonZeroUsize;
use std::time::Duration;

use drapes_analysis::job::{KeptMoment, Schedule};
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::plan::random_stream::Stream;

use super::*;
use crate::nn::Initial;
use crate::progress_sink::ProgressSink;
use crate::training::batches::BatchesState;
use crate::training::state::TrainingState;
use crate::training::{
    Averaging, CheckpointFile, Notice, Recorded, ResultOf, Resumable, Snapshot, TooFew, TrainingHistory,
    assert_foreign_changes_nothing,
};

/// One parameter a member, drawn towards the mean of values, with noise on the way.
struct Means {
    values: Tensor,
    /// Where a member's loss on events kept aside is least.
    best: f64,
}

impl Model for Means {
    type Network = Tensor;
    type Block = (Vec<Vec<u32>>, Vec<f32>);

    const STEPS_A_BLOCK: usize = 3;

    fn network(&self, parameters: &Tensor) -> Tensor {
        parameters.shallow_clone()
    }

    fn draw(&self, members: &mut [Learner], steps: usize) -> Self::Block {
        let (mut events, mut noise) = (vec![], vec![]);
        for _ in 0..steps {
            for member in &mut *members {
                events.push(member.batches.next_batch().to_vec());
                noise.extend(member.noise.next_step(1));
            }
        }
        (events, noise)
    }

    fn gradient(
        &self,
        parameters: &Tensor,
        (events, noise): &Self::Block,
        step: usize,
        loss: &mut Tensor,
    ) -> Tensor {
        let members = parameters.size()[0] as usize;
        let mean = |member: usize| {
            let place = step * members + member;
            let rows: Vec<i64> = events[place].iter().map(|row| i64::from(*row)).collect();
            let chosen = self.values.index_select(0, &Tensor::from_slice(&rows));
            chosen.mean(Kind::Float) + f64::from(noise[place]) * 0.1
        };
        let away = parameters - Tensor::stack(&(0..members).map(mean).collect::<Vec<_>>(), 0).unsqueeze(1);
        *loss += away.square().squeeze_dim(1);
        away * 2.0
    }

    fn validation(&self, parameters: &Tensor, _wanted: &[bool]) -> Vec<Option<f32>> {
        let losses = (parameters - self.best).square().squeeze_dim(1);
        Vec::<f32>::try_from(&losses).expect("losses").into_iter().map(Some).collect()
    }
}

fn settings(result: ResultOf) -> TrainingSettings {
    TrainingSettings {
        epochs: 20,
        batch: 4,
        learning_rate: 0.05,
        warmup_steps: 0,
        schedule: Schedule::Constant,
        weight_decay: 0.0,
        gradient_clip: None,
        result,
        recorded: Recorded::EachEpoch,
        patience: None,
    }
}

/// Members of so many of the values 1, and the last of another.
fn training(counts: &[u32], last: f32, settings: TrainingSettings) -> Training<Means> {
    let (mut values, mut learners) = (vec![], vec![]);
    for (member, count) in counts.iter().enumerate() {
        let first = values.len() as u32;
        let stream = Stream::of_job(u64::from(*count));
        let value = if member + 1 == counts.len() { last } else { 1.0 };
        values.extend(vec![value; *count as usize]);
        let rows = (first..first + count).collect();
        learners.push(Learner::new(rows, 0, *count as usize / settings.batch, &settings, &stream));
    }
    let mut layout = Layout::default();
    layout.push(1, 1, Initial::Zero);
    let model = Means { values: Tensor::from_slice(&values), best: 0.5 };
    Training::new(model, &layout, settings, learners, Device::Cpu)
}

fn parameters<M>(trained: &Trained<M>) -> Vec<f32> {
    Vec::<f32>::try_from(&trained.parameters.flatten(0, -1)).expect("parameters")
}

fn run(training: Training<Means>) -> Trained<Means> {
    training.run(&Checkpointer::default()).expect("somebody is well")
}

#[test]
fn members_rest_after_their_last_step_and_learn_as_if_alone() {
    for result in [ResultOf::LastStep, ResultOf::RunningAverage(Averaging::Decay(0.9))] {
        let settings = TrainingSettings { recorded: Recorded::FiftyTimes, ..settings(result) };
        let together = run(training(&[8, 20], 2.0, settings));
        let [short, long] = &together.members[..] else { panic!("two members") };
        assert_eq!((short.rate.total, long.rate.total), (40, 100));
        assert_eq!((short.n_training, short.n_validation), (8, 0));
        assert_eq!(
            (short.history.losses.len(), long.history.losses.len()),
            (40, 50),
            "each by its own steps"
        );
        let [first, second] = parameters(&together)[..] else { panic!("two members") };
        assert!((first - 1.0).abs() < 0.15 && (second - 2.0).abs() < 0.15, "{first} {second}");
        // But for the last bit: one learning rate for all and one for each are rounded otherwise.
        for (count, last, found, member) in [(8, 1.0, first, short), (20, 2.0, second, long)] {
            let alone = run(training(&[count], last, settings));
            let parameter = parameters(&alone)[0];
            assert!((parameter - found).abs() < 1e-6, "{parameter} {found}");
            let expected = &alone.members[0].history.losses;
            assert_eq!(expected.len(), member.history.losses.len());
            for (expected, found) in expected.iter().zip(&member.history.losses) {
                assert_eq!(expected.epoch.to_bits(), found.epoch.to_bits());
                let validation = |loss: &Loss| loss.validation.expect("a loss");
                assert!((expected.training - found.training).abs() < 1e-5, "{expected:?} {found:?}");
                assert!((validation(expected) - validation(found)).abs() < 1e-5, "{expected:?} {found:?}");
            }
        }
    }
}

#[test]
fn members_of_unlike_size_learn_and_are_recorded_alike_by_the_steps_of_a_gpu() {
    for patience in [None, NonZeroUsize::new(3)] {
        let settings = TrainingSettings { patience, ..settings(ResultOf::RecordedMoment(KeptMoment::Best)) };
        let new = || training(&[8, 20, 36], 2.0, settings);
        let (on_processor, on_gpu) = (run(new()), new().run_as_on_a_gpu());
        let lengths: Vec<usize> = on_gpu.members.iter().map(|member| member.history.losses.len()).collect();
        assert!(patience.is_some() || lengths == [20, 20, 20], "each after its own epochs: {lengths:?}");
        assert!(
            patience.is_none() || lengths.iter().any(|length| *length < 20),
            "somebody stops: {lengths:?}"
        );
        for (found, expected) in on_gpu.members.iter().zip(&on_processor.members) {
            assert_eq!(found.history.losses.len(), expected.history.losses.len());
            for (found, expected) in found.history.losses.iter().zip(&expected.history.losses) {
                assert_eq!(found.epoch.to_bits(), expected.epoch.to_bits());
                assert!((found.training - expected.training).abs() < 1e-5, "{found:?} {expected:?}");
            }
        }
        let (found, expected) = (parameters(&on_gpu), parameters(&on_processor));
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?} {expected:?}");
    }
}

#[test]
fn the_result_is_the_average_the_best_moment_or_the_end() {
    let of = |result| parameters(&run(training(&[16], 1.0, settings(result))))[0];
    let last = of(ResultOf::LastStep);
    // The loss on events kept aside is least on the way, at a half.
    let best = of(ResultOf::RecordedMoment(KeptMoment::Best));
    assert!((best - 0.5).abs() < 0.15 && (last - 1.0).abs() < 0.15, "{best} {last}");
    assert_eq!(of(ResultOf::RecordedMoment(KeptMoment::Last)).to_bits(), last.to_bits());
    let average = of(ResultOf::RunningAverage(Averaging::Decay(0.99)));
    assert!(average < last && average > 0.2, "it lags behind: {average}");
    assert_eq!(of(ResultOf::RunningAverage(Averaging::Decay(0.0))).to_bits(), last.to_bits());
}

#[test]
fn long_gradients_are_clipped_where_that_is_asked_for() {
    let clipped = |limit| {
        let settings =
            TrainingSettings { gradient_clip: limit, weight_decay: 0.0, ..settings(ResultOf::LastStep) };
        let mut training = training(&[16], 1.0, settings);
        let block = training.model.draw(&mut training.members, 1);
        training.step(&block, 0);
        // The first moment is a tenth of the first gradient, which is twice the distance.
        10.0 * training.adam.first.double_value(&[0, 0])
    };
    assert!((clipped(None) + 2.0).abs() < 0.5, "{}", clipped(None));
    assert!((clipped(Some(0.25)) + 0.25).abs() < 1e-6);
}

#[test]
fn a_member_that_diverges_is_left_out_and_all_of_them_are_an_error() {
    let together = run(training(&[16, 16], f32::INFINITY, settings(ResultOf::LastStep)));
    assert_eq!(together.members[1].history.diverged, Some(1.0));
    assert!(together.members[1].history.losses.is_empty());
    let company = run(training(&[16, 16], 1.0, settings(ResultOf::LastStep)));
    assert_eq!(together.members[0].history, company.members[0].history);
    let nobody = training(&[16], f32::INFINITY, settings(ResultOf::LastStep)).run(&Checkpointer::default());
    let text = nobody.err().expect("nobody is well").to_string();
    assert!(text.starts_with("the training diverged at epoch 1.0"), "{text}");
}

#[test]
fn too_few_events_are_refused_and_the_rest_is_split() {
    let settings = settings(ResultOf::LastStep);
    let (chance, too_few) =
        (Stream::of_job(1), TooFew { region: "a region", what: "events", advice: "take more" });
    let split = |batch| {
        let settings = TrainingSettings { batch, ..settings };
        Learner::of_some((10..30).collect(), (0.3, &chance), &settings, &Stream::of_job(2), &too_few)
    };
    let (learner, kept) = split(4).expect("three batches");
    assert_eq!((learner.trained.n_training, learner.trained.n_validation, kept.len()), (14, 6, 6));
    assert_eq!(learner.trained.rate.total, 3 * settings.epochs);
    let mut all = [learner.batches.order(), &kept].concat();
    assert!(!all.is_sorted(), "chosen by chance");
    all.sort_unstable();
    assert_eq!(all, (10..30).collect::<Vec<_>>());
    let text = split(15).err().expect("no batch").to_string();
    assert!(text.contains("the training part of a region"), "{text}");
    assert!(text.contains("14 events (at least 15 are needed) take more"), "{text}");
}

/// Stops when it has been asked so many times.
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
fn whatever_is_kept_a_stopped_training_goes_on_with_the_same_bits() {
    let best = ResultOf::RecordedMoment(KeptMoment::Best);
    for result in [best, ResultOf::RunningAverage(Averaging::Decay(0.9)), ResultOf::LastStep] {
        let new = || training(&[8, 20], 2.0, settings(result));
        let straight = run(new());
        let folder = tempfile::tempdir().expect("a folder");
        let mut stops = 0;
        let found = loop {
            let file = CheckpointFile {
                path: folder.path().join("a.checkpoint"),
                fingerprint: Fingerprint("a".to_owned()),
                device: "cpu".to_owned(),
            };
            let sink = Impatient(Cell::new(stops % 3));
            match new().run(&Checkpointer::new(&sink, file, Duration::MAX)) {
                Ok(found) => break found,
                Err(Error::Stopped) => stops += 1,
                Err(other) => panic!("{other}"),
            }
            assert!(stops < 100, "it never ends");
        };
        assert!(stops > 10, "{stops}");
        assert_eq!(parameters(&found), parameters(&straight));
        for (one, other) in found.members.iter().zip(&straight.members) {
            assert_eq!(one.history, other.history);
        }
    }
}

#[test]
fn a_checkpoint_of_other_events_changes_nothing() {
    for result in [ResultOf::RunningAverage(Averaging::Decay(0.9)), ResultOf::LastStep] {
        assert_foreign_changes_nothing(&mut training(&[8, 20], 2.0, settings(result)));
    }
}

/// What earlier programs saved of a training.
#[derive(serde::Serialize)]
struct Unversioned {
    done: usize,
    adam_steps: i32,
    histories: Vec<TrainingHistory>,
    batches: Vec<BatchesState>,
    noise: Vec<rand_pcg::Pcg64>,
}

fn with_state(own: &Snapshot, state: &impl serde::Serialize) -> Snapshot {
    Snapshot::new(own.tensors.iter().map(Tensor::shallow_clone).collect(), own.lists.clone(), state)
}

#[test]
fn a_checkpoint_of_another_version_or_another_training_does_not_count() {
    let new = |result| training(&[8, 20], 2.0, settings(result));
    let (average, last) = (ResultOf::RunningAverage(Averaging::Decay(0.9)), ResultOf::LastStep);
    let own = new(average).snapshot();
    assert!(new(average).restore(&own).is_some());
    assert!(new(last).restore(&own).is_none(), "it holds an average");
    assert!(training(&[8], 2.0, settings(average)).restore(&own).is_none(), "of two members");
    let state = || own.rest::<TrainingState>().expect("a state");
    assert!(new(average).restore(&with_state(&own, &state())).is_some(), "the same again");
    let later = TrainingState { version: state().version + 1, ..state() };
    assert!(new(average).restore(&with_state(&own, &later)).is_none());
    let TrainingState { done, adam_steps, histories, batches, .. } = state();
    let noise = vec![Stream::of_job(1).generator(); 2];
    let earlier = Unversioned { done, adam_steps, histories, batches, noise };
    let folder = tempfile::tempdir().expect("a folder");
    let file = || CheckpointFile {
        path: folder.path().join("a.checkpoint"),
        fingerprint: Fingerprint("a".to_owned()),
        device: "cpu".to_owned(),
    };
    file().write(&with_state(&own, &earlier), crate::training::Progress::default()).expect("room");
    let told = Cell::new(None);
    let note = |notice: Notice| told.set(Some(notice));
    let sink = crate::progress_sink::NoProgress;
    let checkpointer = Checkpointer::new(&sink, file(), Duration::MAX).telling(&note);
    new(average).run(&checkpointer).expect("it begins anew");
    let notice = told.take().expect("a word").to_string();
    assert!(notice.starts_with("begins anew: its checkpoint does not count"), "{notice}");
}
