//! Errors of runs and tasks: each says the problem, (why it is one), and what to do.
//!
//! Whatever goes wrong above `data` and `device`, which have error types of their own, becomes an [`Error`], and an exit code that
//! scripts rely on: 2 for a bad request, 3 for the environment, 4 for failed tasks, 75 for *run me again*.

mod asked_by;
mod demand;
mod edge;
mod formula;
mod ranks;
mod repeat;
mod stalled;

use std::path::PathBuf;

use drapes_analysis::cli::duration;
use drapes_analysis::dispatch::{Fault, Shard};
use drapes_analysis::error::Exit;
use drapes_analysis::job::{EventFile, MassUnit};
use drapes_analysis::plan::TaskId;

use crate::data::DataError;
use crate::device::DeviceError;

pub use asked_by::AskedBy;
pub use demand::DemandError;
pub use edge::EdgeProblem;
pub use formula::FormulaError;
pub use ranks::RanksError;
pub use repeat::Repeat;
pub use stalled::{Rest, StalledTask};

/// An error of reading data, computing or talking to other ranks.
///
/// Messages read: problem (why it is one) what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Planning, storing, reducing or drawing failed.
    #[error(transparent)]
    Analysis(#[from] drapes_analysis::error::Error),
    /// A file of events cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is no such edge.
    #[error(transparent)]
    Edge(#[from] EdgeProblem),
    /// The same, of a file beside that of the data: who has not named it learns which key does.
    #[error("{key}: {source}")]
    OfFile {
        /// The key of the job that names the file.
        key: &'static str,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// Devices cannot be used as asked.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The job asks for more than the machine has.
    #[error(transparent)]
    Demand(#[from] DemandError),
    /// Ranks cannot be started or reached.
    #[error(transparent)]
    Ranks(#[from] RanksError),
    /// Several things are wrong at once.
    #[error("{}", lines(.0))]
    Several(Vec<Error>),
    /// A region holds too little.
    #[error("{region} holds {found} {what} (at least {needed} {} needed) {advice}", if *needed == 1 { "is" } else { "are" })]
    TooFew {
        /// Where.
        region: String,
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there must be.
        needed: usize,
        /// What to do.
        advice: String,
    },
    /// Events are counted in 32 bits.
    #[error(
        "{found} events are to be learnt from together (rows are counted in 32 bits, up to {}) lower template.oversampling, \
         or the trainings of a task under [compute]",
        u32::MAX
    )]
    TooManyEvents {
        /// How many there are.
        found: u64,
    },
    /// A feature does not vary.
    #[error(
        "feature {feature} is {value} in all {events} background events of {region} (it tells nothing, and a template of it \
         differs from data by rounding alone, which fakes a signal) remove it from data.features"
    )]
    ConstantFeature {
        /// The feature.
        feature: String,
        /// Its value.
        value: String,
        /// Events that have it.
        events: usize,
        /// Where.
        region: String,
    },
    /// A feature does not follow from what models generate.
    #[error(transparent)]
    Formula(#[from] FormulaError),
    /// The data have no labels, and points of the scan need them.
    #[error(
        "{} has no column {label} (it tells simulated signal from background, and these points need that: {needs}) name the column of labels in `label` \
         of [data], define one in [data.columns], use a file with labels, or {}",
        path.display(), asked_by.advice()
    )]
    NoTruth {
        /// The file.
        path: PathBuf,
        /// The column.
        label: String,
        /// Which points need it, and what for.
        needs: String,
        /// Whose points these are.
        asked_by: AskedBy,
    },
    /// The data of a search have labels, and nothing says what becomes of their signal.
    #[error(
        "the file of a search tells {signal} of its events to be signal, by {label} (labels take no part in a search, so that it \
         must be said how many of them are data) set injected in [search] to a number, or name a column that is not there in \
         `label` of [data] to search all events"
    )]
    LabelledSearch {
        /// Its signal events.
        signal: usize,
        /// The column.
        label: String,
    },
    /// The side-bands of the job lie outside of the data.
    #[error(
        "the side-bands {wanted} {unit} leave the data's range {found} {unit} (the model would extrapolate) {}",
        if *is_mev {
            "these look like MeV: write unit = \"MeV\" in [data] and the windows in MeV, or divide the masses by 1000"
        } else {
            "move the edges of side_bands_gev"
        }
    )]
    OutsideData {
        /// The job's outer edges.
        wanted: String,
        /// The smallest and largest mass.
        found: String,
        /// Their unit.
        unit: MassUnit,
        /// Whether the masses would fit if they were a thousand times smaller.
        is_mev: bool,
    },
    /// A path is not text.
    #[error(
        "{what} {} is not UTF-8 (it is written into results and HDF5 files, which hold text alone) rename it, or choose \
         another {what}",
        path.display()
    )]
    NotText {
        /// The path.
        path: PathBuf,
        /// What it is given for.
        what: &'static str,
    },
    /// Two files of a job are equal, byte by byte.
    #[error(
        "{key} ({file}) is the same file as {other_key} ({other}) (events would be judged by what was trained on them) name \
         a file of other events"
    )]
    SameFile {
        /// The key of the job.
        key: String,
        /// Its file.
        file: String,
        /// The other key.
        other_key: String,
        /// Its file.
        other: String,
    },
    /// A sample holds too many events that occur more than once.
    #[error(
        "{repeat} (data.most_repeated allows {}%: classifiers would be judged on events that they were trained on) {}, or \
         raise data.most_repeated where they are different events that look alike",
        (most * 1e5).round() / 1e3,
        if repeat.other.is_some() { "leave them out of one of the two" } else { "write each event once" }
    )]
    Repeated {
        /// Which, and how many.
        repeat: Repeat,
        /// The largest share that the job allows.
        most: f64,
    },
    /// The mass spectrum cannot be fitted.
    #[error(
        "the dijet fit of {n_events} side-band events failed ({why}) widen the side-bands or check the data"
    )]
    DijetFit {
        /// Side-band events.
        n_events: usize,
        /// The reason.
        why: &'static str,
    },
    /// A training left the finite numbers.
    #[error("the training diverged at epoch {epoch:.1} ({what} is not a number) lower the learning rate")]
    Diverged {
        /// How far it came.
        epoch: f64,
        /// What is not finite.
        what: String,
    },
    /// A network is too large for where it is to be computed.
    #[error("{what} needs about {:.1} GB of memory ({:.1} GB are free) lower {lower}", needs / 1e9, has / 1e9)]
    DoesNotFit {
        /// The task.
        what: String,
        /// Bytes that it takes.
        needs: f64,
        /// Bytes that there are.
        has: f64,
        /// The key of the job.
        lower: &'static str,
    },
    /// A task was told to stop.
    #[error("stopped before its end (the run ends) run the same command again")]
    Stopped,
    /// Boosted trees cannot be grown.
    #[error("boosted trees could not be trained ({reason}) check [trees], or use classifier = [\"mlp\"]")]
    Trees {
        /// What the library says.
        reason: String,
    },
    /// A model has made something that is no number.
    #[error(
        "the template is of no use ({what}) look at the loss in figures/training, then train longer or slower"
    )]
    NotFinite {
        /// What was made.
        what: String,
    },
    /// Arrays of a task cannot be stored or read back.
    #[error("cannot {action} {} ({reason}) {advice}", path.display())]
    Arrays {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What HDF5 says.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// Results that a task needs cannot be read, although they were looked at again and again.
    #[error("{source}")]
    UnreadableInput {
        /// Those tasks.
        needs: Vec<TaskId>,
        /// What was found.
        source: Box<Error>,
    },
    /// The folded arrays are damaged, and some lie nowhere else.
    #[error(
        "cannot fold into {} ({reason}; the arrays of {only_there} finished tasks lie only there) restore it from a copy, or \
         move it away: what needs them then has them made again",
        path.display()
    )]
    CannotFold {
        /// The file.
        path: PathBuf,
        /// What HDF5 says.
        reason: String,
        /// Tasks whose arrays lie nowhere else.
        only_there: usize,
    },
    /// There is no time for any task.
    #[error(
        "no task that is left ends in the {} until tasks must stop (the shortest takes about {}, and the same command \
         again would do nothing either) give the job more time, or lower --margin",
        duration(*left),
        duration(*needed)
    )]
    TooLittleTime {
        /// Seconds that there are.
        left: f64,
        /// Seconds that the shortest task takes.
        needed: f64,
    },
    /// Tasks were stopped again and again and never got further.
    #[error("{}{rest}", tasks.iter().map(StalledTask::to_string).collect::<Vec<_>>().join("\nerror: "))]
    Stalled {
        /// These.
        tasks: Vec<StalledTask>,
        /// What became of the others.
        rest: Rest,
    },
    /// The state of a training that must stop cannot be stored.
    #[error(
        "its checkpoint of {:.1} MB could not be written, and the last {} of its work are lost: {source}",
        bytes / 1e6,
        duration(*lost)
    )]
    NotSaved {
        /// What it would have taken.
        bytes: f64,
        /// Seconds of work since it was saved last.
        lost: f64,
        /// Why.
        source: Box<Error>,
    },
    /// Results, or the states of trainings, cannot be stored.
    #[error(
        "results could not be stored ({}) then run the same command again: what is stored stays, and trainings go on \
         from their last checkpoint",
        reasons.join("; ")
    )]
    NotStored {
        /// Which, and why.
        reasons: Vec<String>,
    },
    /// Results that were just made cannot be read.
    #[error(
        "results cannot be read back although they were made again ({reason}) check the file system, then run the same \
         command again"
    )]
    NotReadable {
        /// Which, and why.
        reason: String,
    },
    /// Shards that this one needs do not run.
    #[error(
        "{} not at work ({waiting} tasks of shard {own} need theirs, nothing else is left to it, and the same command \
         again would do nothing either) start {}, or finish the scan without --shard",
        are(absent),
        if absent.len() == 1 { "it too" } else { "them too" }
    )]
    ShardsAbsent {
        /// This one.
        own: Shard,
        /// Those that are needed.
        absent: Vec<Shard>,
        /// Tasks that wait for them.
        waiting: usize,
    },
    /// Some tasks failed.
    #[error(
        "{failed} of {total} tasks have no result because of failures{} (`drapes status` lists them) mend the cause and run \
         the same command again with --retry-failed",
        if *left > 0 { format!(", {left} are still to be done") } else { String::new() }
    )]
    TasksFailed {
        /// Tasks that have failed, or are lost with one that has.
        failed: usize,
        /// Tasks of the plan.
        total: usize,
        /// Tasks that have not ended at all.
        left: usize,
    },
}

