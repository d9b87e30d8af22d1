//! Real launchers: any number of ranks gives the same records.

mod support;

use std::fs;
use std::process::Command;

use drapes_analysis::figures::Figure;
use serde_json::Value;
use support::{answer, arrays, data, directory, drapes, mpirun, records, refusal, small_job};

#[test]
fn any_number_of_ranks_and_none_give_the_same_records() {
    let place = directory();
    let flows = "[flow]\nbatch = 1024\n[flow.base]\nlayers = 2\nwidth = 10\nepochs = 1\n[flow.top]\nlayers = 2\n\
                 width = 10\nepochs = 1\n[[scan]]\nmethod = 'curtains_f4f'\nn_signal = [0, 500]\noversampling = [1]\n";
    let job = small_job(place.path(), flows);
    let alone = place.path().join("alone");
    let answered = answer(drapes().arg("run").arg(&job).arg("--out").arg(&alone));
    assert!(answered.contains("DRAPES ∅") && answered.contains("Supervised"), "{answered}");
    let expected = (records(&alone), arrays(&alone));
    // 2 fits, 2 denoisers, 4 flows, 4 templates, 6 points × 2 chunks of seeds.
    assert_eq!((expected.0.len(), expected.1.len()), (24, 10));
    for ranks in [1, 2, 3, 4] {
        let out = place.path().join(format!("ranks{ranks}"));
        answer(mpirun(ranks).arg("run").arg(&job).arg("--out").arg(&out));
        assert_eq!(records(&out), expected.0, "{ranks} ranks");
        assert_eq!(arrays(&out), expected.1, "{ranks} ranks");
        let text = fs::read_to_string(out.join("provenance.json")).expect("a provenance");
        let provenance: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(provenance["ranks"].as_array().map(Vec::len), Some(ranks));
        // What `status` says to go on with is what was started here.
        let command = provenance["command"].as_str().expect("a command");
        let expected =
            if ranks == 1 { "drapes run ".to_owned() } else { format!("mpirun -n {ranks} drapes run ") };
        assert!(command.starts_with(&expected), "{command}");
        let used: Vec<u64> = ranks_of_records(&out);
        assert!(ranks == 1 || used.iter().any(|rank| *rank > 0), "only rank 0 worked: {used:?}");
    }
    // The same numbers in every table, whoever computed them.
    let table = |name: &str| fs::read(place.path().join(name).join("figures/fig04.csv")).expect("a table");
    assert_eq!(table("alone"), table("ranks3"));
}

fn ranks_of_records(out: &std::path::Path) -> Vec<u64> {
    let folder = out.join("tasks/classify");
    let entries = fs::read_dir(folder).expect("records").map(|entry| entry.expect("an entry").path());
    let record =
        |path| -> Value { serde_json::from_slice(&fs::read(path).expect("a record")).expect("JSON") };
    entries.map(|path| record(path)["run"]["rank"].as_u64().expect("a rank")).collect()
}

#[test]
fn another_seed_gives_other_records() {
    let place = directory();
    let job = small_job(place.path(), "");
    let other = fs::read_to_string(&job).expect("the job").replace("seed = 5", "seed = 6");
    let other = support::write(place.path(), "other.toml", &other);
    let (a, b) = (place.path().join("a"), place.path().join("b"));
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&a));
    answer(drapes().arg("run").arg(&other).arg("--out").arg(&b));
    for (name, values) in arrays(&a) {
        assert_ne!(values, arrays(&b)[&name], "{name}");
    }
}

