//! Starts and ends that fail: ranks that never arrive, a rank 0 that hangs before there is work, and ranks that hang when there is none any more.

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use drapes_analysis::store::Store;
use support::launcher::Mpi;
use support::scan::{Scan, kill};
use support::{answer, directory, drapes, files, foreign_lock, refusal, script, small_job};

/// Waits until a scan has said something.
fn wait_for_words(scan: &Scan, words: &str) {
    let start = Instant::now();
    while !scan.log().contains(words) {
        assert!(start.elapsed() < Duration::from_secs(60), "not said: {words}\n{}", scan.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until a scan has ended with one of these codes; what it has said.
fn ended_in_time(scan: &mut Scan, codes: &[i32], most: Duration) -> String {
    let start = Instant::now();
    let status = loop {
        if let Some(status) = scan.launcher.try_wait().expect("a child") {
            break status;
        }
        if start.elapsed() >= most {
            scan.ranks().into_iter().for_each(|rank| kill("KILL", rank));
            let _ = scan.launcher.kill();
            panic!("still there after {most:?}: {}", scan.log());
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status.code().is_some_and(|code| codes.contains(&code)), "{status}: {}", scan.log());
    scan.wait_for_the_end(Duration::from_secs(10));
    scan.log()
}

#[test]
fn a_rank_zero_that_hangs_before_there_is_work_does_not_outlive_the_deadline() {
    for mpi in Mpi::all() {
        let place = directory();
        let (job, out) = (small_job(place.path(), ""), place.path().join("out"));
        // Rank 0 waits for whoever has the directory, and all others for rank 0.
        foreign_lock(&out, Duration::from_secs(60));
        let options = ["--deadline", "14s", "--margin", "8s"];
        let mut scan = Scan::spawn(mpi.launch(2, mpi.program()), &job, &out, &options);
        wait_for_words(&scan, "has the directory and was last heard of");
        let rank = scan.rank(0).expect("rank 0, which has just said something");
        kill("STOP", rank);
        // Six seconds until tasks must stop, and fifteen that rank 0 has at least to end the run.
        let told = ended_in_time(&mut scan, &[75], Duration::from_secs(45));
        assert!(told.contains("error on rank 1 ("), "{told}");
        assert!(
            told.contains("rank 0 answers no more at the start of the run, although the time is over"),
            "{told}"
        );
    }
}

#[test]
fn who_waits_for_the_directory_gives_up_when_the_time_is_over() {
    let place = directory();
    let (job, out) = (small_job(place.path(), ""), place.path().join("out"));
    foreign_lock(&out, Duration::from_secs(60));
    let start = Instant::now();
    let mut run = drapes();
    run.arg("run").arg(&job).arg("--out").arg(&out).args(["--deadline", "6s", "--margin", "4s"]);
    let (code, message) = refusal(&mut run);
    assert_eq!(code, 75, "{message}");
    assert!(message.contains("has the directory and was last heard of"), "{message}");
    // It would count as dead two minutes after the start.
    assert!(start.elapsed() < Duration::from_secs(60), "{message}");
}

/// A program that starts another one late where it is rank 1.
fn late(place: &Path, program: &Path, seconds: u32) -> std::path::PathBuf {
    let text = format!(
        "#!/bin/sh\nif [ \"${{OMPI_COMM_WORLD_RANK:-$PMI_RANK}}\" = 1 ]; then sleep {seconds}; fi\nexec {} \"$@\"\n",
        program.display()
    );
    script(place, "late.sh", &text)
}

#[test]
fn a_rank_that_never_arrives_is_named() {
    for mpi in Mpi::all() {
        let place = directory();
        let (job, out) = (small_job(place.path(), ""), place.path().join("out"));
        let program = late(place.path(), mpi.program(), 60);
        let options = ["--deadline", "7s", "--margin", "6s"];
        let mut scan = Scan::spawn(mpi.launch(3, &program), &job, &out, &options);
        // MPICH's launcher kills the rank that is late, and may pass on that signal in place of our code.
        let codes: &[i32] = if matches!(mpi, Mpi::Mpich(_)) { &[75, 9] } else { &[75] };
        let told = ended_in_time(&mut scan, codes, Duration::from_secs(40));
        let is_named =
            |rank: usize| told.contains(&format!("error: rank 1 has not arrived (rank {rank} of 3, on "));
        assert!(is_named(0) || is_named(2), "{told}");
        assert!(!out.join("job.json").exists(), "nothing was begun");
        // One that is merely late is waited for, and nothing of the waiting stays.
        let program = late(place.path(), mpi.program(), 6);
        answer(mpi.launch(2, &program).arg("run").arg(&job).arg("--out").arg(&out));
        assert!(files(&out.join("running"), "waits").is_empty());
    }
}

#[test]
fn a_rank_that_hangs_when_all_is_done_keeps_nobody() {
    for mpi in Mpi::all() {
        for hung in [1, 0] {
            let place = directory();
            let (job, out) = (small_job(place.path(), ""), place.path().join("out"));
            let mut scan = Scan::spawn(mpi.launch(2, mpi.program()), &job, &out, &["--margin", "6s"]);
            wait_for_words(&scan, " tasks to do");
            // Nobody draws while this is held, so that rank 0 waits here, and rank 1 at the end of MPI.
            let store = Store::open(&out).expect("a directory");
            let mut turn = Some(store.lock_drawing().expect("its turn"));
            let start = Instant::now();
            while scan.log().matches(": done in ").count() < 14 {
                assert!(start.elapsed() < Duration::from_secs(120), "{}", scan.log());
                std::thread::sleep(Duration::from_millis(20));
            }
            std::thread::sleep(Duration::from_secs(2));
            kill("STOP", scan.rank(hung).expect("a rank"));
            if hung == 1 {
                drop(turn.take());
                while !out.join("drawn.json").exists() {
                    assert!(start.elapsed() < Duration::from_secs(120), "{}", scan.log());
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
            let stopped = scan.rank(hung);
            if let Some(other) = scan.rank(1 - hung) {
                kill("USR1", other);
            }
            let told = Instant::now();
            while scan.rank(1 - hung).is_some() {
                assert!(
                    told.elapsed() < Duration::from_secs(60),
                    "{mpi:?}: it waits for rank {hung}: {}",
                    scan.log()
                );
                std::thread::sleep(Duration::from_millis(20));
            }
            // A rank that was at the end of MPI when it stopped has done its part there with Open MPI, so that rank 0 leaves in order.
            let is_in_order = matches!((&mpi, hung), (Mpi::Open, 1));
            let has_told = scan.log().contains("some ranks do not answer at the end of MPI");
            assert!(has_told != is_in_order, "{mpi:?} {hung}: {}", scan.log());
            // What is left of it is its launcher's affair, or the scheduler's.
            if let Some(stopped) = stopped {
                kill("KILL", stopped);
            }
            scan.wait_for_the_end(Duration::from_secs(30));
            drop(turn);
            // Nothing is lost: rank 0 has drawn, or the same command does.
            answer(drapes().arg("run").arg(&job).arg("--out").arg(&out));
            assert!(answer(drapes().arg("status").arg(&out)).contains("14 of 14 tasks done"));
        }
    }
}
