//! Tests that rank 0 spends no more time on a message than the simulated schedules assume. They do all that it does in a
//! run but MPI itself, which `benches/messages.rs` measures.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use drapes_analysis::dispatch::{
    Dispatcher, Graph, IfStopped, Known, LeaderCosts, Limits, Outlook, Schedule, Shard,
};
use drapes_analysis::job::JobFile;
use drapes_analysis::plan::fingerprint::fingerprints;
use drapes_analysis::plan::{Pace, Plan};
use drapes_analysis::store::{LockTimeout, Store, StoredJob};

use super::leader::Results;
use super::pages::Pages;
use super::planned::Planned;
use super::progress::Progress;
use super::status_file::StatusFile;
use crate::dispatch::stop::{Clock, Signals};
use crate::dispatch::{ComputingThread, Ended, Environment, Leader, Message, NoOtherShards, Transport};
use crate::error::Error;

/// Independent tasks.
const JOB: &str = "schema = 1\nname = 'many'\n[data]\nevents = 'a.h5'\n[independent_background]\nsource = 'withheld'\n[classifier]\nseeds = '0-29999'\n[compute]\n\
                   classifier_seeds_per_task = 1\n[[scan]]\nmethod = 'idealised'\nn_signal = [500]\n";
/// Seconds of a message with MPI itself: more than the slowest of those that had a core (docs/performance.md).
const MPI: f64 = 4e-6;

/// Seconds that this thread has computed: what others do on a shared machine does not count.
fn computed() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text.split_whitespace().next().and_then(|word| word.parse::<u64>().ok());
    nanoseconds.expect("a number") as f64 / 1e9
}

/// Ranks that have done every task at once, after they have told of it so many times.
struct Swift {
    ranks: usize,
    tells: usize,
    /// The time until which they report no ends of tasks, only progress now and then.
    silent_until: Cell<Option<Instant>>,
    spoke: Cell<Instant>,
    inbox: RefCell<VecDeque<(usize, Vec<u8>)>>,
    /// What rank 0 had computed when all had a task, and when the first ended.
    watched: Cell<[f64; 2]>,
}

impl Swift {
    fn new(ranks: usize, tells: usize, silent: Option<Duration>) -> Self {
        let ready = Message::Ready(Ok(Environment::default())).to_bytes();
        Self {
            ranks,
            tells,
            silent_until: Cell::new(silent.map(|silent| Instant::now() + silent)),
            spoke: Cell::new(Instant::now()),
            inbox: RefCell::new((1..ranks).map(|rank| (rank, ready.clone())).collect()),
            watched: Cell::new([0.0; 2]),
        }
    }
}

impl Transport for Swift {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        self.ranks
    }

    fn send(&self, to: usize, message: &Message) -> Result<(), Error> {
        // As it would go over the wire.
        assert!(!message.to_bytes().is_empty());
        let mut inbox = self.inbox.borrow_mut();
        match message {
            Message::Assign(assignment) => {
                let place = assignment.place;
                let told = Message::Progress(place, 0.123_456_789).to_bytes();
                inbox.extend(std::iter::repeat_n((to, told), self.tells));
                inbox.push_back((
                    to,
                    Message::Ended(place, Ended::Done { seconds: 12.345_678_9 }, None).to_bytes(),
                ));
            }
            Message::Stop => inbox.push_back((to, Message::Left.to_bytes())),
            _ => {}
        }
        Ok(())
    }

    fn receive(&self) -> Result<Option<(usize, Message)>, Error> {
        let mut inbox = self.inbox.borrow_mut();
        let is_end = inbox.front().is_some_and(|(_, bytes)| bytes.starts_with(b"{\"Ended\""));
        if let Some(until) = self.silent_until.get().filter(|_| is_end) {
            if self.watched.get()[0] == 0.0 {
                self.watched.set([computed(), 0.0]);
            }
            if Instant::now() < until {
                if self.spoke.get().elapsed() < Duration::from_millis(50) {
                    return Ok(None);
                }
                self.spoke.set(Instant::now());
                return Ok(Some((1, Message::Progress(0, 0.5))));
            }
            self.watched.set([self.watched.get()[0], computed()]);
            self.silent_until.set(None);
        }
        let Some((from, bytes)) = inbox.pop_front() else { return Ok(None) };
        Message::from_bytes(from, &bytes).map(|message| Some((from, message)))
    }
}

