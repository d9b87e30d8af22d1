use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::mpsc;

use drapes_analysis::fingerprint::Fingerprint;
use drapes_analysis::job::JobFile;
use drapes_analysis::plan::Stage;
use drapes_analysis::record::RunInfo;

use super::*;

/// Ranks that are threads of one process.
struct Threads {
    rank: usize,
    senders: Vec<mpsc::Sender<(usize, Vec<u8>)>>,
    inbox: Receiver<(usize, Vec<u8>)>,
}

impl Threads {
    fn world(size: usize) -> Vec<Self> {
        let (senders, inboxes): (Vec<_>, Vec<_>) = (0..size).map(|_| mpsc::channel()).unzip();
        let rank = |(rank, inbox)| Self { rank, senders: senders.clone(), inbox };
        inboxes.into_iter().enumerate().map(rank).collect()
    }
}

impl Transport for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.senders.len()
    }

    fn send(&self, to: usize, message: &Message) -> Result<(), Error> {
        self.senders[to].send((self.rank, message.to_bytes())).expect("the rank listens");
        Ok(())
    }

    fn receive(&self) -> Result<Option<(usize, Message)>, Error> {
        match self.inbox.try_recv() {
            Ok((from, bytes)) => Message::from_bytes(from, &bytes).map(|message| Some((from, message))),
            Err(_) => Ok(None),
        }
    }
}

/// Writes down what happens.
#[derive(Default)]
struct Diary {
    ended: Vec<(usize, usize)>,
    lost: Vec<usize>,
}

impl Observer for Diary {
    fn began(&mut self, _task: usize, _rank: usize) {}
    fn progress(&mut self, _task: usize, _share: f64) {}
    fn ended(&mut self, task: usize, rank: usize, _record: &TaskRecord) {
        self.ended.push((task, rank));
    }
    fn lost(&mut self, task: usize, _needs: usize) {
        self.lost.push(task);
    }
}

fn plan() -> Plan {
    let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[independent_background]\nsource = 'withheld'\n\
                [[scan]]\nmethod = 'noise'\nn_signal = [0, 1, 2, 3]\n[[scan]]\nmethod = 'supervised'\n";
    Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"))
}

fn record(plan: &Plan, task: usize, outcome: Outcome) -> TaskRecord {
    let fingerprint = Fingerprint(String::new());
    TaskRecord { id: plan.tasks[task].id.clone(), fingerprint, outcome, run: RunInfo::default() }
}

/// Runs a plan on so many ranks; `perform` says whether a task succeeds.
fn run(plan: &Plan, ranks: usize, perform: impl Fn(usize) -> bool + Sync) -> (usize, Diary) {
    let order = Mutex::new(Vec::new());
    let mut world = Threads::world(ranks);
    let leader = world.remove(0);
    let mut diary = Diary::default();
    let without_result = std::thread::scope(|scope| {
        let (order, perform) = (&order, &perform);
        let compute = move |end: WorkerEnd| {
            work(&end, |task, watch| {
                watch.progress(0.5);
                let needs =
                    plan.tasks[task].needs.iter().map(|need| plan.position(need).expect("in the plan"));
                let done: HashSet<usize> = order.lock().expect("no panic").iter().copied().collect();
                assert!(
                    needs.into_iter().all(|need| done.contains(&need)),
                    "{} came too early",
                    plan.tasks[task].id
                );
                order.lock().expect("no panic").push(task);
                let fit = drapes_analysis::record::TaskResult::Train(vec![]);
                let failed = || Outcome::Failed { reason: "as told".to_owned() };
                Ok(record(plan, task, if perform(task) { Outcome::Done(Box::new(fit)) } else { failed() }))
            });
        };
        for rank in world {
            let (worker, end) = Worker::new();
            scope.spawn(move || compute(end));
            scope.spawn(move || serve(&rank, &worker).expect("a good leader"));
        }
        let (worker, end) = Worker::new();
        scope.spawn(move || compute(end));
        let seconds = vec![1.0; plan.tasks.len()];
        let mut schedule = Schedule::new(plan, &seconds, &vec![false; plan.tasks.len()]);
        lead(&leader, &worker, plan, &mut schedule, &mut diary).expect("good ranks")
    });
    (without_result, diary)
}

#[test]
fn every_task_is_done_once_on_any_number_of_ranks() {
    let plan = plan();
    for ranks in [1, 2, 3, 7] {
        let (without_result, diary) = run(&plan, ranks, |_| true);
        assert_eq!(without_result, 0);
        let mut tasks: Vec<usize> = diary.ended.iter().map(|(task, _)| *task).collect();
        tasks.sort_unstable();
        assert_eq!(tasks, (0..plan.tasks.len()).collect::<Vec<_>>());
        let used: HashSet<usize> = diary.ended.iter().map(|(_, rank)| *rank).collect();
        assert!(used.iter().all(|rank| *rank < ranks));
    }
}

#[test]
fn a_failed_training_loses_what_needs_it_and_nothing_else() {
    let plan = plan();
    let failing = plan.tasks.iter().position(|task| task.work.stage() == Stage::Train).expect("a training");
    let (without_result, diary) = run(&plan, 3, |task| task != failing);
    // The training, its template and the classifiers on it.
    assert_eq!((without_result, diary.lost.len()), (3, 2));
    assert_eq!(diary.ended.len(), plan.tasks.len() - 2);
}

#[test]
fn a_record_that_cannot_be_stored_ends_the_run() {
    let plan = plan();
    let world = Threads::world(1).remove(0);
    let (worker, end) = Worker::new();
    let error = std::thread::scope(|scope| {
        scope.spawn(move || {
            work(&end, |_, _| Err(Error::Message { rank: 0, reason: "disk full".to_owned() }));
        });
        let seconds = vec![1.0; plan.tasks.len()];
        let mut schedule = Schedule::new(&plan, &seconds, &vec![false; plan.tasks.len()]);
        let result = lead(&world, &worker, &plan, &mut schedule, &mut Diary::default());
        drop(worker);
        result.expect_err("a broken rank")
    });
    assert!(error.to_string().contains("rank 0 has stopped"), "{error}");
}

#[test]
fn messages_survive_the_wire_and_noise_does_not_pass_for_one() {
    let plan = plan();
    let done = Message::Done(3, Box::new(record(&plan, 0, Outcome::Failed { reason: "ε < 0".to_owned() })));
    for message in
        [Message::Hello { host: "a".to_owned() }, Message::Assign(7), Message::Progress(1, 0.25), done]
    {
        assert_eq!(Message::from_bytes(1, &message.to_bytes()).expect("a message"), message);
    }
    let error = Message::from_bytes(4, b"{\"Assign\":").expect_err("noise");
    assert!(error.to_string().starts_with("rank 4 sent a message"), "{error}");
}
