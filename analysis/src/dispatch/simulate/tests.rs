use super::*;
use crate::job::JobFile;
use crate::plan::Rates;
use crate::plan::price::{EventCounts, Price};

/// A leader that takes so long for each message and nothing else.
fn of_messages(seconds: f64) -> LeaderCosts {
    LeaderCosts { assignment: seconds, end: seconds, message: seconds, ..LeaderCosts::NONE }
}

#[test]
fn ranks_share_the_work() {
    let graph = Graph::from_needs(&[vec![], vec![], vec![], vec![0, 1, 2]]);
    let seconds = [2.0, 2.0, 2.0, 1.0];
    for (ranks, expected) in [(1, 7.0), (2, 5.0), (3, 3.0), (100, 3.0)] {
        let found = Simulation::ideal(ranks).run(&graph, &seconds, &[Known::Open; 4]);
        assert!((found.makespan - expected).abs() < 1e-5, "{found:?}");
        assert!((found.idle - (1.0 - 7.0 / (expected * ranks as f64))).abs() < 1e-5, "{found:?}");
    }
}

#[test]
fn a_slow_leader_keeps_ranks_waiting() {
    let graph = Graph::from_needs(&vec![vec![]; 10_000]);
    let seconds = vec![1.0; 10_000];
    let run = |service| {
        let simulation = Simulation { costs: of_messages(service), latency: 1e-3, ..Simulation::of(1000) };
        simulation.run(&graph, &seconds, &[Known::Open; 10_000])
    };
    let (fast, slow) = (run(1e-6), run(1e-3));
    // 1,000 ranks and a task a second each are 2,000 messages a second, two more than a millisecond each allows.
    assert!(fast.idle < 0.15 && slow.idle > 0.45, "{fast:?} {slow:?}");
    assert!(slow.leader_load > 0.9 && fast.leader_load < 0.01, "{fast:?} {slow:?}");
}

#[test]
fn long_tasks_tell_how_far_they_are() {
    let graph = Graph::from_needs(&vec![vec![]; 2000]);
    let run = |service| {
        let simulation = Simulation { costs: of_messages(service), spread: 0.0, ..Simulation::of(1001) };
        simulation.run(&graph, &[100.0; 2000], &[Known::Open; 2000])
    };
    // A message a second of each of a thousand ranks, and hardly any other.
    let found = run(50e-6);
    assert!((found.messages as f64 / found.makespan - 1000.0).abs() < 50.0, "{found:?}");
    assert!((found.leader_load - 0.05).abs() < 0.005, "{found:?}");
    // A leader that takes two milliseconds for each cannot follow, and the others wait for it.
    let late = run(2e-3);
    assert!(late.leader_load > 0.99 && late.makespan > 1.3 * found.makespan, "{late:?}");
}

#[test]
fn all_that_rank_0_does_is_charged() {
    let graph = Graph::from_needs(&vec![vec![]; 4000]);
    let of = |costs| {
        let simulation = Simulation { costs, spread: 0.0, ..Simulation::of(401) };
        simulation.run(&graph, &vec![100.0; 4000], &vec![Known::Open; 4000])
    };
    let none = of(LeaderCosts::NONE);
    assert_eq!((none.start, none.conclusion, none.leader_load), (0.0, 0.0, 0.0));
    let nothing = LeaderCosts::NONE;
    for (costs, seconds) in [
        (LeaderCosts { start: 1e-2, ..nothing }, 40.0),
        (LeaderCosts { conclusion: 1e-2, pictures: 5.0, ..nothing }, 45.0),
    ] {
        let found = of(costs);
        assert!((found.makespan - none.makespan - seconds).abs() < 1e-6, "{found:?}");
        assert!(found.idle > none.idle && found.leader_load < 1e-9, "{found:?}");
    }
    for (costs, seconds) in [
        (LeaderCosts { assignment: 1e-3, ..nothing }, 4.0),
        (LeaderCosts { end: 1e-3, ..nothing }, 4.0),
        // 400 ranks for a thousand seconds, and rank 0 talks to itself in no messages.
        (LeaderCosts { watching: 1e-4, ..nothing }, 40.0),
        (LeaderCosts { message: 1e-4, ..nothing }, 40.0),
    ] {
        let found = of(costs);
        let busy = found.leader_load * found.makespan;
        assert!((busy / seconds - 1.0).abs() < 0.05, "{busy} {found:?}");
    }
}

#[test]
fn a_million_tasks_keep_ten_thousand_ranks_busy() {
    let text = include_str!("../../../../docs/million.toml");
    let job = JobFile::from_text("million.toml", text).check().expect("a good job");
    let plan = Plan::of(&job);
    assert!((999_000..=1_000_000).contains(&plan.tasks.len()), "{} tasks", plan.tasks.len());
    let price = Price::of(&job, &plan, EventCounts::estimated(&job), &Rates::CPU_CORE);
    let (graph, known) = (Graph::of(&plan), vec![Known::Open; plan.tasks.len()]);
    for ranks in [1000, 10_000] {
        let found = Simulation::of(ranks).run(&graph, &price.seconds, &known);
        assert!(found.idle < 0.02, "{ranks} ranks: {found:?}");
        assert!(found.start > 1.0 && found.conclusion > 100.0, "{ranks} ranks: {found:?}");
        // Seen: over a million a second when optimised; a debug build is slower.
        assert!(found.assignments_a_second > 100_000.0, "{found:?}");
    }
    // A rank 0 that did all that at each message, and not a few times a second, could not follow.
    let costs = LeaderCosts::MEASURED.slower(100.0);
    let found = Simulation { costs, ..Simulation::of(10_000) }.run(&graph, &price.seconds, &known);
    assert!(found.idle > 0.02 && found.leader_load > 0.9, "{found:?}");
}
