mod alive;
mod bad_ranks;
mod deadlines;
mod others;

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use drapes_analysis::dispatch::{
    Attempt, Dispatcher, Fault, Graph, Halt, IfStopped, Known, Limits, Outlook, Schedule,
};
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::plan::work::TrainJets;
use drapes_analysis::plan::{Pace, PaceKind, Task, TaskId, Work};
use drapes_analysis::store::Activity;
use proptest::prelude::*;

use super::*;
use crate::dispatch::stop::{Clock, Signals};
use crate::error::Error;
use crate::progress_sink::ProgressSink;

/// A scan of made-up tasks, and what shall happen to each.
#[derive(Clone, Debug)]
struct Scan {
    needs: Vec<Vec<u32>>,
    fates: Vec<Fate>,
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Works,
    Fails,
    /// It works until it is told to stop.
    WaitsForHalt,
    /// Its result cannot be stored.
    FillsTheDisk,
    /// It cannot read what it needs until that has been done here.
    FindsTornNeeds,
    /// It can never read what it needs.
    CannotRead,
    /// It fails and takes the device with it.
    BreaksTheDevice,
}

impl Scan {
    fn of(needs: &[&[u32]], fate: impl Fn(usize) -> Fate) -> Self {
        let fates = (0..needs.len()).map(fate).collect();
        Self { needs: needs.iter().map(|needs| needs.to_vec()).collect(), fates }
    }
}

/// Tasks that nobody looks into, named by their places.
struct MadeUp;

fn named(place: usize) -> TaskId {
    TaskId(place.to_string())
}

impl Assignments for MadeUp {
    fn of(&self, place: usize, attempt: Attempt) -> Assignment {
        let work = Work::TrainJets(TrainJets { samples: vec![] });
        let task = Task { id: named(place), work, needs: vec![] };
        Assignment { place, task, fingerprint: Fingerprint(format!("of {place}")), attempt }
    }

    fn need(&self, _of: usize, needed: &TaskId) -> Option<usize> {
        needed.0.parse().ok()
    }
}

/// What was seen of a run.
#[derive(Debug, Default)]
struct Diary {
    ended: Vec<(usize, usize, Ended)>,
    lost: Vec<usize>,
    repeated: Vec<usize>,
    retired: Vec<(usize, String)>,
    silent: Vec<usize>,
    activity: Vec<Activity>,
    halted: Option<Halt>,
    /// Whether every task began only after those that it needs had ended well.
    in_order: bool,
}

impl Diary {
    fn done(&self) -> HashSet<usize> {
        let done = self.ended.iter().filter(|(_, _, ended)| matches!(ended, Ended::Done { .. }));
        done.map(|(task, ..)| *task).collect()
    }
}

impl Observer for Diary {
    fn began(&mut self, _task: usize, _rank: usize) {}
    fn progress(&mut self, _task: usize, _share: f64) {}
    fn ended(&mut self, task: usize, rank: usize, ended: &Ended) {
        self.ended.push((task, rank, ended.clone()));
    }
    fn lost(&mut self, task: usize, _needs: usize) {
        self.lost.push(task);
    }
    fn silent(&mut self, rank: usize, _host: &str, silence: Option<Duration>) {
        if silence.is_some() {
            self.silent.push(rank);
        }
    }
    fn retired(&mut self, rank: usize, _host: &str, reason: &str) {
        self.retired.push((rank, reason.to_owned()));
    }
    fn halting(&mut self, _why: Halt) {}
    fn repeated(&mut self, task: usize) {
        self.repeated.push(task);
    }
    fn activity(&mut self, activity: Activity) {
        if self.activity.last() != Some(&activity) {
            self.activity.push(activity);
        }
    }
    fn tick(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// A rank's tasks; `order` collects who has ended.
struct Tasks<'a> {
    scan: &'a Scan,
    order: &'a Mutex<Vec<usize>>,
    in_order: &'a Mutex<bool>,
    broken: bool,
}

impl Tasks<'_> {
    fn was_done_here(&self, task: u32) -> bool {
        // What was done before stands once at the beginning.
        self.order.lock().expect("no panic").iter().filter(|done| **done == task as usize).count() > 1
    }
}

