//! The program `drapes`: parses its arguments, calls a verb, and ends with the exit code of what it found.

// These panic where nobody reads: `answer` and `tell` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use drapes::data;
use drapes::error::Error;
use drapes::run::compact::Compact;
use drapes::run::doctor::Doctor;
use drapes::run::edge::Edge;
use drapes::run::selected_events;
use drapes::run::{COMPUTING, Run};
use drapes_analysis::cli::{Color, Completions, Format, Man, Verb as LightVerb, answer, tell};
use drapes_analysis::error::Exit;
use drapes_analysis::error::unforeseen::guarded;
use drapes_analysis::job::regions::{MassWindow, Regions};
use drapes_analysis::text::number::short;

/// Background templates from diffusion models for resonance searches at the LHC.
#[derive(Parser)]
#[command(name = "drapes", version)]
struct Arguments {
    #[command(flatten)]
    color: Color,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Run(Run),
    #[command(flatten)]
    Light(LightVerb),
    Compact(Compact),
    Doctor(Doctor),
    /// Looks at files of events.
    #[command(subcommand)]
    Data(DataVerb),
    Completions(Completions),
    Man(Man),
}

#[derive(Subcommand)]
enum DataVerb {
    Describe(Describe),
    Edge(Edge),
}

/// Shows what a file holds: layout, columns, counts by region, ranges, dropped rows, the mass spectrum.
#[derive(clap::Args)]
#[command(after_help = "EXAMPLES\n  \
    drapes data describe data/demo_dijets.features.h5\n  \
    drapes data describe events.h5 --signal-region 3400 3600 --side-bands 3300 3700")]
struct Describe {
    /// An HDF5 or CSV file.
    file: PathBuf,
    /// Edges of the signal region in GeV.
    #[arg(long, num_args = 2, value_names = ["LOW", "HIGH"], default_values_t = [3300.0, 3700.0], allow_negative_numbers = true)]
    signal_region: Vec<f64>,
    /// Outer edges of the side-bands in GeV.
    #[arg(long, num_args = 2, value_names = ["LOW", "HIGH"], default_values_t = [2800.0, 6000.0], allow_negative_numbers = true)]
    side_bands: Vec<f64>,
    /// Numbers that stand for a missing value, as `missing` in [data] of a job.
    #[arg(long, num_args = 1.., value_name = "NUMBER", allow_negative_numbers = true)]
    missing: Vec<f64>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// As --format json, which it was called before.
    #[arg(long, hide = true, conflicts_with = "format")]
    json: bool,
}

impl Describe {
    fn run(&self) -> Result<Exit, Error> {
        let regions = Regions::new(
            window("--signal-region", &self.signal_region),
            window("--side-bands", &self.side_bands),
        );
        if regions.outer.low >= regions.signal.low || regions.outer.high <= regions.signal.high {
            let problem = format!(
                "side-bands {} do not surround the signal region {} (there is nothing left beside it) widen \
                 --side-bands or narrow --signal-region",
                regions.outer, regions.signal
            );
            Arguments::command().error(ErrorKind::ValueValidation, problem).exit()
        }
        let description = data::describe_without(&self.file, &regions, &self.missing)?;
        if self.json || self.format == Format::Json {
            answer(format_args!("{:#}\n", serde_json::to_value(&description).unwrap_or_default()));
        } else {
            answer(description);
        }
        Ok(Exit::Done)
    }
}

/// No mass is larger, whatever its unit (GeV): numbers beyond are slips of the hand, and hundreds of digits long.
const LARGEST_MASS: f64 = 1e12;

/// A window from its two edges on the command line; ends the program where they are none.
fn window(option: &str, edges: &[f64]) -> MassWindow {
    let (low, high) = (edges[0], edges[1]);
    let is_mass = |edge: f64| (0.0..=LARGEST_MASS).contains(&edge);
    if low < high && is_mass(low) && is_mass(high) {
        return MassWindow::new(low, high);
    }
    let shown = format!("{option} {} {}", short(low), short(high));
    let problem = if low < high {
        format!(
            "{shown} is no window of masses (they lie between 0 and {LARGEST_MASS:e} GeV) correct the edges"
        )
    } else {
        format!("{shown} is no window (the low edge comes first) swap the edges")
    };
    Arguments::command().error(ErrorKind::ValueValidation, problem).exit()
}

fn main() -> ExitCode {
    // A panic in a task is told as the task's failure, with its reason; printing it as well would tell it twice.
    ExitCode::from(guarded("the job file", Some(COMPUTING), || run() as u8))
}

fn run() -> Exit {
    let Arguments { color, verb } = Arguments::parse();
    color.set();
    let result = match verb {
        Verb::Run(run) => run.run(),
        Verb::Light(LightVerb::Export(export)) => selected_events::export(&export),
        Verb::Light(verb) => verb.run().map_err(Error::from),
        Verb::Compact(compact) => compact.run(),
        Verb::Doctor(doctor) => doctor.run(),
        Verb::Data(DataVerb::Describe(describe)) => describe.run(),
        Verb::Data(DataVerb::Edge(edge)) => edge.run(),
        Verb::Completions(completions) => completions.run(Arguments::command()).map_err(Error::from),
        Verb::Man(man) => man.run(Arguments::command()).map_err(Error::from),
    };
    match result {
        Ok(exit) => exit,
        Err(error) => {
            tell(format_args!("error: {error}"));
            error.kind()
        }
    }
}
