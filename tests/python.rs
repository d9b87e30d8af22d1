//! The programs of docs/python.md run as they stand, on arrays of tasks and on folded ones.

#[path = "support/python.rs"]
mod environment;
mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use support::{answer, directory, drapes, small_job};

/// The blocks of Python in the page, as one program.
fn program() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/python.md");
    let page = fs::read_to_string(page).expect("docs/python.md");
    let blocks = page.split("```python\n").skip(1);
    let blocks: Vec<&str> = blocks.map(|block| block.split_once("```").expect("its end").0).collect();
    assert!(blocks.len() >= 5, "{} blocks", blocks.len());
    blocks.join("\n")
}

#[test]
fn the_programs_of_the_page_run() {
    let python = match environment::python(Path::new(env!("CARGO_TARGET_TMPDIR"))) {
        Ok(python) => python,
        Err(reason) => {
            eprintln!("skipped: {reason}");
            return;
        }
    };
    let place = directory();
    let job = small_job(place.path(), "[[scan]]\nmethod = 'noise'\nn_signal = [1000]\noversampling = [1]\n");
    let out = place.path().join("scan");
    answer(drapes().arg("run").arg(&job).arg("--out").arg(&out));
    fs::create_dir(place.path().join("out")).expect("room");
    symlink(&out, place.path().join("out/demo")).expect("room");
    let export = |form: &str, name: &str| {
        answer(drapes().arg("export").arg(&out).arg(form).arg(place.path().join(name)));
    };
    export("--uhi", "demo_histograms.json");
    export("--hepdata", "demo_hepdata");
    fs::write(place.path().join("page.py"), program()).expect("room");
    for folded in [false, true] {
        if folded {
            answer(drapes().arg("compact").arg(&out));
        }
        let mut program = Command::new(&python);
        program.current_dir(place.path()).env("MPLBACKEND", "Agg");
        let said = environment::run(program.arg("page.py")).unwrap_or_else(|said| panic!("{said}"));
        for line in ["tau21_j1", "'GeV'", "1 network of", "schema 1", "supervised"] {
            assert!(said.contains(line), "{line} is not in\n{said}");
        }
        for picture in ["fig05_matplotlib.png", "m_j1_matplotlib.png"] {
            fs::remove_file(place.path().join(picture)).expect("a picture");
        }
    }
    let compare = |other: &Path| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compare.py");
        environment::run(Command::new(&python).arg(script).arg(&out).arg(other))
    };
    assert!(compare(&out).is_ok_and(|said| said.starts_with("EQUAL")));
    let said = compare(place.path()).expect_err("a folder without a scan");
    assert!(said.contains("results.csv"), "{said}");
}
