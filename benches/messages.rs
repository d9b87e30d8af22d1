//! What a message between ranks costs: `mpirun -n 2` of what `cargo bench --no-run --bench messages` names.
//!
//! Rank 0 serves all others, one message after the other: its time for each is what `plan --simulate-ranks` takes.

use std::time::Instant;

use drapes::dispatch::{Message, Transport, wait};
use drapes::world::World;

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
    println!("a message is served in {:.1} µs, and answered in {:.1} µs", served * 1e6, there_and_back * 1e6);
}

/// Looks for a message until there is one, without the pauses of a run.
fn receive(world: &World) {
    while world.receive().expect("a message").is_none() {}
}
