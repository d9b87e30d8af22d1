//! How many messages a program prints beside its answer, and in which colours.

use std::io::IsTerminal;
use std::sync::OnceLock;

/// How many messages a program prints beside its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loudness {
    /// Only what needs attention: warnings, failures, errors.
    Quiet,
    /// Notes and progress too.
    #[default]
    Usual,
    /// The beginning of each task too.
    Verbose,
}

/// Options of verbs that say something while they work.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Talk {
    /// Say nothing but warnings, failures and errors; show no bar.
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Say also which rank begins which task, and how long it should take.
    #[arg(short, long)]
    verbose: bool,
}

impl Talk {
    /// Sets how much is printed from now on.
    pub fn set(self) {
        let loudness = match self {
            Self { quiet: true, .. } => Loudness::Quiet,
            Self { verbose: true, .. } => Loudness::Verbose,
            _ => Loudness::Usual,
        };
        // Once a process: its command line does not change.
        let _ = LOUDNESS.set(loudness);
    }
}

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// An option of every verb.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Color {
    /// Colour messages: auto (on a terminal, unless `NO_COLOR` is set), always or never.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true
    )]
    color: When,
}

impl Color {
    /// Sets whether messages are coloured from now on.
    pub fn set(self) {
        let _ = COLOR.set(self.color);
    }
}

static LOUDNESS: OnceLock<Loudness> = OnceLock::new();
static COLOR: OnceLock<When> = OnceLock::new();

/// How much this process prints.
pub fn loudness() -> Loudness {
    LOUDNESS.get().copied().unwrap_or_default()
}

/// Whether something is coloured that is shown on a terminal, or not.
fn is_coloured(when: When, no_color: Option<&str>, is_terminal: bool) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => is_terminal && no_color.is_none_or(str::is_empty),
    }
}

/// Whether what is shown on the user's terminal is coloured.
pub(super) fn colours_terminal() -> bool {
    colours(true)
}

/// Whether lines on standard error are coloured.
pub(super) fn colours_standard_error() -> bool {
    colours(std::io::stderr().is_terminal() && std::env::var_os("TERM").is_some_and(|name| name != "dumb"))
}

fn colours(is_terminal: bool) -> bool {
    let no_color = std::env::var_os("NO_COLOR").map(|value| value.to_string_lossy().into_owned());
    is_coloured(COLOR.get().copied().unwrap_or_default(), no_color.as_deref(), is_terminal)
}

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const CYAN: &str = "\x1b[36m";
const PLAIN: &str = "\x1b[0m";

/// A line with the word in colour that says how serious it is.
pub(super) fn coloured(line: &str) -> String {
    let words = [("error", RED), ("warning:", YELLOW), ("note:", CYAN)];
    if let Some((word, colour)) = words.into_iter().find(|(word, _)| line.starts_with(word)) {
        return format!("{colour}{word}{PLAIN}{}", &line[word.len()..]);
    }
    let inside = [": FAILED", ": NOT STORED"];
    match inside.into_iter().find_map(|word| Some((word, line.find(word)?))) {
        Some((word, place)) => {
            let (before, after) = (&line[..place + 2], &line[place + word.len()..]);
            format!("{before}{RED}{}{PLAIN}{after}", &word[2..])
        }
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_used_where_they_are_wanted() {
        for (when, no_color, is_terminal, expected) in [
            (When::Auto, None, true, true),
            (When::Auto, None, false, false),
            (When::Auto, Some("1"), true, false),
            (When::Auto, Some(""), true, true),
            (When::Always, Some("1"), false, true),
            (When::Never, None, true, false),
        ] {
            assert_eq!(
                is_coloured(when, no_color, is_terminal),
                expected,
                "{when:?} {no_color:?} {is_terminal}"
            );
        }
    }

    #[test]
    fn the_word_that_says_how_serious_a_line_is_stands_out() {
        assert_eq!(coloured("warning: a, error: b"), format!("{YELLOW}warning:{PLAIN} a, error: b"));
        assert_eq!(coloured("error on rank 1 (a): b"), format!("{RED}error{PLAIN} on rank 1 (a): b"));
        assert_eq!(coloured("[ 1.0 s] a: FAILED: b"), format!("[ 1.0 s] a: {RED}FAILED{PLAIN}: b"));
        assert_eq!(coloured("a: done in 1.0 s"), "a: done in 1.0 s");
    }
}
