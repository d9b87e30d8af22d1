//! Errors between ranks: one that does not arrive, answer, or say what can be understood.

use drapes_analysis::error::Exit;

/// An error of starting ranks or of talking to them.
///
/// Messages read: problem (why it is one) what to do.
#[derive(Debug, thiserror::Error)]
pub enum RanksError {
    /// The launcher started separate programs.
    #[error(
        "the launcher started {started} programs, but this one {} ({variable} says so; drapes and the \
         launcher use different MPI libraries, and work would be done several times) start it with the mpirun of \
         the MPI that it was built with (`drapes doctor` names it), or with `drapes run --ranks {started}`",
        if *found == 1 { "is alone in its world".to_owned() } else { format!("finds {found} in its world") }
    )]
    Singletons {
        /// Programs that the launcher speaks of.
        started: usize,
        /// Programs that see each other.
        found: usize,
        /// Where it does.
        variable: &'static str,
    },
    /// A launcher would start another.
    #[error(
        "--ranks starts a launcher, but one has started this program already ({variable} says so; every one of its ranks \
         would start ranks of its own) leave out --ranks, or that launcher"
    )]
    LaunchedTwice {
        /// Where the launcher speaks of itself.
        variable: &'static str,
    },
    /// More ranks than a machine can hold.
    #[error(
        "--ranks {count} starts {count} programs on this machine (it has {cores} cores, and so many would freeze it) give \
         {most} at most, or `auto`; more ranks than one machine has cores are started by mpirun or srun on several"
    )]
    TooMany {
        /// Ranks asked for.
        count: usize,
        /// Ranks that are allowed.
        most: usize,
        /// Cores of the machine.
        cores: usize,
    },
    /// mpirun cannot be started.
    #[error("cannot start {launcher} ({source}) install it (`make setup`) or run without --ranks")]
    NoLauncher {
        /// The program.
        launcher: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Signals cannot be listened to.
    #[error("cannot listen to signals ({source}) please report this with the kind of system")]
    NoSignals {
        /// The system's reason.
        source: std::io::Error,
    },
    /// A rank has stopped.
    #[error("rank {rank} has stopped ({reason}) mend the cause and run the same command again")]
    Broke {
        /// The rank.
        rank: usize,
        /// What it says.
        reason: String,
    },
    /// Ranks say nothing any more.
    #[error(
        "{} no more {during} (hung in a system call, or the node is gone) what is stored stays: run the same command \
         again, and leave that node out if it happens again",
        subject(ranks, "answers", "answer")
    )]
    NoAnswer {
        /// Which, and on which hosts where that is known.
        ranks: Vec<(usize, Option<String>)>,
        /// What was going on.
        during: &'static str,
    },
    /// Ranks have not joined each other.
    #[error(
        "{} (rank {rank} of {ranks}, on {host}, has waited for {seconds} s; a rank that has not started, or cannot reach the \
         others, keeps all from working) look at its node, and run the same command again",
        not_arrived(absent)
    )]
    NotArrived {
        /// Those that nobody has seen; none where that is not known.
        absent: Vec<usize>,
        /// Who says so.
        rank: usize,
        /// All ranks.
        ranks: usize,
        /// The host of the rank that says so.
        host: String,
        /// How long they were waited for.
        seconds: u64,
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

impl RanksError {
    /// The exit code that this error ends the program with.
    pub fn kind(&self) -> Exit {
        match self {
            Self::LaunchedTwice { .. } | Self::TooMany { .. } => Exit::BadRequest,
            Self::Singletons { .. } | Self::NoLauncher { .. } | Self::Broke { .. } => Exit::Environment,
            Self::NoAnswer { .. } | Self::NotArrived { .. } => Exit::Deadline,
            Self::NoSignals { .. } | Self::Message { .. } => Exit::Unexpected,
        }
    }
}

/// Ranks as the subject of a sentence, with its verb.
fn subject(ranks: &[(usize, Option<String>)], of_one: &str, of_more: &str) -> String {
    const MOST: usize = 8;
    let named = |(rank, host): &(usize, Option<String>)| match host {
        Some(host) => format!("{rank} ({host})"),
        None => rank.to_string(),
    };
    let mut names: Vec<String> = ranks.iter().take(MOST).map(named).collect();
    if ranks.len() > MOST {
        names.push(format!("{} more", ranks.len() - MOST));
    }
    match &names[..] {
        [one] => format!("rank {one} {of_one}"),
        [most @ .., last] => format!("ranks {} and {last} {of_more}", most.join(", ")),
        [] => format!("nobody {of_one}"),
    }
}

/// The ranks that have not started, in words.
fn not_arrived(absent: &[usize]) -> String {
    if absent.is_empty() {
        return "the ranks have not found each other".to_owned();
    }
    let absent: Vec<_> = absent.iter().map(|rank| (*rank, None)).collect();
    format!("{} not arrived", subject(&absent, "has", "have"))
}
