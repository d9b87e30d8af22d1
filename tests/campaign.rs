//! Troubles of bad nodes at random moments: ranks that stop for a while or for good, kills, a folder of results that one
//! rank cannot see, data that are away, and bits that flip in finished files. Nothing is lost and nothing is made up.
//!
//! `make test` tries some, `make test-faults` hundreds (`DRAPES_TROUBLES` says how many).

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use support::launcher::Mpi;
use support::scan::{Scan, Victim, kill};
use support::{answer, arrays, data, directory, drapes, may_hide, records, small_job, with_mounts, write};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    /// A rank stops, and goes on.
    Pause,
    /// A rank stops for good, and the run is told to end.
    Hang,
    /// Somebody is killed.
    Kill,
    /// One rank sees an empty folder where the results are, for a while.
    ResultsHidden,
    /// The file of events is away for a while.
    DataAway,
    /// A bit flips in a finished file.
    Flip,
}

const TROUBLES: [Trouble; 6] =
    [Trouble::Pause, Trouble::Hang, Trouble::Kill, Trouble::ResultsHidden, Trouble::DataAway, Trouble::Flip];

/// Among so many troubles each kind occurs.
const MANY: usize = 100;

/// A scan that is in trouble, and where its parts are.
struct Campaign {
    job: PathBuf,
    data: PathBuf,
    /// The launchers, which take turns, each with the program that it starts.
    launchers: Vec<(Mpi, PathBuf)>,
    started: usize,
    empty: PathBuf,
    generator: Pcg64,
    met: BTreeMap<Trouble, usize>,
    /// The rank that was stopped for good last.
    hung: Option<u32>,
}

impl Campaign {
    fn new(place: &Path) -> Self {
        let (folder, empty) = (place.join("data"), place.join("empty"));
        fs::create_dir(&folder).expect("a folder");
        fs::create_dir(&empty).expect("a folder");
        let file = "demo_dijets.features.h5";
        fs::copy(data().join(file), folder.join(file)).expect("the shipped sample");
        let job = small_job(place, "");
        let text = fs::read_to_string(&job).expect("the job");
        let text = text
            .replace("epochs = 1\nbatch = 1024", "epochs = 12\nbatch = 512")
            .replace(&data().display().to_string(), &folder.display().to_string());
        let job = write(place, "campaign.toml", &text);
        let launchers = Mpi::all().into_iter().enumerate().map(|(kind, mpi)| {
            let folder = place.join(format!("launcher{kind}"));
            fs::create_dir(&folder).expect("a folder");
            let program = match may_hide() {
                Ok(()) => with_mounts(&folder, mpi.program(), "true"),
                Err(why) => {
                    eprintln!("results are not hidden: {why}");
                    mpi.program().to_owned()
                }
            };
            (mpi, program)
        });
        let launchers = launchers.collect();
        let generator = Pcg64::seed_from_u64(20_261_126);
        Self {
            job,
            data: folder.join(file),
            launchers,
            started: 0,
            empty,
            generator,
            met: BTreeMap::new(),
            hung: None,
        }
    }

    fn start(&mut self, out: &Path) -> Scan {
        // Hung ranks are given up half a margin after the run was told to end.
        let options = ["--checkpoint-every", "200ms", "--margin", "6s"];
        let (mpi, program) = &self.launchers[self.started % self.launchers.len()];
        self.started += 1;
        Scan::spawn(mpi.launch(2, program), &self.job, out, &options)
    }

    fn moment(&mut self, most: f64) -> Duration {
        Duration::from_secs_f64(self.generator.random_range(0.02..most))
    }

    /// Does something bad to a scan that runs.
    fn meet(&mut self, scan: &Scan, out: &Path) {
        let trouble = *TROUBLES.choose(&mut self.generator).expect("some");
        let rank = scan.rank(self.generator.random_range(0..2));
        match (trouble, rank) {
            (Trouble::Pause, Some(rank)) => {
                kill("STOP", rank);
                std::thread::sleep(self.moment(3.0));
                kill("CONT", rank);
            }
            (Trouble::Hang, Some(rank)) => {
                let others: Vec<u32> = scan.ranks().into_iter().filter(|other| *other != rank).collect();
                if others.is_empty() {
                    // The other rank has not begun: nobody can be told to end, and it would wait for ten minutes, as it should.
                    return;
                }
                kill("STOP", rank);
                self.hung = Some(rank);
                for other in others {
                    kill("USR1", other);
                }
            }
            (Trouble::Kill, _) => {
                scan.kill(*Victim::ALL.choose(&mut self.generator).expect("three"), &mut self.generator);
            }
            (Trouble::ResultsHidden, _) if may_hide().is_ok() => {
                let Some(rank) = scan.rank(1) else { return };
                let results = out.join("tasks");
                if !within(rank, &["mount", "-o", "bind,ro"], &[&self.empty, &results]) {
                    return;
                }
                std::thread::sleep(self.moment(2.0));
                within(rank, &["umount", "-l"], &[&results]);
            }
            (Trouble::DataAway, _) => {
                let away = self.data.with_extension("away");
                fs::rename(&self.data, &away).expect("the sample");
                std::thread::sleep(self.moment(2.0));
                fs::rename(&away, &self.data).expect("the sample");
            }
            (Trouble::Flip, _) => {
                if !self.flip(out) {
                    return;
                }
            }
            _ => return,
        }
        *self.met.entry(trouble).or_default() += 1;
    }

