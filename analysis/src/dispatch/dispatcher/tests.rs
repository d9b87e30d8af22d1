use super::*;
use crate::dispatch::{Graph, Known};
use crate::plan::PaceKind;

/// Independent tasks of these prices, on two ranks.
fn dispatcher(seconds: &[f64], if_stopped: IfStopped, limits: Limits) -> Dispatcher {
    let outlook = |seconds: &f64| Outlook {
        kind: PaceKind::DiffusedTemplate,
        seconds: *seconds,
        left: None,
        if_stopped,
    };
    let graph = Graph::from_needs(&vec![vec![]; seconds.len()]);
    let schedule = Schedule::new(graph, seconds, &vec![Known::Open; seconds.len()]);
    Dispatcher::new(schedule, seconds.iter().map(outlook).collect(), 2, limits, Pace::default())
}

fn until(deadline: f64) -> Limits {
    Limits { deadline: Some(deadline), ..Limits::default() }
}

#[test]
fn nothing_is_handed_out_that_does_not_end_in_time() {
    let mut dispatcher = dispatcher(&[50.0, 10.0, 10.0], IfStopped::Lost, until(30.0));
    assert_eq!(dispatcher.next(0.0), Some((1, 0)));
    assert_eq!(dispatcher.next(0.0), Some((2, 1)));
    dispatcher.ended(1, 0, Ending::Done(10.0));
    assert_eq!(dispatcher.next(10.0), None);
    assert!(!dispatcher.is_over());
    dispatcher.ended(2, 1, Ending::Done(10.0));
    assert_eq!(dispatcher.next(10.0), None);
    assert!(dispatcher.is_over());
    assert_eq!((dispatcher.halted(), dispatcher.too_short_for_any()), (Some(Halt::Deadline), None));
}

#[test]
fn what_a_task_has_shown_of_its_length_counts_more_than_its_price() {
    let outlook =
        |left| Outlook { kind: PaceKind::Perceptrons, seconds: 10.0, left, if_stopped: IfStopped::Lost };
    let graph = Graph::from_needs(&[vec![], vec![]]);
    let schedule = Schedule::new(graph, &[10.0, 10.0], &[Known::Open; 2]);
    let outlooks = vec![outlook(Some(50.0)), outlook(None)];
    let mut dispatcher = Dispatcher::new(schedule, outlooks, 2, until(30.0), Pace::default());
    assert_eq!(dispatcher.next(0.0), Some((1, 0)), "the first has shown that it does not end in time");
    assert_eq!(dispatcher.next(0.0), None);
}

#[test]
fn a_time_that_is_too_short_for_any_task_is_told() {
    let mut dispatcher = dispatcher(&[50.0, 40.0], IfStopped::Lost, until(30.0));
    assert_eq!(dispatcher.next(0.0), None);
    assert!(dispatcher.is_over());
    assert!(dispatcher.too_short_for_any().is_some_and(|needed| (needed - 48.0).abs() < 1e-9));
}

#[test]
fn a_faster_machine_than_priced_gets_the_long_tasks_after_all() {
    let mut dispatcher = dispatcher(&[50.0, 10.0], IfStopped::Lost, until(30.0));
    assert_eq!(dispatcher.next(0.0), Some((1, 0)));
    assert_eq!(dispatcher.next(0.0), None);
    dispatcher.ended(1, 0, Ending::Done(2.0));
    assert_eq!(dispatcher.next(2.0), Some((0, 0)));
}

#[test]
fn a_training_that_goes_on_another_time_is_begun() {
    let mut dispatcher = dispatcher(&[500.0], IfStopped::GoesOn, until(30.0));
    assert_eq!(dispatcher.next(0.0), Some((0, 0)));
    dispatcher.halt(Halt::Deadline);
    dispatcher.ended(0, 0, Ending::Stopped);
    assert!(dispatcher.is_over());
    assert_eq!((dispatcher.next(29.0), dispatcher.schedule().unfinished()), (None, 1));
}