#[test]
fn the_smallest_job_of_the_repository_touches_every_stage() {
    let place = directory();
    let out = place.path().join("out");
    let job = data().join("../jobs/ci.toml");
    let text = answer(mpirun(2).arg("run").arg(job).arg("--out").arg(&out));
    for method in [
        "Supervised",
        "Over-idealised",
        "Idealised",
        "∅",
        "SR",
        "SB",
        "MC",
        "GenSR",
        "CURTAINsF4F",
        "CATHODE",
        "Flow matching",
        "FETA",
        "transformer",
    ] {
        assert!(text.contains(method), "{method}:\n{text}");
    }
    for figure in Figure::ALL {
        assert!(out.join(format!("figures/{}.png", figure.name())).exists(), "{}", figure.name());
    }
    let log = |rank: usize| fs::read_to_string(out.join(format!("logs/rank-{rank:03}.log"))).expect("a log");
    let logs = log(0) + &log(1);
    for stage in ["fit/", "train/", "template/", "classify/"] {
        assert!(logs.lines().any(|line| line.contains(stage) && line.contains(": done in")), "{logs}");
    }
    assert!(logs.contains("steps instead of 50000"), "{logs}");
}

#[test]
fn the_program_starts_its_own_ranks() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&out).args(["--ranks", "2", "--device", "cpu"]));
    let text = fs::read_to_string(out.join("provenance.json")).expect("a provenance");
    assert_eq!(text.matches("\"host\"").count(), 2, "{text}");
    let provenance: Value = serde_json::from_str(&text).expect("JSON");
    let command = provenance["command"].as_str().expect("a command");
    assert!(command.ends_with("--device cpu --ranks 2"), "{command}");
}

#[test]
fn launchers_do_not_start_launchers() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    let (code, message) =
        refusal(mpirun(2).arg("run").arg(&job).arg("--out").arg(&out).args(["--ranks", "2"]));
    assert_eq!(code, 2, "{message}");
    assert!(
        message.contains("OMPI_COMM_WORLD_SIZE says so") && message.contains("leave out --ranks"),
        "{message}"
    );
    assert!(!message.contains("recursive"), "{message}");
}

#[test]
fn a_launcher_in_a_shell_of_slurm_counts_its_own_programs() {
    let place = directory();
    let job = small_job(place.path(), "");
    for ranks in [1, 2] {
        let mut command = mpirun(ranks);
        // As `srun -n 4 --pty bash` leaves it.
        command.env("SLURM_STEP_NUM_TASKS", "4");
        answer(command.arg("run").arg(&job).arg("--out").arg(place.path().join(format!("out{ranks}"))));
    }
}

#[test]
fn ranks_whose_container_begins_with_a_small_init_are_no_orphans() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    // A shell is the first process, and starts a rank; as tini does, or the entry point of an image.
    let script =
        format!("{} run {} --out {} ; exit $?", env!("CARGO_BIN_EXE_drapes"), job.display(), out.display());
    let mut unshare = Command::new("unshare");
    unshare.args(["--pid", "--fork", "--mount-proc", "sh", "-c", &script]).env("SLURM_STEP_NUM_TASKS", "1");
    if !Command::new("unshare")
        .args(["--pid", "--fork", "--mount-proc", "true"])
        .status()
        .is_ok_and(|status| status.success())
    {
        eprintln!("skipped: this user may not make a space of process numbers");
        return;
    }
    answer(&mut unshare);
}

#[test]
fn separate_programs_under_one_launcher_are_refused() {
    let place = directory();
    let job = small_job(place.path(), "");
    let out = place.path().join("out");
    let (code, message) =
        refusal(drapes().env("SLURM_STEP_NUM_TASKS", "4").arg("run").arg(&job).arg("--out").arg(&out));
    assert_eq!(code, 3);
    assert!(message.contains("the launcher started 4 programs"), "{message}");
    assert!(!out.exists(), "nothing was begun");
}

#[test]
fn a_bad_job_ends_all_ranks_with_its_mistakes() {
    let place = directory();
    let job = small_job(place.path(), "[denoise]\nepochs = 3\n");
    let (code, message) = refusal(mpirun(2).arg("run").arg(&job).arg("--out").arg(place.path().join("out")));
    assert_eq!(code, 2);
    assert_eq!(message.matches("denoise is not a key").count(), 1, "{message}");
}
