//! `stop`: asks a running scan to save and to end.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{answer, tell};
use crate::error::{Error, Exit};
use crate::store::{LockOwner, Store};
use crate::text::duration;

/// Asks a running scan to save its trainings and to end, wherever it runs, and waits until it has.
///
/// The run ends as if a signal had told it to, with exit code 75; the same command goes on with it. A script that queues a
/// job again after 75 does so after this, too.
#[derive(Debug, clap::Args)]
#[command(after_help = "EXAMPLES\n  drapes stop out/demo\n  drapes stop out/demo --wait 0s\n\n\
    Ends with 0 when the run has ended, with 2 if nobody is at work, and with 75 if it is still at work after that time.")]
pub struct Stop {
    /// The directory given to `drapes run --out`.
    directory: PathBuf,
    /// How long to wait until it has ended; 0s: do not wait.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    wait: Duration,
}

/// How often it is looked whether the run has ended.
const POLL: Duration = Duration::from_millis(200);

impl Stop {
    pub fn run(&self) -> Result<Exit, Error> {
        let store = Store::open(&self.directory)?;
        let asked = store.ask_to_stop()?;
        tell(format_args!("asked to stop: {}", names(&asked)));
        let start = Instant::now();
        let mut left = asked.clone();
        while !left.is_empty() && start.elapsed() < self.wait {
            std::thread::sleep(POLL);
            left = store.still_at_work(&asked);
        }
        if self.wait.is_zero() {
            return Ok(Exit::Done);
        }
        if !left.is_empty() {
            let (who, waited) = (names(&left), duration(self.wait.as_secs_f64()));
            return Err(Error::StillAtWork { path: self.directory.clone(), who, waited });
        }
        let have = if asked.len() == 1 { "has" } else { "have" };
        answer(format_args!("{} {have} ended; go on with\n  {}\n", names(&asked), store.command()));
        Ok(Exit::Done)
    }
}

fn names(owners: &[LockOwner]) -> String {
    owners.iter().map(LockOwner::to_string).collect::<Vec<_>>().join(" and ")
}