    /// Turns one bit of a finished file; false where there is none yet.
    fn flip(&mut self, out: &Path) -> bool {
        let tasks = out.join("tasks");
        if !tasks.exists() {
            return false;
        }
        let finished = [support::files(&tasks, "h5"), support::files(&tasks, "json")].concat();
        let Some(path) = finished.choose(&mut self.generator) else { return false };
        // A program may remove or replace it at this very moment.
        let Ok(mut bytes) = fs::read(path) else { return false };
        if bytes.is_empty() {
            return false;
        }
        let place = self.generator.random_range(0..bytes.len());
        bytes[place] ^= 1 << self.generator.random_range(0..8);
        fs::write(path, bytes).is_ok()
    }

    /// Starts a scan until it ends well; troubles come as long as there are fewer than `most`.
    fn finish(&mut self, out: &Path, most: usize) {
        for _ in 0..200 {
            let mut scan = self.start(out);
            let begin = Instant::now();
            let mut next = self.moment(4.0);
            let status = loop {
                if let Some(status) = scan.launcher.try_wait().expect("a child") {
                    break status;
                }
                if begin.elapsed() > next && self.met.values().sum::<usize>() < most {
                    self.meet(&scan, out);
                    next = begin.elapsed() + self.moment(4.0);
                }
                // Where the others have left in order, only its launcher still waits for it, as it would for any program: whoever
                // cancels the job ends both.
                if let Some(hung) = self.hung.filter(|hung| scan.ranks() == [*hung]) {
                    self.hung = None;
                    kill("KILL", hung);
                }
                assert!(begin.elapsed() < Duration::from_secs(240), "no end: {}", scan.log());
                std::thread::sleep(Duration::from_millis(20));
            };
            scan.wait_for_the_end(Duration::from_secs(30));
            let log = scan.log();
            assert_ne!(status.code(), Some(4), "a task was failed for what the machine did: {log}");
            assert!(!log.contains("panicked") && !log.contains("nobody has foreseen"), "{log}");
            if status.success() {
                return;
            }
        }
        panic!(
            "two hundred starts do not end the scan: {}",
            fs::read_to_string(support::scan::log_of(out)).unwrap_or_default()
        );
    }
}

/// Runs a command in the space of mounts of a process.
fn within(process: u32, command: &[&str], paths: &[&Path]) -> bool {
    let mut entered = Command::new("nsenter");
    entered.args(["-t", &process.to_string(), "-m"]).args(command).args(paths);
    entered.output().is_ok_and(|output| output.status.success())
}

#[test]
fn bad_nodes_at_any_moment_neither_lose_nor_invent_anything() {
    let troubles: usize =
        std::env::var("DRAPES_TROUBLES").map_or(12, |count| count.parse().expect("a number"));
    let place = directory();
    let mut campaign = Campaign::new(place.path());
    let whole = place.path().join("whole");
    campaign.finish(&whole, 0);
    let expected = (records(&whole), arrays(&whole));
    let mut scans = 0;
    while campaign.met.values().sum::<usize>() < troubles {
        let out = place.path().join(format!("scan{scans}"));
        campaign.finish(&out, troubles);
        // A bit that flips after the last look at a record is found by whoever reads it next, and then the same command
        // makes the record again.
        answer(drapes().arg("reduce").arg(&out));
        campaign.finish(&out, 0);
        scans += 1;
        let log = || fs::read_to_string(support::scan::log_of(&out)).unwrap_or_default();
        assert!(records(&out) == expected.0, "records differ after {:?}: {}", campaign.met, log());
        let (found, spoilt) = readable(&out);
        for (name, values) in &expected.1 {
            match found.get(name) {
                Some(found) => {
                    assert!(found == values, "wrong bytes of {name} were read as good ones: {}", log());
                }
                None => assert!(spoilt.contains(name), "{name} is lost after {:?}: {}", campaign.met, log()),
            }
        }
        fs::remove_dir_all(&out).expect("our own directory");
    }
    eprintln!("{scans} scans met {:?}", campaign.met);
    // Of so many, each kind is met for certain, unless it cannot be tried here.
    let may_be_met = |trouble: &Trouble| *trouble != Trouble::ResultsHidden || may_hide().is_ok();
    let unmet: Vec<_> = TROUBLES
        .into_iter()
        .filter(may_be_met)
        .filter(|trouble| !campaign.met.contains_key(trouble))
        .collect();
    assert!(troubles < MANY || unmet.is_empty(), "never met: {unmet:?}");
}

/// The arrays of all files that can be read, and the names of the others: one that a bit has spoilt is refused by whoever reads
/// it.
fn readable(out: &Path) -> (BTreeMap<String, Vec<f32>>, BTreeSet<String>) {
    let mut refused = BTreeSet::new();
    for path in support::files(&out.join("tasks"), "h5") {
        let spoilt = std::panic::catch_unwind(|| {
            let alone = directory();
            let copy =
                alone.path().join("tasks").join(path.parent().and_then(Path::file_name).expect("a stage"));
            fs::create_dir_all(&copy).expect("room");
            fs::copy(&path, copy.join(path.file_name().expect("a name"))).expect("room");
            arrays(alone.path());
        });
        if spoilt.is_err() {
            fs::remove_file(&path).expect("our own file");
            refused.insert(path.strip_prefix(out).expect("below").display().to_string());
        }
    }
    (arrays(out), refused)
}
