//! Random scans in virtual time, under random deadlines.

use std::collections::{BTreeMap, BTreeSet};

use drapes_analysis::dispatch::{
    Dispatcher, Ending, Graph, Halt, IfStopped, Known, Limits, Outlook, Schedule,
};
use drapes_analysis::plan::{Pace, PaceKind};
use proptest::prelude::*;

/// A task of a made-up scan.
#[derive(Clone, Debug)]
struct Made {
    needs: Vec<u32>,
    price: f64,
    /// What it takes against its price.
    factor: f64,
    fails: bool,
    if_stopped: IfStopped,
}

fn scans(factors: impl Strategy<Value = f64> + Clone + 'static) -> impl Strategy<Value = Vec<Made>> {
    let if_stopped = prop_oneof![Just(IfStopped::GoesOn), Just(IfStopped::Lost)];
    let needs = proptest::collection::vec(0.0..1.0_f64, 0..4);
    let task = (needs, 0.1..100.0_f64, factors, proptest::bool::weighted(0.1), if_stopped);
    proptest::collection::vec(task, 1..60).prop_map(|tasks| {
        let made = tasks.into_iter().enumerate().map(|(task, (needs, price, factor, fails, if_stopped))| {
            let mut needs: Vec<u32> = needs.iter().map(|share| (share * task as f64) as u32).collect();
            needs.sort_unstable();
            needs.dedup();
            needs.retain(|need| (*need as usize) < task);
            Made { needs, price, factor, fails, if_stopped }
        });
        made.collect()
    })
}

/// What was seen of a run.
#[derive(Clone, Default)]
struct Seen {
    done: BTreeSet<usize>,
    failed: BTreeSet<usize>,
    lost: BTreeSet<usize>,
    /// Tasks that ran when time was over, of those whose work is lost then.
    in_vain: Vec<usize>,
    /// Seconds of work of trainings that were stopped.
    saved: BTreeMap<usize, f64>,
    halted: Option<Halt>,
}

impl Seen {
    /// How much is done that will not be done again.
    fn progress(&self) -> f64 {
        (self.done.len() + self.failed.len()) as f64 * 1e6 + self.saved.values().sum::<f64>()
    }
}

fn outlook(task: &Made) -> Outlook {
    let (kind, if_stopped) = (PaceKind::DiffusedTemplate, task.if_stopped);
    Outlook { kind, seconds: task.price, left: None, if_stopped }
}

/// Runs what is left of a scan until its end or the deadline.
fn run(scan: &[Made], before: &Seen, ranks: usize, deadline: f64) -> Seen {
    let needs: Vec<Vec<u32>> = scan.iter().map(|task| task.needs.clone()).collect();
    let prices: Vec<f64> = scan.iter().map(|task| task.price).collect();
    let known = |task: usize| match () {
        () if before.done.contains(&task) => Known::Done,
        () if before.failed.contains(&task) => Known::Failed,
        () => Known::Open,
    };
    let known: Vec<Known> = (0..scan.len()).map(known).collect();
    let limits = Limits { deadline: Some(deadline), ..Limits::default() };
    let schedule = Schedule::new(Graph::from_needs(&needs), &prices, &known);
    let outlooks = scan.iter().map(outlook).collect();
    let mut dispatcher = Dispatcher::new(schedule, outlooks, ranks, limits, Pace::default());
    let mut seen = Seen { in_vain: vec![], halted: None, ..before.clone() };
    let took = |task: usize| scan[task].price * scan[task].factor;
    let mut running: Vec<(f64, usize, usize)> = Vec::new();
    let mut now = 0.0_f64;
    while !dispatcher.is_over() {
        while let Some((task, rank)) = dispatcher.next(now) {
            assert!(now < deadline, "{task} begins at {now}, behind {deadline}");
            assert!(
                scan[task].needs.iter().all(|need| seen.done.contains(&(*need as usize))),
                "{task} is too early"
            );
            assert!(running.iter().all(|(_, other, place)| *other != task && *place != rank));
            let saved = seen.saved.get(&task).copied().unwrap_or(0.0);
            running.push((now + (took(task) - saved).max(0.0), task, rank));
        }
        if dispatcher.is_over() {
            break;
        }
        running.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert!(!running.is_empty(), "nothing runs and nothing is over: {:?}", dispatcher.halted());
        if running[0].0 > deadline {
            // The clock is late: all that runs is told to stop.
            dispatcher.halt(Halt::Deadline);
            for (end, task, rank) in running.drain(..) {
                match scan[task].if_stopped {
                    IfStopped::Lost => seen.in_vain.push(task),
                    IfStopped::GoesOn => drop(seen.saved.insert(task, took(task) - (end - deadline))),
                }
                dispatcher.ended(task, rank, Ending::Stopped);
            }
            continue;
        }
        let (end, task, rank) = running.remove(0);
        now = end;
        if scan[task].fails {
            assert!(seen.failed.insert(task));
            seen.lost.extend(dispatcher.ended(task, rank, Ending::Failed));
        } else {
            assert!(seen.done.insert(task), "{task} is done twice");
            dispatcher.ended(task, rank, Ending::Done(took(task)));
        }
    }
    assert!(running.is_empty() && dispatcher.running() == 0);
    seen.halted = dispatcher.halted();
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Where tasks take their price, nothing whose work would be lost is begun that does not end in time; and a run that
    /// was not halted has an end for every task.
    #[test]
    fn nothing_is_begun_in_vain(scan in scans(Just(1.0)), ranks in 1_usize..6, deadline in 0.0..400.0_f64) {
        let seen = run(&scan, &Seen::default(), ranks, deadline);
        prop_assert!(seen.in_vain.is_empty(), "{:?}", seen.in_vain);
        let ends = seen.done.len() + seen.failed.len() + seen.lost.len();
        prop_assert!(seen.done.is_disjoint(&seen.failed) && seen.failed.is_disjoint(&seen.lost));
        prop_assert_eq!(seen.halted.is_none(), ends == scan.len());
        prop_assert!(matches!(seen.halted, None | Some(Halt::Deadline)));
    }

    /// Whatever tasks take: run after run, each with the same time, gets to the end of the scan, as long as the time is
    /// enough for any task; and failures lose what needs them and nothing else.
    #[test]
    fn one_run_after_the_other_gets_to_the_end(scan in scans(0.5..1.5_f64), ranks in 1_usize..6) {
        // Enough for the longest task, caution included, also at the slowest pace that the others may have shown.
        let deadline = 100.0 * 1.5 * 1.5 * 1.2;
        let mut seen = Seen::default();
        for _ in 0..4 * scan.len() {
            let after = run(&scan, &seen, ranks, deadline);
            prop_assert!(after.halted.is_none() || after.progress() > seen.progress(), "a run without progress");
            seen = after;
            if seen.halted.is_none() {
                break;
            }
        }
        prop_assert_eq!(seen.halted, None);
        let mut good = vec![true; scan.len()];
        for task in 0..scan.len() {
            good[task] = !scan[task].fails && scan[task].needs.iter().all(|need| good[*need as usize]);
        }
        let expected: BTreeSet<usize> = (0..scan.len()).filter(|task| good[*task]).collect();
        prop_assert_eq!(seen.done, expected);
    }
}
