//! The crate draws, and its callers know what: no word of particle physics stands in its sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Beginnings of words that belong to the callers, in lower case.
const FOREIGN: [&str; 20] = [
    "gev",
    "tev",
    "σ′",
    "sigma_prime",
    "m_jj",
    "sideband",
    "side-band",
    "signal",
    "inject",
    "rejection",
    "significance",
    "background",
    "template",
    "classif",
    "denois",
    "diffus",
    "event",
    "drapes_analysis",
    "method",
    "cwola",
];

/// The foreign words of a text that begin a word of it.
fn foreign(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    let starts_word = |word: &str| {
        let mut starts = text.match_indices(word).map(|(start, _)| &text[..start]);
        starts.any(|before| !before.ends_with(char::is_alphanumeric))
    };
    FOREIGN.into_iter().filter(|word| starts_word(word)).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let below = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    entries.flat_map(below).collect()
}

#[test]
fn no_source_knows_what_is_measured() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(sources.len() > 30, "only {} sources", sources.len());
    for path in sources {
        let found = foreign(&fs::read_to_string(&path).expect("a text"));
        assert!(
            found.is_empty(),
            "{} speaks of {found:?}: name it where pictures are described",
            path.display()
        );
    }
}

#[test]
fn a_foreign_word_is_found_where_it_begins_a_word() {
    assert_eq!(foreign("events / 50 GeV"), ["gev", "event"]);
    assert_eq!(foreign("pointer-events and prevented"), ["event"]);
    assert!(foreign("it was prevented").is_empty());
}