impl Error {
    /// All problems as one error.
    ///
    /// # Errors
    /// There is any.
    pub fn of_all(mut problems: Vec<Self>) -> Result<(), Self> {
        match problems.len() {
            0 => Ok(()),
            1 => Err(problems.remove(0)),
            _ => Err(Self::Several(problems)),
        }
    }

    /// The same with the key that names the file; that of the data needs none.
    pub fn of_file(self, which: EventFile) -> Self {
        match which {
            EventFile::Data => self,
            other => Self::OfFile { key: other.key(), source: Box::new(self) },
        }
    }

    /// The exit code that this error ends the program with.
    pub fn kind(&self) -> Exit {
        match self {
            Self::Analysis(error) => error.kind(),
            Self::Several(errors) => errors.first().map_or(Exit::Unexpected, Self::kind),
            Self::OfFile { source, .. } => source.kind(),
            Self::TooLittleTime { .. }
            | Self::Stalled { .. }
            | Self::ShardsAbsent { .. }
            | Self::Data(_)
            | Self::Edge(_)
            | Self::TooFew { .. }
            | Self::TooManyEvents { .. }
            | Self::NoTruth { .. }
            | Self::LabelledSearch { .. }
            | Self::OutsideData { .. }
            | Self::NotText { .. }
            | Self::SameFile { .. }
            | Self::Repeated { .. }
            | Self::ConstantFeature { .. }
            | Self::DijetFit { .. } => Exit::BadRequest,
            Self::Device(error) => error.kind(),
            Self::Ranks(error) => error.kind(),
            Self::Demand(error) => error.kind(),
            Self::Formula(error) => error.kind(),
            Self::Arrays { .. }
            | Self::UnreadableInput { .. }
            | Self::CannotFold { .. }
            | Self::NotSaved { .. }
            | Self::NotStored { .. }
            | Self::NotReadable { .. }
            | Self::DoesNotFit { .. } => Exit::Environment,
            Self::TasksFailed { .. } => Exit::TasksFailed,
            Self::Stopped => Exit::Deadline,
            Self::Diverged { .. } | Self::Trees { .. } | Self::NotFinite { .. } => Exit::Unexpected,
        }
    }

