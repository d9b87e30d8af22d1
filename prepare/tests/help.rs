//! The help text, word for word: whoever changes it sees in the diff what users will read.

mod support;

use std::fs;
use std::path::Path;

use support::{answer, prepare};

#[test]
fn the_help_text_is_as_written() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help.txt");
    let found = format!("$ drapes-prepare --help\n{}", answer(prepare().arg("--help")));
    if std::env::var_os("DRAPES_WRITE_HELP").is_some() {
        fs::write(&file, &found).expect("room for the help text");
    }
    let written = fs::read_to_string(&file).expect("tests/help.txt");
    assert!(
        written == found,
        "the help text changed; to accept: DRAPES_WRITE_HELP=1 cargo test -p drapes-prepare --test help\n{found}"
    );
}