impl Performer for Tasks<'_> {
    fn perform(&mut self, assignment: &Assignment, sink: &dyn ProgressSink) -> Ended {
        let Assignment { place: task, attempt, .. } = *assignment;
        assert!(!self.broken, "a broken device gets no more tasks");
        sink.progress(0.5);
        let done: HashSet<u32> =
            self.order.lock().expect("no panic").iter().map(|task| *task as u32).collect();
        if !self.scan.needs[task].iter().all(|need| done.contains(need)) {
            *self.in_order.lock().expect("no panic") = false;
        }
        match self.scan.fates[task] {
            Fate::Works => {
                self.order.lock().expect("no panic").push(task);
                Ended::Done { seconds: 0.0 }
            }
            Fate::Fails => Ended::Failed { reason: "as told".to_owned() },
            Fate::BreaksTheDevice => {
                self.broken = true;
                let reason = "CUDA error".to_owned();
                match attempt {
                    Attempt::First => Ended::LetDown { fault: Fault::Device, reason },
                    Attempt::Last => Ended::Failed { reason },
                }
            }
            Fate::FindsTornNeeds if self.scan.needs[task].iter().all(|need| self.was_done_here(*need)) => {
                self.order.lock().expect("no panic").push(task);
                Ended::Done { seconds: 0.0 }
            }
            Fate::FindsTornNeeds | Fate::CannotRead => {
                let needs = self.scan.needs[task].iter().map(|need| named(*need as usize)).collect();
                Ended::UnreadableInput { needs, reason: "torn".to_owned() }
            }
            Fate::FillsTheDisk => {
                // It works for a while before it stores what it has: by then all ranks have joined.
                std::thread::sleep(Duration::from_millis(300));
                Ended::NotStored { reason: "no space left".to_owned() }
            }
            Fate::WaitsForHalt => {
                let start = std::time::Instant::now();
                while !sink.should_stop() {
                    assert!(start.elapsed() < Duration::from_secs(20), "nobody says halt");
                    std::thread::sleep(Duration::from_millis(1));
                }
                Ended::Stopped
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.broken { Err("the context is gone".to_owned()) } else { Ok(()) }
    }
}

/// How a scan is run.
struct Setting<'a> {
    ranks: usize,
    limits: Limits,
    clock: Clock,
    signals: Signals,
    known: Vec<Known>,
    other_shards: &'a mut dyn OtherShards,
    patience: Duration,
}

fn setting<'a>(scan: &Scan, ranks: usize, other_shards: &'a mut dyn OtherShards) -> Setting<'a> {
    Setting {
        ranks,
        limits: Limits::default(),
        clock: Clock::until(None, Duration::ZERO),
        signals: Signals::default(),
        known: vec![Known::Open; scan.needs.len()],
        other_shards,
        patience: Duration::ZERO,
    }
}

/// Runs a scan on ranks that are threads.
fn run(scan: &Scan, setting: Setting<'_>) -> (Result<Vec<usize>, Error>, Diary) {
    let Setting { ranks, limits, clock, signals, known, other_shards, patience } = setting;
    let seconds = vec![1e-6; scan.needs.len()];
    let outlook =
        Outlook { kind: PaceKind::Perceptrons, seconds: 1e-6, left: None, if_stopped: IfStopped::GoesOn };
    let schedule = Schedule::new(Graph::from_needs(&scan.needs), &seconds, &known);
    let mut dispatcher =
        Dispatcher::new(schedule, vec![outlook; seconds.len()], ranks, limits, Pace::default())
            .of_ranks_that_join();
    let done_before = (0..known.len()).filter(|task| known[*task] != Known::Open).collect();
    let (order, in_order) = (Mutex::new(done_before), Mutex::new(true));
    let mut world = Threads::world(ranks);
    let leader = world.remove(0);
    let mut diary = Diary::default();
    let result = std::thread::scope(|scope| {
        let tasks = || Tasks { scan, order: &order, in_order: &in_order, broken: false };
        for rank in world {
            let (computing_thread, end) = ComputingThread::new();
            let mut tasks = tasks();
            scope.spawn(move || run_tasks(&end, &mut tasks));
            let clock = Clock::until(None, Duration::ZERO);
            scope.spawn(move || {
                run_worker(&rank, &computing_thread, &clock, &Signals::default()).expect("a good leader");
            });
        }
        let (computing_thread, end) = ComputingThread::new();
        let mut tasks = tasks();
        scope.spawn(move || run_tasks(&end, &mut tasks));
        let leader = Leader {
            transport: &leader,
            environment: Environment::default(),
            hosts: vec!["here".to_owned(); ranks],
            assignments: &MadeUp,
            results: &mut Nothing,
            computing_thread: &computing_thread,
            dispatcher: &mut dispatcher,
            clock: &clock,
            signals: &signals,
            observer: &mut diary,
            other_shards,
            patience,
        };
        leader.run()
    });
    diary.halted = dispatcher.halted();
    diary.in_order = *in_order.lock().expect("no panic");
    (result, diary)
}

/// Rank 0 cannot read what others cannot read.
struct Nothing;

impl ResultReader for Nothing {
    fn is_readable(&mut self, _task: usize) -> bool {
        false
    }
}

/// Two trainings, three templates, and classifiers behind them.
const CHAIN: [&[u32]; 8] = [&[], &[], &[0], &[0], &[1], &[2], &[3], &[4]];

