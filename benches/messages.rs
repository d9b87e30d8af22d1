//! What a message between ranks costs: `mpirun -n 2` of what `cargo bench --no-run --bench messages` names.
//!
//! Rank 0 serves all others, one message after the other: what MPI needs of its time for each is part of what
//! `plan --simulate-ranks` charges (`run::costs` measures the rest).

use std::time::Instant;

use drapes::dispatch::{Assignment, Message, Transport, wait};
use drapes::run::world::World;
use drapes_analysis::dispatch::Attempt;
use drapes_analysis::job::JobFile;
use drapes_analysis::plan::Plan;
use drapes_analysis::plan::fingerprint::Fingerprint;

const JOB: &str =
    "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [500]\n";

/// Messages of each kind.
const COUNT: usize = 20_000;

fn main() {
    let world = World::join().expect("ranks of one world");
    if world.size() != 2 {
        eprintln!("start it with mpirun -n 2");
        return;
    }
    let progress = |index: usize| Message::Progress(index, 0.123_456_789);
    let send = |to: usize, index: usize| world.send(to, &progress(index)).expect("the other rank");
    if world.rank() == 1 {
        for index in 0..COUNT {
            send(0, index);
        }
        for _ in 0..COUNT {
            receive(&world);
            send(0, 0);
        }
        for _ in 0..COUNT {
            receive(&world);
        }
        return;
    }
    // When the first is there, others lie behind it.
    wait(&world).expect("a message");
    let start = Instant::now();
    for _ in 1..COUNT {
        receive(&world);
    }
    let served = start.elapsed().as_secs_f64() / (COUNT - 1) as f64;
    let start = Instant::now();
    for index in 0..COUNT {
        send(1, index);
        receive(&world);
    }
    let there_and_back = start.elapsed().as_secs_f64() / COUNT as f64;
    let assignment = assignment();
    let start = Instant::now();
    for _ in 0..COUNT {
        world.send(1, &assignment).expect("the other rank");
    }
    let assigned = start.elapsed().as_secs_f64() / COUNT as f64;
    println!(
        "a message is served in {:.1} µs, answered in {:.1} µs, an assignment is sent in {:.1} µs",
        served * 1e6,
        there_and_back * 1e6,
        assigned * 1e6
    );
}

/// A task of classifiers, the longest text of all.
fn assignment() -> Message {
    let job = JobFile::from_text("job.toml", JOB).check().expect("a good job");
    let task = Plan::of(&job).tasks.pop().expect("a task");
    let fingerprint = Fingerprint("0123456789abcdef01234567".to_owned());
    Message::Assign(Box::new(Assignment { place: 7, task, fingerprint, attempt: Attempt::First }))
}

/// Looks for a message until there is one, without the pauses of a run.
fn receive(world: &World) {
    while world.receive().expect("a message").is_none() {}
}