    /// What of the machine is to blame rather than the task; none where another machine would do no better.
    pub fn fault(&self) -> Option<Fault> {
        use drapes_analysis::error::Error as Analysis;
        match self {
            Self::OfFile { source, .. } => source.fault(),
            Self::DoesNotFit { .. } => Some(Fault::Memory),
            Self::Arrays { .. }
            | Self::Data(_)
            | Self::NotSaved { .. }
            | Self::Analysis(
                Analysis::CannotRead { .. } | Analysis::Corrupt { .. } | Analysis::CannotWrite { .. },
            ) => Some(Fault::Files),
            _ => None,
        }
    }

    /// Whether the reason is that a result cannot be read: another look may find it.
    pub fn is_of_reading(&self) -> bool {
        use drapes_analysis::error::Error as Analysis;
        matches!(
            self,
            Self::Arrays { action: "read", .. }
                | Self::Analysis(Analysis::CannotRead { .. } | Analysis::Corrupt { .. })
        )
    }

    /// Whether the reason is that nothing can be written: the task is as good as any other then.
    pub fn is_of_storage(&self) -> bool {
        use drapes_analysis::error::Error as Analysis;
        matches!(
            self,
            Self::Arrays { action: "write", .. }
                | Self::NotSaved { .. }
                | Self::Analysis(Analysis::CannotWrite { .. })
        )
    }
}

/// One message a line; the first line is begun by whoever prints it.
fn lines(errors: &[Error]) -> String {
    errors.iter().map(Error::to_string).collect::<Vec<_>>().join("\nerror: ")
}

/// Shards as the subject of a sentence.
fn are(shards: &[Shard]) -> String {
    let names: Vec<String> = shards.iter().map(Shard::to_string).collect();
    match &names[..] {
        [one] => format!("shard {one} is"),
        [most @ .., last] => format!("shards {} and {last} are", most.join(", ")),
        [] => "other shards are".to_owned(),
    }
}
