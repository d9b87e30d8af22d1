//! What can go wrong, and the exit code that says so.
//!
//! - In: what failed, with the file or key that it is about. Out: a message (what happened, why it is a problem, what to do)
//!   and the exit code of the program ([`Exit`]); a panic ends it in two lines ([`unforeseen`]).
//! - It uses no other room.

pub mod remedy;
mod search;
pub mod unforeseen;

use std::fmt;
use std::path::PathBuf;

pub use search::SearchError;

/// Where a mistake in a job stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MistakeAt {
    /// A line of the job file, from 1.
    Line(usize),
    /// A change that the command line makes, as it is written behind `--set`.
    Change(String),
}

/// One mistake in a job file, or in what the command line changes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub place: MistakeAt,
    /// Dotted path of the key.
    pub key: String,
    /// What is wrong, why, and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{} {}", self.key, self.message)
        }
    }
}

/// Why the program ended, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is done.
    Done = 0,
    /// Something that drapes did not foresee.
    Unexpected = 1,
    /// A bad job file, bad data or bad usage.
    BadRequest = 2,
    /// The machine lacks something.
    Environment = 3,
    /// Some tasks failed.
    TasksFailed = 4,
    /// Stopped at the deadline; the same command goes on.
    Deadline = 75,
}

/// An error of planning, storing, reducing or drawing.
///
/// Messages read: problem (why it is one) what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The job file has mistakes.
    #[error("{}", list_problems(path, problems))]
    JobFile {
        /// The job file.
        path: PathBuf,
        /// Every mistake found.
        problems: Vec<Problem>,
    },
    /// A file cannot be read.
    #[error("cannot read {what} {} ({source}) check the path and its permissions", path.display())]
    CannotRead {
        /// What the file is.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error(
        "cannot write {} ({source}) {} or choose another directory with --out",
        path.display(),
        remedy::against_refused_writing(source)
    )]
    CannotWrite {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A directory holds no results.
    #[error(
        "{} holds no results of drapes ({reason}) name the directory that was given to `drapes run --out`",
        path.display()
    )]
    NotResults {
        /// The directory.
        path: PathBuf,
        /// How that shows.
        reason: &'static str,
    },
    /// A directory is somebody else's.
    #[error(
        "{} holds no scan of drapes and is not empty (there is {found}, and files of a scan might take the place of others) \
         name a new folder with --out",
        path.display()
    )]
    NotOurs {
        /// The directory.
        path: PathBuf,
        /// Something that is there.
        found: String,
    },
    /// A file that a report shall be written into is none.
    #[error("{} is there and is no report of drapes (it would be lost) name another file with --out", path.display())]
    NotAReport {
        /// The file.
        path: PathBuf,
    },
    /// A directory is at work for the job as it was.
    #[error(
        "{} is in use (by {who}, for the job as it was; what has been added needs all shards to know of it) wait until it \
         has ended, then start all shards again",
        path.display()
    )]
    GrownMeanwhile {
        /// The directory.
        path: PathBuf,
        /// Who works there.
        who: String,
    },
    /// A figure's table cannot be read.
    #[error("cannot read {} ({place}: {reason}) mend that cell, or make the tables again with `drapes reduce {}`", path.display(), directory.display())]
    Table {
        /// The table.
        path: PathBuf,
        /// Line, and column where there is one.
        place: String,
        /// What is wrong there.
        reason: String,
        /// The directory of the scan.
        directory: PathBuf,
    },
    /// A directory holds the results of a different job.
    #[error(
        "{} holds finished results that this job would change or lose (these keys differ: {}) choose another --out, or restore the keys",
        path.display(),
        keys.join(", ")
    )]
    OtherJob {
        /// The directory.
        path: PathBuf,
        /// The keys that differ.
        keys: Vec<String>,
    },
    /// A selection of tasks or points is empty.
    #[error(
        "--only {selector} names no task and no point of the job (there would be nothing to do) {}`drapes plan JOB --points` \
         and --tasks list them, `drapes status DIR --list waiting` those of a directory",
        if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(", ")) }
    )]
    NothingSelected {
        /// What was asked for.
        selector: String,
        /// Names that are like it.
        near: Vec<String>,
    },
    /// A run that is to stop is not there.
    #[error(
        "nobody is at work in {} ({why}) `drapes status {}` shows what is done",
        path.display(),
        path.display()
    )]
    NobodyAtWork {
        /// The directory.
        path: PathBuf,
        /// What was found instead.
        why: String,
    },
    /// A run that was asked to stop goes on.
    #[error(
        "somebody is still at work in {} {waited} after being asked to stop ({who}; a run looks every second and saves before \
         it ends, and some tasks take minutes until they can be left) wait with the same command again, or end it with the \
         means of its host",
        path.display()
    )]
    StillAtWork {
        /// The directory.
        path: PathBuf,
        /// Who works there.
        who: String,
        /// For how long it was waited.
        waited: String,
    },
    /// Somebody works in a directory.
    #[error(
        "{} is in use (by {who}; two runs of the same tasks would get into each other's way) wait until it has ended, \
         or choose another --out",
        path.display()
    )]
    Occupied {
        /// The directory.
        path: PathBuf,
        /// Who works there.
        who: String,
    },
    /// A stored file does not parse.
    #[error("cannot understand {} ({reason}) restore it from a copy; if another version of drapes wrote it, use that version, or start again with another --out", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        reason: String,
    },
    /// A directory has records, and none of them counts.
    #[error(
        "{} has records that are not known to be of its job (they belong to other inputs or another version of drapes) results.csv \
         and figures stay as they are: use the version that provenance.json names", directory.display()
    )]
    OthersRecords {
        /// The directory.
        directory: PathBuf,
    },
    /// A figure was asked for that the results cannot give.
    #[error("cannot draw {figure} ({missing}) run `{command}` first")]
    NothingToDraw {
        /// The figure.
        figure: String,
        /// What it lacks.
        missing: String,
        /// What makes it.
        command: String,
    },
    /// A figure's table is not what was written.
    #[error(
        "cannot export {} ({place}: {reason}) make the tables again with `drapes reduce {}`",
        path.display(),
        directory.display()
    )]
    Edited {
        /// The table.
        path: PathBuf,
        /// Line, and column where there is one.
        place: String,
        /// What is different there.
        reason: String,
        /// The directory of the scan.
        directory: PathBuf,
    },
    /// A directory has nothing to export.
    #[error(
        "{} has nothing to export ({missing}) finish the scan, then run `drapes reduce {}`",
        directory.display(),
        directory.display()
    )]
    NothingToExport {
        /// The directory of the scan.
        directory: PathBuf,
        /// What it lacks.
        missing: &'static str,
    },
    /// Something is where an export should go.
    #[error("{} is there already (an export replaces nothing) name a new place, or move it away", path.display())]
    AlreadyThere {
        /// The place.
        path: PathBuf,
    },
    /// An export cannot be written.
    #[error(
        "cannot write {} ({source}) {} or name another place",
        path.display(),
        remedy::against_refused_writing(source)
    )]
    CannotExport {
        /// The place.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// There is no blind search.
    #[error(
        "{} holds no blind search (its job has no [search], or one with blind = false) there is nothing to unblind: see search.csv",
        path.display()
    )]
    NothingBlind {
        /// The directory.
        path: PathBuf,
    },
    /// A blind search would be opened by its job.
    #[error(
        "the search of {} is blind, and the job says blind = false (who opened it and when would be nowhere) run `drapes unblind \
         {}`, or leave search.blind as it was",
        path.display(),
        path.display()
    )]
    StaysBlind {
        /// The directory.
        path: PathBuf,
    },
    /// Something of a search cannot be given.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// A picture could not be converted.
    #[error("cannot draw {figure} ({source}) please report this with the figure's CSV file")]
    Drawing {
        /// The figure.
        figure: String,
        /// What the drawing says.
        source: drapes_draw::DrawError,
    },
}