/// Runs all tasks of the job on these ranks; tasks, and the seconds that rank 0 has computed.
fn leader(swift: &Swift) -> (usize, f64) {
    let file = JobFile::from_text("job.toml", JOB);
    let stored = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::create(place.path(), &file, &stored).expect("room");
    let (mut occupancy, _) =
        store.lock(Shard::WHOLE, swift.ranks, &mut |_, _| LockTimeout::GiveUp).expect("a free place");
    let plan = Plan::of(&stored.job);
    let prints = fingerprints(&stored.job, &stored.inputs, &plan);
    let count = plan.tasks.len();
    let (seconds, known) = (vec![12.0; count], vec![Known::Open; count]);
    let outlook = |task: &drapes_analysis::plan::Task| Outlook {
        kind: task.work.pace(),
        seconds: 12.0,
        left: None,
        if_stopped: IfStopped::GoesOn,
    };
    let schedule = Schedule::new(Graph::of(&plan), &seconds, &known);
    let outlooks = plan.tasks.iter().map(outlook).collect();
    let mut dispatcher = Dispatcher::new(schedule, outlooks, swift.ranks, Limits::default(), Pace::default())
        .of_ranks_that_join();
    let progress = Progress::new(&plan, &seconds, &known, swift.ranks);
    let mut status_file =
        StatusFile::new(&plan, progress, &mut occupancy, Pages::new(&store), BTreeSet::new());
    let (computing_thread, _end) = ComputingThread::new();
    let leader = Leader {
        transport: swift,
        environment: Environment::default(),
        hosts: vec!["node".to_owned(); swift.ranks],
        assignments: &Planned { plan: &plan, fingerprints: &prints },
        results: &mut Results { store: &store, plan: &plan },
        computing_thread: &computing_thread,
        dispatcher: &mut dispatcher,
        clock: &Clock::until(None, Duration::ZERO),
        signals: &Signals::default(),
        observer: &mut status_file,
        other_shards: &mut NoOtherShards,
        patience: Duration::ZERO,
    };
    let begin = computed();
    assert_eq!(leader.run().expect("good ranks"), [0; 0]);
    let taken = computed() - begin;
    assert_eq!(status_file.finish().len(), count);
    (count, taken)
}

#[test]
fn a_task_and_a_message_cost_rank_0_no_more_than_is_charged() {
    const TELLS: usize = 10;
    let (count, quiet) = leader(&Swift::new(1000, 0, None));
    let (_, telling) = leader(&Swift::new(1000, TELLS, None));
    let message = (telling - quiet) / (TELLS * count) as f64 + MPI;
    let turn = quiet / count as f64 + 2.0 * MPI;
    println!("{:.1} us a message, {:.1} us a task", 1e6 * message, 1e6 * turn);
    let charged = LeaderCosts::MEASURED;
    assert!(message < charged.message, "{message} s a message");
    assert!(turn < charged.assignment + charged.end, "{turn} s a task");
}

#[test]
fn watching_ten_thousand_ranks_costs_rank_0_no_more_than_is_charged() {
    let (ranks, silent) = (10_000, Duration::from_secs(8));
    let swift = Swift::new(ranks, 0, Some(silent));
    leader(&swift);
    let [from, to] = swift.watched.get();
    let watching = (to - from) / (silent.as_secs_f64() * ranks as f64);
    println!("{:.2} us a rank and second", 1e6 * watching);
    assert!(watching < LeaderCosts::MEASURED.watching, "{watching} s a rank and second");
}