#[test]
fn a_failed_training_loses_what_needs_it_and_nothing_else() {
    let scan = Scan::of(&CHAIN, |task| if task == 0 { Fate::Fails } else { Fate::Works });
    let (result, diary) = run(&scan, setting(&scan, 3, &mut NoOtherShards));
    result.expect("good ranks");
    assert_eq!(diary.lost, [2, 3, 5, 6]);
    assert_eq!(diary.done(), [1, 4, 7].into());
}

#[test]
fn a_full_disk_ends_the_run_with_the_name_of_the_task() {
    let fate = |task| match task {
        0 => Fate::FillsTheDisk,
        1 => Fate::WaitsForHalt,
        _ => Fate::Works,
    };
    let scan = Scan::of(&CHAIN, fate);
    let (result, diary) = run(&scan, setting(&scan, 2, &mut NoOtherShards));
    let error = result.expect_err("a full disk").to_string();
    assert!(error.contains("no space left") && error.contains("run the same command again"), "{error}");
    // The other rank stopped where it was.
    assert!(diary.ended.iter().any(|(task, _, ended)| *task == 1 && *ended == Ended::Stopped));
    assert_eq!(diary.halted, Some(Halt::Storage));
}

#[test]
fn signals_and_deadlines_stop_what_runs() {
    let scan = Scan::of(&CHAIN, |task| if task == 1 { Fate::WaitsForHalt } else { Fate::Works });
    let signals = Signals::default();
    let later = signals.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        later.raise();
    });
    let mut nobody = NoOtherShards;
    let signalled = Setting { signals, ..setting(&scan, 2, &mut nobody) };
    let (result, diary) = run(&scan, signalled);
    result.expect("good ranks");
    assert_eq!((diary.halted, diary.done()), (Some(Halt::Signal), [0, 2, 3, 5, 6].into()));
    let deadline = Some(SystemTime::now() + Duration::from_millis(5200));
    let clock = Clock::until(deadline, Duration::ZERO);
    let limits = Limits { deadline: clock.end(), ..Limits::default() };
    let mut nobody = NoOtherShards;
    let (result, diary) = run(&scan, Setting { limits, clock, ..setting(&scan, 2, &mut nobody) });
    result.expect("good ranks");
    assert_eq!((diary.halted, diary.done().len()), (Some(Halt::Deadline), 5));
}

#[test]
fn a_rank_whose_device_breaks_retires_and_the_others_go_on() {
    let wide: Vec<&[u32]> = vec![&[]; 40];
    // A task that breaks every device has failed when it has broken two.
    let scan = Scan::of(&wide, |task| if task < 1 { Fate::BreaksTheDevice } else { Fate::Works });
    let (result, diary) = run(&scan, setting(&scan, 3, &mut NoOtherShards));
    result.expect("good ranks");
    assert_eq!((diary.done().len(), diary.halted, diary.retired.len()), (39, None, 2));
    let failed = diary.ended.iter().filter(|(_, _, ended)| matches!(ended, Ended::Failed { .. }));
    assert_eq!(failed.map(|(task, ..)| *task).collect::<Vec<_>>(), [0]);
    // Nothing is left to do when the second device breaks, and it is told of all the same.
    let scan = Scan::of(&[&[]], |_| Fate::BreaksTheDevice);
    let (result, diary) = run(&scan, setting(&scan, 3, &mut NoOtherShards));
    result.expect("good ranks");
    assert_eq!((diary.ended.len(), diary.halted, diary.retired.len()), (2, None, 2));
    let scan = Scan::of(&wide, |task| if task < 2 { Fate::BreaksTheDevice } else { Fate::Works });
    let (result, diary) = run(&scan, setting(&scan, 2, &mut NoOtherShards));
    result.expect("good ranks");
    assert_eq!(diary.halted, Some(Halt::NoRanks));
}

#[test]
fn results_that_cannot_be_read_are_made_again_before_what_needs_them() {
    let fate = |fate| move |task| if task == 2 || task == 3 { fate } else { Fate::Works };
    let mut known = vec![Known::Open; 8];
    (known[0], known[1]) = (Known::Done, Known::Done);
    let mut nobody = NoOtherShards;
    let scan = Scan::of(&CHAIN, fate(Fate::FindsTornNeeds));
    let (result, diary) = run(&scan, Setting { known: known.clone(), ..setting(&scan, 2, &mut nobody) });
    result.expect("good ranks");
    assert_eq!((diary.halted, diary.done()), (None, [0, 2, 3, 4, 5, 6, 7].into()));
    assert!(diary.repeated.iter().all(|task| *task == 0) && !diary.repeated.is_empty());
    let scan = Scan::of(&CHAIN, fate(Fate::CannotRead));
    let mut nobody = NoOtherShards;
    let (result, diary) = run(&scan, Setting { known, ..setting(&scan, 2, &mut nobody) });
    let error = result.expect_err("a file system that forgets").to_string();
    assert!(error.contains("although they were made again (torn)"), "{error}");
    assert_eq!(diary.halted, Some(Halt::Storage));
}

