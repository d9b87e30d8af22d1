//! The program built with MPICH, whose path `make test` gives in `DRAPES_MPICH`.

mod support;

use std::process::Command;

use support::launcher::Mpi;
use support::{answer, arrays, directory, drapes, records, refusal, small_job};

#[test]
fn any_number_of_mpich_ranks_gives_the_records_of_open_mpi() {
    let Some(mpich) = Mpi::mpich() else { return };
    let place = directory();
    let job = small_job(place.path(), "");
    let alone = place.path().join("alone");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&alone));
    for ranks in [1, 2, 3] {
        let out = place.path().join(format!("ranks{ranks}"));
        answer(mpich.launch(ranks, mpich.program()).arg("run").arg(&job).arg("--out").arg(&out));
        assert_eq!(records(&out), records(&alone), "{ranks} ranks");
        assert_eq!(arrays(&out), arrays(&alone), "{ranks} ranks");
        let text = std::fs::read_to_string(out.join("provenance.json")).expect("a provenance");
        let provenance: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(provenance["ranks"].as_array().map(Vec::len), Some(ranks));
        assert!(provenance["mpi"].as_str().is_some_and(|mpi| mpi.contains("MPICH")), "{text}");
    }
    // The program finds the launcher of its own MPI, although the other one is called mpirun here.
    let own = place.path().join("own");
    answer(Command::new(mpich.program()).arg("run").arg(&job).arg("--out").arg(&own).args(["--ranks", "2"]));
    assert_eq!(records(&own), records(&alone));
}

#[test]
fn programs_of_one_mpi_under_the_launcher_of_the_other_are_refused() {
    let Some(mpich) = Mpi::mpich() else { return };
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    for (launcher, program, variable) in [
        (Mpi::Open, mpich.program(), "OMPI_COMM_WORLD_SIZE"),
        (mpich.clone(), Mpi::Open.program(), "PMI_SIZE"),
    ] {
        let (code, message) =
            refusal(launcher.launch(2, program).arg("run").arg(&job).arg("--out").arg(&out));
        assert_eq!(code, 3, "{launcher:?}: {message}");
        for expected in ["the launcher started 2 programs", variable, "built with"] {
            assert!(message.contains(expected), "{launcher:?}, {expected}: {message}");
        }
        assert!(!out.exists(), "nothing was begun");
    }
}
