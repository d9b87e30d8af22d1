//! The light program: plans, watches, reduces and draws scans, without MPI, HDF5 or libtorch.

// These panic where nobody reads: `answer` and `tell` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use clap::Parser;
use drapes_analysis::cli::{Color, Verb, tell};
use drapes_analysis::unforeseen::guarded;

/// Plan, watch, reduce and draw scans of drapes on any machine.
#[derive(Parser)]
#[command(name = "drapes-analysis", version)]
struct Arguments {
    #[command(flatten)]
    color: Color,
    #[command(subcommand)]
    verb: Verb,
}

fn main() -> ExitCode {
    ExitCode::from(guarded(None, || {
        let arguments = Arguments::parse();
        arguments.color.set();
        let exit = match arguments.verb.run() {
            Ok(exit) => exit,
            Err(error) => {
                tell(format_args!("error: {error}"));
                error.kind()
            }
        };
        exit as u8
    }))
}
