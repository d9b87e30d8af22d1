//! The help texts, word for word: whoever changes one sees in the diff what users will read.

mod support;

use std::fs;
use std::path::Path;

use support::{answer, drapes};

const VERBS: [&[&str]; 18] = [
    &[],
    &["plan"],
    &["run"],
    &["status"],
    &["stop"],
    &["reduce"],
    &["plot"],
    &["report"],
    &["export"],
    &["unblind"],
    &["control"],
    &["compact"],
    &["doctor"],
    &["data"],
    &["data", "describe"],
    &["data", "edge"],
    &["completions"],
    &["man"],
];

#[test]
fn help_texts_are_as_written() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help.txt");
    let mut found = String::new();
    for verb in VERBS {
        let text = answer(drapes().args(verb).arg("--help"));
        found += &format!("$ {}\n{text}\n", [&["drapes"], verb, &["--help"]].concat().join(" "));
    }
    if std::env::var_os("DRAPES_WRITE_HELP").is_some() {
        fs::write(&file, &found).expect("room for the help texts");
    }
    let written = fs::read_to_string(&file).expect("tests/help.txt");
    assert!(
        written == found,
        "help texts changed; to accept: DRAPES_WRITE_HELP=1 cargo test --test help\n{found}"
    );
}
