//! What can go wrong where work is done.

use std::path::PathBuf;

use drapes_analysis::error::Exit;

use crate::data::DataError;

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
    /// Several things are wrong at once.
    #[error("{}", lines(.0))]
    Several(Vec<Error>),
    /// A region holds too little.
    #[error("{region} holds {found} {what} (at least {needed} are needed) {advice}")]
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
    /// The side-bands of the job lie outside of the data.
    #[error(
        "the side-bands {wanted} GeV leave the data's range {found} GeV (the model would extrapolate) move the \
         edges of side_bands_gev"
    )]
    OutsideData {
        /// The job's outer edges.
        wanted: String,
        /// The smallest and largest mass.
        found: String,
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
    /// The launcher started separate programs.
    #[error(
        "the launcher started {started} programs, but this one is alone in its world (drapes and the launcher \
         use different MPI libraries, and every program would do all the work) start it with the mpirun of \
         the MPI that it was built with, or with `drapes run --ranks {started}`"
    )]
    Singletons {
        /// Programs that the launcher speaks of.
        started: usize,
    },
    /// More ranks than GPUs on a host.
    #[error(
        "{ranks} ranks share a host with {gpus} GPUs (two ranks on one GPU slow each other down) start at most {gpus} \
         ranks there, or compute on processor cores with --device cpu"
    )]
    TooFewGpus {
        /// GPUs that libtorch sees.
        gpus: usize,
        /// Ranks of the host.
        ranks: usize,
    },
    /// A GPU is asked for and there is none.
    #[error(
        "libtorch sees no GPU on this host (its CUDA half is not there, or the driver does not answer) run \
         `make setup CUDA=1` and build again, or compute on processor cores with --device cpu"
    )]
    NoGpu,
    /// A rank has stopped.
    #[error("rank {rank} has stopped ({reason}) mend the cause and run the same command again")]
    RankBroke {
        /// The rank.
        rank: usize,
        /// What it says.
        reason: String,
    },
    /// mpirun cannot be started.
    #[error("cannot start mpirun ({source}) install Open MPI (`make setup`) or run without --ranks")]
    NoLauncher {
        /// The system's reason.
        source: std::io::Error,
    },
    /// Some tasks failed.
    #[error("{failed} of {total} tasks failed (see above) mend the cause and run the same command again")]
    TasksFailed {
        /// Tasks without a result.
        failed: usize,
        /// Tasks of the plan.
        total: usize,
    },
    /// A rank sent something that is no message.
    #[error(
        "rank {rank} sent a message that cannot be understood ({reason}) run the same drapes on every node"
    )]
    Message {
        /// The sender.
        rank: usize,
        /// What the parser says.
        reason: String,
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

    /// The exit code that this error ends the program with.
    pub fn kind(&self) -> Exit {
        match self {
            Self::Analysis(error) => error.kind(),
            Self::Several(errors) => errors.first().map_or(Exit::Unexpected, Self::kind),
            Self::Data(_) | Self::TooFew { .. } | Self::OutsideData { .. } | Self::DijetFit { .. } => {
                Exit::BadRequest
            }
            Self::Arrays { .. }
            | Self::Singletons { .. }
            | Self::NoLauncher { .. }
            | Self::TooFewGpus { .. }
            | Self::NoGpu
            | Self::RankBroke { .. } => Exit::Environment,
            Self::TasksFailed { .. } => Exit::TasksFailed,
            Self::Diverged { .. } | Self::Trees { .. } | Self::NotFinite { .. } | Self::Message { .. } => {
                Exit::Unexpected
            }
        }
    }
}

fn lines(errors: &[Error]) -> String {
    errors.iter().map(Error::to_string).collect::<Vec<_>>().join("\n")
}
