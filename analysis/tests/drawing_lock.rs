//! Those who write tables and figures do so one after the other.

mod records;

use std::fs;
use std::process::Command;
use std::time::Duration;

use records::finished_job;

const JOB: &str = "schema = 1\nname = 'small'\n[data]\nevents = 'a.h5'\n[denoiser]\nepochs = 2\n[classifier]\nepochs = 1\n\
                   folds = 3\nseeds = '0'\n[figures]\ninjections = [1000]\n[[scan]]\nmethod = 'noise'\nn_signal = [1000]\n";

#[test]
fn reduce_and_plot_wait_for_a_run_that_draws() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished_job(directory.path(), JOB);
    let table = directory.path().join("figures/fig04.csv");
    let page = directory.path().join("report.html");
    for verb in ["reduce", "plot"] {
        if verb == "reduce" {
            let _ = fs::remove_file(&table);
        }
        let turn = store.lock_drawing().expect("room");
        let mut command = Command::new(env!("CARGO_BIN_EXE_drapes-analysis"));
        let mut waiting = command
            .arg(verb)
            .arg(directory.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("it starts");
        std::thread::sleep(Duration::from_secs(2));
        assert!(waiting.try_wait().expect("a child").is_none(), "{verb} writes what a run writes");
        assert_eq!(table.exists(), verb == "plot");
        drop(turn);
        assert!(waiting.wait().expect("an end").success(), "{verb}");
        assert!(table.exists());
        assert!(!page.exists(), "nobody has asked for a page");
    }
}

#[test]
fn reduce_and_plot_renew_the_page_where_it_is_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = finished_job(directory.path(), JOB);
    let run = |verb: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drapes-analysis"));
        let ended = command.arg(verb).arg(directory.path()).output().expect("it starts");
        assert!(ended.status.success(), "{verb}: {}", String::from_utf8_lossy(&ended.stderr));
    };
    let read = || fs::read_to_string(directory.path().join("report.html")).expect("a page");
    run("reduce");
    run("report");
    let first = read();
    // Who edits a table sees it on the page.
    let table = directory.path().join("figures/fig04.csv");
    let text = fs::read_to_string(&table).expect("a table");
    let row = text.lines().last().expect("a row");
    fs::write(&table, text.replace(&format!("{row}\n"), "")).expect("room");
    run("plot");
    let edited = read();
    assert_ne!(edited, first);
    run("reduce");
    let again = read();
    assert_ne!(again, edited);
    // Anybody's own file of that name is left alone.
    drop(store);
    let own = "<p>my own page</p>";
    fs::write(directory.path().join("report.html"), own).expect("room");
    run("plot");
    assert_eq!(read(), own);
}
