//! `doctor`: what drapes finds on this machine, and what to do where it falls short.

mod checks;
mod storage;

use std::path::PathBuf;

use drapes_analysis::cli::{Format, answer, columns};
use drapes_analysis::error::Exit;
use serde::Serialize;

use crate::device::provenance::Versions;
use crate::device::{self, DeviceChoice, Sharing};
use crate::dispatch::{self, Message, Transport};
use crate::error::Error;
use crate::run::world::World;

/// Checks what runs need: libtorch, GPUs, MPI, HDF5, Slurm and the directory of results.
///
/// Started under mpirun or srun as the run will be, it also shows which rank computes on what.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  drapes doctor\n  drapes doctor --out /scratch/me/out\n  \
    srun -n 4 drapes doctor --out /scratch/me/out\n\n\
    Ends with 0 if all is well or can be lived with, and with 3 if something must be mended.")]
pub struct Doctor {
    /// Where results would go.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// What would be computed on.
    #[arg(long, value_enum, default_value_t)]
    device: DeviceChoice,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How a finding is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// All is well.
    Ok,
    /// It can be lived with.
    Warn,
    /// It must be mended.
    Fail,
}

/// One finding about this machine, and what to do about it.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// How it is to be taken.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do, where something is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    /// A good finding.
    pub fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Ok, found: found.into(), remedy: None }
    }

    /// A finding that can be lived with.
    pub fn warn(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Warn, found: found.into(), remedy: Some(remedy.into()) }
    }

    /// A finding that must be mended.
    pub fn fail(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Fail, found: found.into(), remedy: Some(remedy.into()) }
    }
}

impl Doctor {
    /// Makes all checks and prints their findings.
    ///
    /// # Errors
    /// Ranks that were started cannot be reached.
    pub fn run(&self) -> Result<Exit, Error> {
        let (world, mut findings) = match World::join() {
            Ok(world) => (Some(world), vec![]),
            Err(error) => (None, vec![Finding::fail("ranks", error.to_string(), "see the message")]),
        };
        if let Some(world) = world.as_ref().filter(|world| world.rank() > 0) {
            world.send(0, &Message::Hello(device::detect(World::host(), self.device)))?;
            dispatch::wait(world)?;
            return Ok(Exit::Done);
        }
        findings.extend(checks::all(self.device));
        findings.extend(storage::directory(&self.out));
        if let Some(world) = &world {
            findings.push(self.ranks(world)?);
        }
        let versions = Versions::of(World::linked());
        match self.format {
            Format::Text => answer(text(&versions, &findings)),
            Format::Json => {
                let value = serde_json::json!({ "versions": versions, "findings": findings });
                answer(format_args!("{value:#}\n"));
            }
        }
        let failed = findings.iter().any(|finding| finding.verdict == Verdict::Fail);
        Ok(if failed { Exit::Environment } else { Exit::Done })
    }

    /// Which rank would compute on what.
    fn ranks(&self, world: &World) -> Result<Finding, Error> {
        let mut ranks_hardware = vec![device::detect(World::host(), self.device); world.size()];
        for _ in 1..world.size() {
            if let (rank, Message::Hello(hardware)) = dispatch::wait(world)? {
                ranks_hardware[rank] = hardware;
            }
        }
        for rank in 1..world.size() {
            world.send(rank, &Message::Stop)?;
        }
        Ok(match device::assign(&ranks_hardware, self.device, Sharing::Refused) {
            Err(error) => Finding::fail("ranks", error.to_string(), "see the message"),
            Ok(assignments) => {
                let map = device::lines(&ranks_hardware, &assignments).join("; ");
                match device::warnings(&ranks_hardware, &assignments, 1).first() {
                    None => Finding::ok("ranks", map),
                    Some(warning) => Finding::warn("ranks", map, warning),
                }
            }
        })
    }
}

fn text(versions: &Versions, findings: &[Finding]) -> String {
    let lines: Vec<Vec<String>> = findings
        .iter()
        .map(|finding| {
            let verdict = match finding.verdict {
                Verdict::Ok => "OK",
                Verdict::Warn => "WARN",
                Verdict::Fail => "FAIL",
            };
            vec![verdict.to_owned(), finding.what.to_owned(), finding.found.clone()]
        })
        .collect();
    let mut text = format!("drapes {} ({})\n\n{}", versions.drapes, versions.revision, columns(&lines));
    for finding in findings {
        if let Some(remedy) = &finding.remedy {
            text.push_str(&format!("\n{}: {remedy}\n", finding.what));
        }
    }
    text
}