impl Error {
    /// The exit code that this error ends the program with.
    pub fn kind(&self) -> Exit {
        match self {
            Self::JobFile { .. }
            | Self::CannotRead { .. }
            | Self::NotResults { .. }
            | Self::NotOurs { .. }
            | Self::NotAReport { .. }
            | Self::Table { .. }
            | Self::OtherJob { .. }
            | Self::NothingSelected { .. }
            | Self::NobodyAtWork { .. }
            | Self::Corrupt { .. }
            | Self::OthersRecords { .. }
            | Self::Edited { .. }
            | Self::NothingToExport { .. }
            | Self::AlreadyThere { .. }
            | Self::NothingBlind { .. }
            | Self::StaysBlind { .. }
            | Self::Search(_)
            | Self::NothingToDraw { .. } => Exit::BadRequest,
            Self::CannotExport { .. }
            | Self::CannotWrite { .. }
            | Self::Occupied { .. }
            | Self::GrownMeanwhile { .. } => Exit::Environment,
            Self::StillAtWork { .. } => Exit::Deadline,
            Self::Drawing { .. } => Exit::Unexpected,
        }
    }
}

/// More mistakes than these are counted, not listed: a message fits on a screen.
const MOST_PROBLEMS: usize = 20;

fn list_problems(path: &std::path::Path, problems: &[Problem]) -> String {
    let path = path.display();
    let mut lines: Vec<String> = problems
        .iter()
        .take(MOST_PROBLEMS)
        .map(|problem| match &problem.place {
            MistakeAt::Line(line) => format!("  {path}:{line}: {problem}"),
            MistakeAt::Change(change) => format!("  --set {change}: {problem}"),
        })
        .collect();
    if problems.len() > MOST_PROBLEMS {
        lines.push(format!("  and {} more", problems.len() - MOST_PROBLEMS));
    }
    let (count, mistakes) = (problems.len(), if problems.len() == 1 { "mistake" } else { "mistakes" });
    let is_of_file = |problem: &Problem| matches!(problem.place, MistakeAt::Line(_));
    let what = if problems.iter().any(is_of_file) { "the job file has" } else { "--set makes" };
    format!("{what} {count} {mistakes}\n{}", lines.join("\n"))
}
