//! The light program: plans, watches, reduces and draws scans, without MPI, HDF5 or libtorch.

// These panic where nobody reads: `answer` and `tell` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use drapes_analysis::cli::{Color, Completions, Man, Verb as LightVerb, tell};
use drapes_analysis::error::unforeseen::guarded;

/// Plan, watch, reduce and draw scans of drapes on any machine.
#[derive(Parser)]
#[command(name = "drapes-analysis", version)]
struct Arguments {
    #[command(flatten)]
    color: Color,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    #[command(flatten)]
    Light(LightVerb),
    Completions(Completions),
    Man(Man),
}

fn main() -> ExitCode {
    ExitCode::from(guarded("the job file", None, || {
        let arguments = Arguments::parse();
        arguments.color.set();
        let done = match arguments.verb {
            Verb::Light(verb) => verb.run(),
            Verb::Completions(completions) => completions.run(Arguments::command()),
            Verb::Man(man) => man.run(Arguments::command()),
        };
        let exit = match done {
            Ok(exit) => exit,
            Err(error) => {
                tell(format_args!("error: {error}"));
                error.kind()
            }
        };
        exit as u8
    }))
}