#[test]
fn a_rank_that_is_told_to_stop_before_work_begins_is_heard() {
    let mut world = Threads::world(3);
    let (leader, first, second) = (world.remove(0), world.remove(0), world.remove(0));
    let signals = Signals::default();
    let ready = |events: &str| {
        Message::Ready(Ok(Environment { events: events.to_owned(), ..Environment::default() }))
    };
    first.send(0, &ready("a")).expect("a leader");
    // It stops its own worker at once: a leader that does not know would give it tasks for ever.
    first.send(0, &Message::Signalled).expect("a leader");
    second.send(0, &ready("b")).expect("a leader");
    let events = |_, message| match message {
        Message::Ready(environment) => {
            Some(environment.map(|found| found.events).map_err(|_| Error::Stopped))
        }
        _ => None,
    };
    assert_eq!(gather(&leader, &signals, || false, events).expect("two answers"), ["a", "b"]);
    assert!(signals.received());
    let error = gather(&leader, &signals, || true, events).expect_err("nobody says anything").to_string();
    assert!(error.starts_with("ranks 1 and 2 answer no more at the start of the run ("), "{error}");
}

#[test]
fn messages_survive_the_wire_and_noise_does_not_pass_for_one() {
    for message in [
        Message::Assign(Box::new(MadeUp.of(7, Attempt::First))),
        Message::Progress(1, 0.25),
        Message::Ended(3, Ended::Failed { reason: "ε < 0".to_owned() }, Some("no device".to_owned())),
        Message::Ended(4, Ended::Done { seconds: 0.1 }, None),
    ] {
        assert_eq!(Message::from_bytes(1, &message.to_bytes()).expect("a message"), message);
    }
    let error = Message::from_bytes(4, b"{\"Assign\":").expect_err("noise");
    assert!(error.to_string().starts_with("rank 4 sent a message"), "{error}");
}

/// Scans of up to forty tasks, each of which needs some earlier ones.
fn scans() -> impl Strategy<Value = Scan> {
    let fate = prop_oneof![12 => Just(Fate::Works), 2 => Just(Fate::Fails), 1 => Just(Fate::BreaksTheDevice)];
    let task = (proptest::collection::vec(0.0..1.0_f64, 0..4), fate);
    proptest::collection::vec(task, 1..40).prop_map(|tasks| {
        let needs = tasks.iter().enumerate().map(|(task, (needs, _))| {
            let mut needs: Vec<u32> = needs.iter().map(|share| (share * task as f64) as u32).collect();
            needs.sort_unstable();
            needs.dedup();
            needs.retain(|need| (*need as usize) < task);
            needs
        });
        Scan { needs: needs.collect(), fates: tasks.iter().map(|(_, fate)| *fate).collect() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever the scan, its failures, its ranks and its limits: nothing begins before what it needs, nothing is done
    /// twice, and what is neither done nor failed is lost with a failure or left by a halt.
    #[test]
    fn every_task_has_one_end(scan in scans(), ranks in 1_usize..6, most in proptest::option::of(1_usize..4)) {
        let mut nobody = NoOtherShards;
        let limits = Limits { max_failures: most, ..Limits::default() };
        let (result, diary) = run(&scan, Setting { limits, ..setting(&scan, ranks, &mut nobody) });
        prop_assert!(result.is_ok());
        prop_assert!(diary.in_order);
        let mut ends: Vec<usize> =
            diary
            .ended
            .iter()
            .filter(|(_, _, ended)| !matches!(ended, Ended::Stopped | Ended::LetDown { .. }))
            .map(|(task, ..)| *task)
            .collect();
        ends.extend(&diary.lost);
        let count = ends.len();
        ends.sort_unstable();
        ends.dedup();
        prop_assert_eq!(ends.len(), count, "a task has two ends");
        prop_assert!(diary.ended.iter().all(|(_, rank, _)| *rank < ranks));
        if diary.halted.is_none() {
            prop_assert_eq!(count, scan.needs.len(), "a task has no end");
            // Exactly those are done that do not fail and need none that does.
            let mut good = vec![true; scan.needs.len()];
            for task in 0..good.len() {
                good[task] = scan.fates[task] == Fate::Works && scan.needs[task].iter().all(|need| good[*need as usize]);
            }
            let expected: HashSet<usize> = (0..good.len()).filter(|task| good[*task]).collect();
            prop_assert_eq!(diary.done(), expected);
        }
    }
}
