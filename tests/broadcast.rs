//! What rank 0 has reaches all ranks, whatever its size.

mod support;

use std::io::Write;

use drapes::run::world::World;
use support::answer;
use support::launcher::Mpi;

/// More than one call of MPI takes, and no whole number of pieces.
const LONG: usize = (13 << 20) + 5;

fn text(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place % 251) as u8).collect()
}

#[test]
fn every_rank_gets_what_rank_0_has_whatever_its_size() {
    for mpi in Mpi::all() {
        let program = match &mpi {
            Mpi::Open => std::env::current_exe().expect("this test"),
            // The same test, built beside the program (setup/mpich.sh).
            Mpi::Mpich(drapes) => drapes.with_file_name("broadcast"),
        };
        let answered =
            answer(mpi.launch(3, &program).args(["--exact", "one_rank", "--ignored", "--nocapture"]));
        // Lines of the ranks may be mixed, but not what one rank writes at once.
        for rank in 0..3 {
            assert!(answered.contains(&said_by(rank)), "{mpi:?}: {answered}");
        }
    }
}

fn said_by(rank: usize) -> String {
    format!("<rank {rank} has all of it>")
}

#[test]
#[ignore = "the part of one rank of the test above, which starts it under a launcher"]
fn one_rank() {
    let world = World::join().expect("a world");
    assert_eq!(world.size(), 3);
    for length in [0, 1, LONG] {
        // What others bring counts for nothing, whether it is longer or shorter.
        let own = if world.rank() == 0 { text(length) } else { vec![7; 100 * world.rank()] };
        assert!(world.broadcast(own) == text(length), "{length} bytes on rank {}", world.rank());
    }
    let said = format!("{}\n", said_by(world.rank()));
    std::io::stdout().lock().write_all(said.as_bytes()).expect("somebody listens");
}
