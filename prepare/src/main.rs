//! The command: parse, call, print, exit.

// These panic where nobody reads: `answer` and `tell` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use drapes_analysis::cli::tell;
use drapes_analysis::error::Exit;
use drapes_analysis::error::unforeseen::guarded;
use drapes_prepare::error::PrepareError;
use drapes_prepare::event::AxisChoice;
use drapes_prepare::run::{Request, Summary, run};
use drapes_prepare::share::Share;

/// Makes jets, their N-subjettiness, high-level variables and constituents from raw LHC Olympics events.
///
/// Raw events are the files of particles: 700 times transverse momentum, pseudorapidity, azimuth, with or without a
/// label. Jets are anti-kT jets of R = 1.0 by FastJet; the two of largest transverse momentum are kept. The output is
/// an HDF5 file that a job of drapes reads as layout = "table".
///
/// The work is cut into parts, which lie in OUT.parts until all are there. The same command again goes on where it
/// stopped. Under mpirun or srun each process makes its share of the parts; the output is the same
/// for any number of processes and threads.
#[derive(Parser)]
#[command(
    name = "drapes-prepare",
    version,
    after_help = "EXAMPLES\n  \
    drapes-prepare events_LHCO2020_BlackBox2.h5 --out bb2.h5\n  \
    drapes-prepare events_LHCO2020_BlackBox2.h5 --out bb2.h5 --features bb2.features.h5\n  \
    mpirun -n 8 drapes-prepare events_anomalydetection_v2.h5 --out lhco.h5\n\n\
    EXIT CODES\n  \
    0  done\n  \
    1  something that was not foreseen\n  \
    2  bad input or usage\n  \
    3  the machine lacks something, such as space on the disk"
)]
struct Arguments {
    /// The file of raw events.
    raw: PathBuf,
    /// The file to make.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Also write the four-vectors, τ1 to τ3 and label in the published features layout.
    #[arg(long, value_name = "FILE")]
    features: Option<PathBuf>,
    /// Axes of the subjets: kt takes exclusive kT subjets, one-pass moves them to the nearest minimum of τ.
    ///
    /// The published features look like one-pass: no τ21 of theirs is above 1.
    #[arg(long, value_enum, default_value_t)]
    axes: AxisChoice,
    /// Threads; where nothing is said, one for each core, at most 32, and one alone under mpirun and srun.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Raw events of a part; 2000 where nothing is said.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    chunk: Option<u32>,
}

/// Beyond, threads wait for each other to read, for HDF5 serves one at a time; processes do not.
const MOST_THREADS: usize = 32;

impl Arguments {
    fn run(self) -> Result<Summary, PrepareError> {
        let share = Share::of(|name| std::env::var(name).ok())?;
        let cores = std::thread::available_parallelism().map_or(1, Into::into);
        let usual = if share.is_alone() { cores.min(MOST_THREADS) } else { 1 };
        run(&Request {
            raw: self.raw,
            out: self.out,
            features: self.features,
            axes: self.axes,
            threads: self.threads.map_or(usual, usize::from),
            chunk: self.chunk.map(|chunk| chunk as usize),
            share,
        })
    }
}

fn main() -> ExitCode {
    ExitCode::from(guarded("the command", None, || prepare() as u8))
}

fn prepare() -> Exit {
    match Arguments::parse().run() {
        Ok(summary) => {
            // A reader that has seen enough closes the pipe; that is no failure.
            let mut out = std::io::stdout().lock();
            let _ = write!(out, "{summary}").and_then(|()| out.flush());
            Exit::Done
        }
        Err(error) => {
            tell(format_args!("error: {error}"));
            error.kind()
        }
    }
}
