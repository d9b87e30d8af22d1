//! Phrases that several messages about files of events share.

use drapes_analysis::job::Layout;

use super::dropped::Dropped;
use super::recipe::lhco_columns;

/// The most letters of a text from a file that a message shows.
const LONGEST: usize = 60;

/// What an HDF5 file holds instead of the layout that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Particles of the raw LHC Olympics layout.
    RawParticles,
    /// A pandas frame whose column names only Python can read.
    PickledNames,
    /// A pandas frame under this key, in the layout that rows can be appended to.
    AppendableFrame(String),
    /// Pandas frames under these keys.
    Frames(Vec<String>),
    /// Groups of these names, without a frame among them.
    Groups(Vec<String>),
    /// Records, whose fields are columns, under these names.
    Records(Vec<String>),
    /// An array without column names, of this shape.
    Array(Vec<usize>),
}

pub(super) fn other_layout(wanted: &Layout, found: &Found) -> String {
    let problem = match wanted {
        Layout::LhcoFeatures => "holds no LHC Olympics features".to_owned(),
        Layout::Table { group } => format!("holds no table in group {group}"),
    };
    let (reason, remedy) = match found {
        Found::RawParticles => (
            "it holds the particles of raw events".to_owned(),
            "use the features file of the same events, or make one with `drapes-prepare`".to_owned(),
        ),
        Found::PickledNames => (
            "its column names are pickled Python objects".to_owned(),
            "write it again with text as column names".to_owned(),
        ),
        Found::AppendableFrame(key) => (
            format!("the pandas frame {} is in table format", printable(key)),
            "write it again with format=\"fixed\" or data_columns=True, or as CSV".to_owned(),
        ),
        Found::Frames(keys) if keys.len() == 1 => (
            format!("it is a pandas frame with key {}", printable(&keys[0])),
            format!("set layout = \"lhco_features\", or group = \"{}\", in [data]", printable(&keys[0])),
        ),
        Found::Frames(keys) => (
            format!("its pandas frames: {}", shortened(keys)),
            "keep the events in one frame with key df".to_owned(),
        ),
        Found::Records(names) => (
            format!("its records: {}", shortened(names)),
            format!("set layout = \"table\" and group = \"{}\" in [data]", printable(&names[0])),
        ),
        Found::Array(shape) => (
            format!("that is an array of shape {shape:?}, whose columns have no names"),
            "write each column as a dataset of its own in a group, or as CSV".to_owned(),
        ),
        Found::Groups(names) if names.is_empty() => {
            ("it holds no groups".to_owned(), "use another file, or group = \"/\" in [data]".to_owned())
        }
        Found::Groups(names) => (
            format!("its groups: {}", shortened(names)),
            format!("set layout = \"table\" and group = \"{}\" in [data]", printable(&names[0])),
        ),
    };
    format!("{problem} ({reason}) {remedy}")
}

pub(super) fn why_none(dropped: Dropped) -> String {
    if dropped.total() == 0 { "it has no rows".to_owned() } else { format!("dropped: {dropped}") }
}

/// What to do where no event is left.
pub(super) fn other_events(dropped: Dropped) -> &'static str {
    if dropped.not_selected > dropped.damaged() {
        "correct `select` in [data], or use another file"
    } else {
        "use another file"
    }
}

pub(super) fn list_columns(missing: &[String]) -> String {
    let word = if missing.len() == 1 { "column" } else { "columns" };
    format!("{word} {}", shortened(missing))
}

/// The first names of a list that may be thousands of names long.
pub(super) fn shortened(names: &[String]) -> String {
    let most = 20;
    let some: Vec<String> = names.iter().take(most).map(|name| printable(name)).collect();
    match names.len() {
        0 => "no columns".to_owned(),
        count if count > most => format!("{} and {} more", some.join(", "), count - most),
        _ => some.join(", "),
    }
}

/// A name or value of a file as a message can show it: on one line, without signs that would change the terminal, short.
pub(super) fn printable(text: &str) -> String {
    shown(text, LONGEST)
}

/// The same for a text of so many letters.
pub(super) fn shown(text: &str, most: usize) -> String {
    let is_hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut line = String::new();
    for (place, letter) in text.chars().enumerate() {
        if place >= most {
            line.push('…');
            break;
        }
        if is_hidden(letter) {
            line.extend(letter.escape_default());
        } else {
            line.push(letter);
        }
    }
    line
}

pub(super) fn shortened_or_nothing(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { shortened(names) }
}

pub(super) fn remedy(missing: &[String], present: &[String]) -> String {
    // The names of this layout are so alike that each resembles the others.
    if missing.iter().all(|name| lhco_columns().contains(name)) {
        return "use a features file as published, or set layout = \"table\" in [data] and name the columns"
            .to_owned();
    }
    let likely: Vec<String> = missing
        .iter()
        .filter_map(|name| {
            let similarity = |other: &str| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
            let best = present.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
            (similarity(best) > 0.8).then(|| format!("{} for {}", printable(best), printable(name)))
        })
        .collect();
    if present.is_empty() {
        "write the columns there, each as a one-dimensional dataset".to_owned()
    } else if likely.is_empty() {
        "name the columns in [data] of the job as the file does".to_owned()
    } else {
        format!("did you mean {}?", likely.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_file_never_change_the_terminal() {
        let odd = || vec!["m\u{7f}jj".to_owned()];
        let advice = remedy(&["m_jj".to_owned()], &odd());
        assert!(advice.starts_with("did you mean m"), "{advice}");
        let layouts = [Layout::LhcoFeatures, Layout::Table { group: "events".to_owned() }];
        let finds = [
            Found::AppendableFrame(odd().remove(0)),
            Found::Frames(odd()),
            Found::Frames([odd(), odd()].concat()),
            Found::Groups(odd()),
            Found::Records(odd()),
        ];
        let texts =
            layouts.iter().flat_map(|layout| finds.iter().map(move |found| other_layout(layout, found)));
        for text in texts.chain([advice, list_columns(&odd())]) {
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
}
