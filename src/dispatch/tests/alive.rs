//! A rank whose task has nothing to tell for long is heard all the same.

use std::time::Instant;

use super::bad_ranks::{Machine, run_on};
use super::*;

/// A task of a rank that says nothing for so long, whatever it is told.
struct Quiet(Duration);

impl Performer for Quiet {
    fn perform(&mut self, _assignment: &Assignment, _watch: &dyn ProgressSink) -> Ended {
        std::thread::sleep(self.0);
        Ended::Stopped
    }
}

#[test]
fn a_rank_at_a_quiet_task_is_heard_every_few_seconds() {
    let mut world = Threads::world(2);
    let (leader, rank) = (world.remove(0), world.remove(0));
    let (computing_thread, end) = ComputingThread::new();
    std::thread::scope(|scope| {
        scope.spawn(move || run_tasks(&end, &mut Quiet(Duration::from_secs(6))));
        scope.spawn(move || {
            let clock = Clock::until(None, Duration::ZERO);
            run_worker(&rank, &computing_thread, &clock, &Signals::default()).expect("a good leader");
        });
        let assignment = Message::Assign(Box::new(MadeUp.of(0, Attempt::First)));
        leader.send(1, &assignment).expect("a rank");
        let (mut heard, mut alive) = (Instant::now(), 0);
        loop {
            let (_, message) = wait(&leader).expect("a message");
            let silence = heard.elapsed();
            assert!(silence < Duration::from_secs(4), "nothing was heard for {silence:?}");
            heard = Instant::now();
            match message {
                Message::Alive => alive += 1,
                Message::Ended(..) => break,
                _ => {}
            }
            if alive == 1 {
                // It cannot stop at once, and goes on to say that it is there.
                leader.send(1, &Message::Halt).expect("a rank");
            }
        }
        assert!((2..=4).contains(&alive), "said {alive} times in six seconds");
        leader.send(1, &Message::Stop).expect("a rank");
    });
}

#[test]
fn a_rank_at_a_quiet_task_is_not_called_silent_although_told_to_stop() {
    let signals = Signals::default();
    let later = signals.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        later.raise();
    });
    // Ranks that are silent are given up after fifteen seconds, those that answer after twenty-five.
    let clock = Clock::until(None, Duration::from_secs(30));
    let (result, diary) = run_on(&[Machine::Good, Machine::Quiet], clock, signals);
    assert!(result.expect("ranks that answer").is_empty());
    assert_eq!((diary.halted, &diary.silent), (Some(Halt::Signal), &vec![]));
    assert!(diary.ended.iter().any(|(_, rank, ended)| (*rank, ended) == (1, &Ended::Stopped)));
}
