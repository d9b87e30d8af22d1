//! What goes wrong when somebody asks for something of a search.

use std::path::PathBuf;

/// Something of a search cannot be given.
///
/// Messages read: problem (why it is one) what to do.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// There is no search.
    #[error(
        "{} holds no search (its job has no [search] with windows) name the directory of one, or add windows to its job",
        path.display()
    )]
    None {
        /// The directory.
        path: PathBuf,
    },
    /// It is blind.
    #[error(
        "the search in {} is blind ({what} would show what data do behind its cuts) unblind it first, which writes down who \
         has looked: `drapes unblind {}`",
        path.display(),
        path.display()
    )]
    Blind {
        /// The directory.
        path: PathBuf,
        /// What was asked for.
        what: &'static str,
    },
    /// Another search cannot measure the cuts of this one.
    #[error("{} cannot measure the cuts of this search ({why}) {advice}", path.display())]
    NotControl {
        /// Its directory.
        path: PathBuf,
        /// Why.
        why: String,
        /// What to do.
        advice: String,
    },
    /// What was taken over is damaged.
    #[error(
        "cannot understand {} ({reason}) restore it from a copy; without one, move it away, and take the control searches over again \
         with `drapes control DIR --from OTHER`",
        path.display()
    )]
    TornControl {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        reason: String,
    },
    /// Nothing was taken over from there.
    #[error(
        "nothing was taken over from {} ({}) name the directory of a control search",
        asked.display(),
        if known.is_empty() {
            "the search has no control searches".to_owned()
        } else {
            format!("the control searches are {}", known.join(", "))
        }
    )]
    NoControl {
        /// What was asked for.
        asked: PathBuf,
        /// Those that there are.
        known: Vec<String>,
    },
    /// There is no such window.
    #[error("--events {asked} names no window of the search ({why}) name one of {}, by its edges or its centre", windows.join(", "))]
    NoWindow {
        /// What was asked for.
        asked: String,
        /// Whether none is like it, or several are.
        why: &'static str,
        /// Those that there are.
        windows: Vec<String>,
    },
    /// There is no such cut.
    #[error(
        "--efficiency {asked} is no cut of the search (thresholds are known for those of its job alone) name one of {}, or add it \
         to search.efficiencies and run the job into another folder (a cut cannot be added to one that is done)",
        efficiencies.join(", ")
    )]
    NoCut {
        /// What was asked for.
        asked: f64,
        /// Those that there are.
        efficiencies: Vec<String>,
    },
    /// A window has no result.
    #[error("window {window} has no result yet ({why}) go on with `{command}`")]
    Unfinished {
        /// The window.
        window: String,
        /// What stands in the place of its record.
        why: &'static str,
        /// What finishes it.
        command: String,
    },
    /// Nothing is told of a cut.
    #[error("window {window} has no events behind the cut of {efficiency} ({why}")]
    Untold {
        /// The window.
        window: String,
        /// The cut.
        efficiency: f64,
        /// Why, and what to do in brackets: the rest of the message.
        why: String,
    },
    /// Scores of events are damaged.
    #[error(
        "cannot read the scores of a window, {} ({reason}) restore the file from a copy; without one, move it and its record \
         {} away, and have the window searched again with `{command}`",
        path.display(),
        record.display()
    )]
    Scores {
        /// Where they lie.
        path: PathBuf,
        /// What is wrong with them.
        reason: String,
        /// The record beside them.
        record: PathBuf,
        /// What makes both again.
        command: String,
    },
    /// The program reads no arrays.
    #[error(
        "scores of events cannot be read here (they lie in HDF5 files, which this program does without) ask `drapes` for them, \
         with the same words"
    )]
    NeedsArrays,
}
