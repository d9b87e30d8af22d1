//! Scans that run while a test does something to them.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rand::seq::IndexedRandom;
use rand_pcg::Pcg64;

use super::{drapes, mpirun};

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    OneRank,
    AllRanks,
    Launcher,
}

impl Victim {
    pub const ALL: [Self; 3] = [Self::OneRank, Self::AllRanks, Self::Launcher];
}

/// A scan that runs under a launcher.
pub struct Scan {
    pub launcher: Child,
    out: PathBuf,
}

impl Scan {
    pub fn start(job: &Path, out: &Path, ranks: usize, arguments: &[&str]) -> Self {
        Self::spawn(mpirun(ranks), job, out, arguments)
    }

    /// One whose ranks the program itself starts.
    pub fn start_itself(job: &Path, out: &Path, ranks: usize) -> Self {
        Self::spawn(drapes(), job, out, &["--ranks", &ranks.to_string()])
    }

    /// One under a command that ends with the program's name.
    pub fn spawn(mut command: Command, job: &Path, out: &Path, arguments: &[&str]) -> Self {
        let log = fs::File::options().create(true).append(true).open(log_of(out)).expect("room");
        command.arg("run").arg(job).arg("--out").arg(out).args(arguments);
        command.stdout(Stdio::null()).stderr(log).process_group(0);
        Self { launcher: command.spawn().expect("a launcher"), out: out.to_owned() }
    }

    /// What it has said.
    pub fn log(&self) -> String {
        fs::read_to_string(log_of(&self.out)).unwrap_or_default()
    }

    /// Waits until both trainings of a small job have begun on its two ranks, in a directory that nobody has worked in before, and
    /// some steps more.
    pub fn wait_for_work(&self) {
        let begun = |rank: usize| {
            let log =
                fs::read_to_string(self.out.join(format!("logs/rank-{rank:03}.log"))).unwrap_or_default();
            log.lines().any(|line| line.contains(" train/") && line.ends_with(": begins"))
        };
        let start = Instant::now();
        while !(begun(0) && begun(1)) {
            assert!(start.elapsed() < Duration::from_secs(60), "it never begins: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(500));
    }

    /// The processes of its ranks.
    pub fn ranks(&self) -> Vec<u32> {
        let needle = self.out.display().to_string();
        let mut found: Vec<u32> = fs::read_dir("/proc")
            .expect("processes")
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid| *pid != self.launcher.id())
            .filter(|pid| {
                let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                let words: Vec<String> = command
                    .split(|byte| *byte == 0)
                    .map(|word| String::from_utf8_lossy(word).into_owned())
                    .collect();
                words.first().is_some_and(|program| program.ends_with("drapes")) && words.contains(&needle)
            })
            .collect();
        found.sort_unstable();
        found
    }

    /// The process of a rank.
    pub fn rank(&self, rank: usize) -> Option<u32> {
        let names = ["OMPI_COMM_WORLD_RANK", "PMI_RANK"].map(|name| format!("{name}={rank}"));
        let is_it = |pid: &u32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment
                .split(|byte| *byte == 0)
                .any(|entry| names.iter().any(|name| name.as_bytes() == entry))
        };
        self.ranks().into_iter().find(is_it)
    }

    pub fn kill(&self, victim: Victim, generator: &mut Pcg64) {
        let ranks = self.ranks();
        let chosen = match victim {
            Victim::OneRank => ranks.choose(generator).copied().into_iter().collect(),
            Victim::AllRanks => ranks,
            Victim::Launcher => vec![self.launcher.id()],
        };
        for pid in chosen {
            kill("KILL", pid);
        }
    }

    /// Waits until launcher and ranks are gone; how long that took.
    pub fn wait_for_the_end(&mut self, most: Duration) -> Duration {
        let start = Instant::now();
        self.launcher.wait().expect("an end");
        while !self.ranks().is_empty() {
            assert!(start.elapsed() < most, "ranks survive: {:?}", self.ranks());
            std::thread::sleep(Duration::from_millis(20));
        }
        start.elapsed()
    }
}

/// Where a scan of these tests says what it does: beside its directory.
pub fn log_of(out: &Path) -> PathBuf {
    out.with_extension("log")
}

/// Sends a signal to a process, which may be gone.
pub fn kill(signal: &str, pid: u32) {
    let _ =
        Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).stderr(Stdio::null()).status();
}
