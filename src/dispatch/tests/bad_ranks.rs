//! Ranks on bad machines: without data, with other data, which let tasks down, or which say nothing any more.

use super::*;

/// What is wrong with a rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Machine {
    Good,
    /// Its data are not there.
    NoData,
    /// Its data are others.
    OtherData,
    /// It lets every task down.
    Faulty,
    /// It cannot read what its tasks need, which others can.
    CannotRead,
    /// It begins its first task, and is not heard of again.
    Hangs,
    /// Its tasks take seventeen seconds, in which they tell nothing and do not hear that they are to stop.
    Quiet,
}

/// The tasks of a rank on such a machine: all of them are good, and take a moment.
struct OnMachine {
    machine: Machine,
    done: Vec<usize>,
}

impl Performer for OnMachine {
    fn prepare(&mut self) -> Result<Environment, String> {
        match self.machine {
            Machine::NoData => Err("cannot read events.h5 (no such file) check the path".to_owned()),
            Machine::OtherData => Ok(Environment { events: "other".to_owned(), ..Environment::default() }),
            _ => Ok(Environment::default()),
        }
    }

    fn perform(&mut self, assignment: &Assignment, _watch: &dyn ProgressSink) -> Ended {
        std::thread::sleep(Duration::from_millis(2));
        let reason = "Input/output error".to_owned();
        match (self.machine, assignment.attempt) {
            (Machine::Quiet, _) => {
                std::thread::sleep(Duration::from_secs(17));
                Ended::Stopped
            }
            (Machine::Faulty, Attempt::First) => Ended::LetDown { fault: Fault::Files, reason },
            (Machine::Faulty, Attempt::Last) => Ended::Failed { reason },
            (Machine::CannotRead, _) => {
                Ended::UnreadableInput { needs: vec![named(0)], reason: "stale handle".to_owned() }
            }
            _ => {
                self.done.push(assignment.place);
                Ended::Done { seconds: 0.002 }
            }
        }
    }
}

/// Rank 0 can read everything.
struct Everything;

impl ResultReader for Everything {
    fn is_readable(&mut self, _task: usize) -> bool {
        true
    }
}

/// Runs forty tasks behind one on such machines; rank 0 first.
pub(super) fn run_on(
    machines: &[Machine],
    clock: Clock,
    signals: Signals,
) -> (Result<Vec<usize>, Error>, Diary) {
    let mut needs: Vec<Vec<u32>> = vec![vec![0]; 41];
    needs[0] = vec![];
    let outlook =
        Outlook { kind: PaceKind::Perceptrons, seconds: 0.002, left: None, if_stopped: IfStopped::GoesOn };
    let schedule = Schedule::new(Graph::from_needs(&needs), &[0.002; 41], &[Known::Open; 41]);
    let outlooks = vec![outlook; 41];
    let mut dispatcher =
        Dispatcher::new(schedule, outlooks, machines.len(), Limits::default(), Pace::default())
            .of_ranks_that_join();
    let mut world = Threads::world(machines.len());
    let leader = world.remove(0);
    let mut diary = Diary::default();
    let over = std::sync::atomic::AtomicBool::new(false);
    let result = std::thread::scope(|scope| {
        let performer = |rank: usize| OnMachine { machine: machines[rank], done: vec![] };
        for rank in world {
            let (computing_thread, end) = ComputingThread::new();
            let mut performer = performer(rank.rank());
            let over = &over;
            scope.spawn(move || {
                if performer.machine == Machine::Hangs {
                    rank.send(0, &Message::Ready(Ok(Environment::default()))).expect("a leader");
                    // Its threads are stopped: it says nothing at all.
                    while !over.load(std::sync::atomic::Ordering::Relaxed) {
                        std::thread::sleep(Duration::from_millis(10));
                    }
                    return;
                }
                std::thread::scope(|inner| {
                    inner.spawn(move || run_tasks(&end, &mut performer));
                    let clock = Clock::until(None, Duration::ZERO);
                    let served = run_worker(&rank, &computing_thread, &clock, &Signals::default());
                    drop(computing_thread);
                    served.expect("a good leader");
                });
            });
        }
        let (computing_thread, end) = ComputingThread::new();
        let mut own = performer(0);
        scope.spawn(move || run_tasks(&end, &mut own));
        let leader = Leader {
            transport: &leader,
            environment: Environment::default(),
            hosts: (0..machines.len()).map(|rank| format!("node{rank}")).collect(),
            assignments: &MadeUp,
            results: &mut Everything,
            computing_thread: &computing_thread,
            dispatcher: &mut dispatcher,
            clock: &clock,
            signals: &signals,
            observer: &mut diary,
            other_shards: &mut NoOtherShards,
            patience: Duration::ZERO,
        };
        let result = leader.run();
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        result
    });
    diary.halted = dispatcher.halted();
    (result, diary)
}

fn without_deadline() -> Clock {
    Clock::until(None, Duration::from_secs(1))
}

#[test]
fn a_rank_that_cannot_work_does_nothing_and_is_named_with_its_reason() {
    use Machine::{Good, NoData, OtherData};
    for (bad, word) in [(NoData, "no such file"), (OtherData, "digest of the events is other")] {
        let (result, diary) = run_on(&[Good, bad, Good], without_deadline(), Signals::default());
        assert!(result.expect("an end").is_empty());
        assert_eq!((diary.done().len(), diary.halted), (41, None));
        assert!(diary.ended.iter().all(|(_, rank, ended)| *rank != 1 && matches!(ended, Ended::Done { .. })));
        let [(1, reason)] = &diary.retired[..] else { panic!("{:?}", diary.retired) };
        assert!(reason.contains(word), "{reason}");
    }
    let (_, diary) = run_on(&[NoData, NoData], without_deadline(), Signals::default());
    assert_eq!((diary.halted, diary.done().len()), (Some(Halt::NoRanks), 0));
}

#[test]
fn what_one_machine_lets_down_another_does_and_nothing_fails() {
    use Machine::{CannotRead, Faulty, Good};
    for bad in [Faulty, CannotRead] {
        let (result, diary) = run_on(&[Good, bad, Good], without_deadline(), Signals::default());
        assert!(result.expect("an end").is_empty());
        assert_eq!((diary.done().len(), diary.halted, &diary.repeated), (41, None, &vec![]), "{bad:?}");
        assert!(!diary.ended.iter().any(|(_, _, ended)| matches!(ended, Ended::Failed { .. })));
        let [(1, reason)] = &diary.retired[..] else { panic!("{:?}", diary.retired) };
        assert!(reason.contains("it has let several tasks down"), "{reason}");
    }
}

#[test]
fn a_rank_that_says_nothing_does_not_outlive_the_time_to_stop() {
    use Machine::{Good, Hangs};
    let signals = Signals::default();
    let later = signals.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        later.raise();
    });
    let start = std::time::Instant::now();
    let (result, diary) = run_on(&[Good, Hangs], without_deadline(), signals);
    let error = result.expect_err("a rank that does not answer");
    assert_eq!(error.kind(), drapes_analysis::error::Exit::Deadline);
    let words = "rank 1 (node1) answers no more although told to stop (";
    assert!(error.to_string().starts_with(words), "{error}");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    // All that the other one could do is done.
    assert!(diary.done().len() >= 40 || diary.done().is_empty(), "{:?}", diary.done());
}
