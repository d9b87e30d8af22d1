//! The program built with MPICH, whose path `make test` gives in `DRAPES_MPICH`.

mod support;

use std::path::PathBuf;
use std::process::Command;

use support::{answer, arrays, directory, drapes, records, refusal, small_job};

/// The program built with MPICH; none where there is none.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("DRAPES_MPICH").filter(|path| !path.is_empty()).map(PathBuf::from);
    if path.is_none() {
        eprintln!("skipped: DRAPES_MPICH does not name a drapes built with MPICH (setup/mpich.sh makes one)");
    }
    path
}

/// A launcher that starts so many of a program.
fn launch(launcher: &str, ranks: usize, program: &std::path::Path) -> Command {
    let mut command = Command::new(launcher);
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    command.args(["-n", &ranks.to_string()]);
    if launcher.contains("openmpi") {
        command.arg("--oversubscribe");
    }
    command.arg(program);
    command
}

#[test]
fn any_number_of_mpich_ranks_gives_the_records_of_open_mpi() {
    let Some(program) = program() else { return };
    let place = directory();
    let job = small_job(place.path(), "");
    let alone = place.path().join("alone");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&alone));
    for ranks in [1, 2, 3] {
        let out = place.path().join(format!("ranks{ranks}"));
        answer(launch("mpiexec.mpich", ranks, &program).arg("run").arg(&job).arg("--out").arg(&out));
        assert_eq!(records(&out), records(&alone), "{ranks} ranks");
        assert_eq!(arrays(&out), arrays(&alone), "{ranks} ranks");
        let text = std::fs::read_to_string(out.join("provenance.json")).expect("a provenance");
        let provenance: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(provenance["ranks"].as_array().map(Vec::len), Some(ranks));
        assert!(provenance["mpi"].as_str().is_some_and(|mpi| mpi.contains("MPICH")), "{text}");
    }
    // The program finds the launcher of its own MPI, although the other one is called mpirun here.
    let own = place.path().join("own");
    answer(Command::new(&program).arg("run").arg(&job).arg("--out").arg(&own).args(["--ranks", "2"]));
    assert_eq!(records(&own), records(&alone));
}

#[test]
fn programs_of_one_mpi_under_the_launcher_of_the_other_are_refused() {
    let Some(program) = program() else { return };
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    let open = PathBuf::from(env!("CARGO_BIN_EXE_drapes"));
    for (launcher, program, variable) in
        [("mpirun.openmpi", &program, "OMPI_COMM_WORLD_SIZE"), ("mpiexec.mpich", &open, "PMI_SIZE")]
    {
        let (code, message) =
            refusal(launch(launcher, 2, program).arg("run").arg(&job).arg("--out").arg(&out));
        assert_eq!(code, 3, "{launcher}: {message}");
        for expected in ["the launcher started 2 programs", variable, "built with"] {
            assert!(message.contains(expected), "{launcher}, {expected}: {message}");
        }
        assert!(!out.exists(), "nothing was begun");
    }
}