#[test]
fn results_that_nobody_can_read_are_made_again_but_not_for_ever() {
    let outlook =
        Outlook { kind: PaceKind::DiffusedTemplate, seconds: 1.0, left: None, if_stopped: IfStopped::Lost };
    let graph = Graph::from_needs(&[vec![], vec![0], vec![0]]);
    let schedule = Schedule::new(graph, &[1.0; 3], &[Known::Done, Known::Open, Known::Open]);
    let mut all = Dispatcher::new(schedule, vec![outlook; 3], 2, Limits::default(), Pace::default());
    assert_eq!((all.next(0.0), all.next(0.0)), (Some((1, 0)), Some((2, 1))));
    assert_eq!(all.unreadable_input(1, 0, &[0]), Repeat::First(vec![0]));
    assert_eq!(all.unreadable_input(2, 1, &[0]), Repeat::First(vec![]), "it is on its way");
    for _ in 1..REPEATS {
        let (task, rank) = all.next(0.0).expect("what both need");
        assert_eq!((task, all.next(0.0)), (0, None));
        all.ended(0, rank, Ending::Done(1.0));
        let (task, rank) = all.next(0.0).expect("one of both");
        assert_eq!(all.unreadable_input(task, rank, &[0]), Repeat::First(vec![0]));
    }
    let (_, rank) = all.next(0.0).expect("what both need");
    all.ended(0, rank, Ending::Done(1.0));
    let (task, rank) = all.next(0.0).expect("one of both");
    assert_eq!(all.unreadable_input(task, rank, &[0]), Repeat::TooOften);
    assert_eq!((all.halted(), all.is_over()), (Some(Halt::Storage), true));
}

#[test]
fn a_task_that_the_machine_lets_down_is_tried_by_another_rank() {
    let mut all = dispatcher(&[3.0, 2.0, 1.0], IfStopped::Lost, Limits::default()).of_ranks_that_join();
    assert_eq!(all.next(0.0), None, "nobody has joined");
    all.join(1);
    assert_eq!((all.next(0.0), all.next(0.0)), (Some((0, 1)), None));
    assert_eq!(all.attempt(0), Attempt::First);
    all.ended(0, 1, Ending::LetDown(Fault::Files));
    // Rank 0 may still come, so rank 1 gets another task.
    assert_eq!(all.next(0.0), Some((1, 1)));
    all.join(0);
    assert_eq!((all.next(0.0), all.attempt(0)), (Some((0, 0)), Attempt::Last));
    all.ended(0, 0, Ending::Done(3.0));
    all.ended(1, 1, Ending::LetDown(Fault::Files));
    all.retire(0);
    // Nobody else is left.
    assert_eq!((all.next(0.0), all.attempt(1)), (Some((1, 1)), Attempt::Last));
    all.ended(1, 1, Ending::Failed);
    assert_eq!(all.next(0.0), Some((2, 1)));
    all.ended(2, 1, Ending::Done(1.0));
    assert!(all.is_over());
}

#[test]
fn failures_are_counted_and_the_last_rank_that_retires_ends_the_run() {
    let limits = Limits { max_failures: Some(2), ..Limits::default() };
    let mut all = dispatcher(&[1.0; 5], IfStopped::Lost, limits);
    for _ in 0..2 {
        let (task, rank) = all.next(0.0).expect("a task");
        all.ended(task, rank, Ending::Failed);
    }
    assert_eq!((all.next(0.0), all.halted()), (None, Some(Halt::Failures)));
    let mut all = dispatcher(&[1.0; 5], IfStopped::Lost, Limits::default());
    let (task, rank) = all.next(0.0).expect("a task");
    all.ended(task, rank, Ending::Failed);
    all.retire(rank);
    assert_eq!(all.next(0.0).map(|(_, rank)| rank), Some(1));
    all.ended(1, 1, Ending::Done(1.0));
    all.retire(1);
    assert_eq!((all.is_over(), all.halted()), (true, Some(Halt::NoRanks)));
}
