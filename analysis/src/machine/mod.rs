//! The measured speed of this machine: how long each kind of work takes here compared with its price, remembered from one run
//! to the next.
//!
//! Prices are those of one core of some machine. Beside the user's cache lies a small file with the seconds that each kind
//! of work was priced at and has taken, for each processor and device. It changes estimates only, never a result, so that
//! a file that is missing, damaged or cannot be written is no failure.
//!
//! - In: what tasks of a run were priced at and how long they took.
//! - Out: the pace of each kind of work on a device of this machine, and seconds for a figure.
//! - It may use `plan` and what lies below it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::plan::device_kind::CORE;
use crate::plan::{Pace, PaceKind};

mod processor;

pub use processor::processor;

/// The version of the file, of the prices that its seconds are held against and of the code that took them: another one is as
/// good as no file, for work that has become faster would be told as slow as it was.
pub const SCHEMA: u32 = 6;
/// A kind of work is known once so many seconds of it were seen.
const KNOWN: f64 = 2.0;
/// Of each kind the last seconds count, about so many: machines change, and so does what else they do.
const REMEMBERED: f64 = 600.0;
/// A ratio of taken and priced seconds beyond this, or below its inverse, is a damaged file and no machine.
const SANE: f64 = 1e5;
/// Seconds for a figure at the end of a run with its table, and a share of the page, where nobody has measured it.
const FIGURE: f64 = if cfg!(debug_assertions) { 0.13 } else { 0.06 };

/// Seconds of work: what they were priced at, or how many figures they made, and how long they took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Seconds by the built-in prices, or figures.
    pub priced: f64,
    /// Seconds that went by.
    pub taken: f64,
}

impl Seen {
    /// Seconds that went by for each that was priced.
    pub fn pace(&self) -> f64 {
        self.taken / self.priced
    }

    /// Whether a machine can be so fast, and so slow.
    pub fn is_sane(&self) -> bool {
        let ratio = self.pace();
        self.priced > 0.0 && self.taken.is_finite() && ratio > 1.0 / SANE && ratio < SANE
    }

    /// This and what was seen later; of long ago less counts.
    fn and(&self, later: Self) -> Self {
        let kept = (REMEMBERED / self.taken.max(1e-9)).min(1.0);
        Self { priced: kept * self.priced + later.priced, taken: kept * self.taken + later.taken }
    }
}

/// The measured times of one kind of device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// By the word of each kind of work.
    kinds: BTreeMap<String, Seen>,
    /// Figures at the end of runs.
    #[serde(default)]
    figures: Option<Seen>,
}

impl Shown {
    /// Work of a kind that was priced at so many seconds has taken so many.
    pub fn learn(&mut self, kind: PaceKind, seen: Seen) {
        if seen.is_sane() {
            let before = self.kinds.entry(kind.word().to_owned()).or_default();
            *before = before.and(seen);
        }
    }

    /// So many figures have taken so many seconds, with all else that ends a run.
    pub fn learn_figures(&mut self, figures: usize, taken: f64) {
        let seen = Seen { priced: figures as f64, taken };
        if seen.is_sane() {
            self.figures = Some(self.figures.unwrap_or_default().and(seen));
        }
    }

    /// Whether enough of this kind of work was seen.
    pub fn knows(&self, kind: PaceKind) -> bool {
        self.kinds.get(kind.word()).is_some_and(|seen| seen.taken >= KNOWN)
    }

    /// Whether any of this kind of work was seen.
    pub fn has(&self, kind: PaceKind) -> bool {
        self.kinds.contains_key(kind.word())
    }

    /// Whether no work was seen.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Seconds of work behind it.
    pub fn seconds(&self) -> f64 {
        self.kinds.values().map(|seen| seen.taken).sum()
    }

    /// How long work takes against its price.
    pub fn pace(&self) -> Pace {
        let mut pace = Pace::default();
        for kind in PaceKind::ALL {
            if let Some(seen) = self.kinds.get(kind.word()) {
                pace.learn(kind, seen.priced, seen.taken);
            }
        }
        pace
    }

    /// Seconds for so many figures at the end of a run.
    pub fn drawing(&self, figures: usize) -> f64 {
        self.figures.map_or(FIGURE, |seen| seen.taken / seen.priced) * figures as f64
    }

    /// Adds what was seen later.
    pub fn add(&mut self, later: &Self) {
        for kind in PaceKind::ALL {
            if let Some(seen) = later.kinds.get(kind.word()) {
                self.learn(kind, *seen);
            }
        }
        if let Some(seen) = later.figures {
            self.figures = Some(self.figures.unwrap_or_default().and(seen));
        }
    }

    fn is_sane(&self) -> bool {
        self.kinds.values().chain(&self.figures).all(Seen::is_sane)
    }
}

/// The measured times of one device with one kind of processor, as the file holds them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Machine {
    processor: String,
    device: String,
    shown: Shown,
}

#[derive(Debug, Serialize, Deserialize)]
struct File {
    schema: u32,
    machines: Vec<Machine>,
}

/// The file beside the user's cache.
#[derive(Clone, Debug)]
pub struct Memory {
    /// None where there is no place for one.
    path: Option<PathBuf>,
    processor: String,
}

/// What a device is called in the file: several threads are another device than one.
pub fn device_of(kind: &str, threads: usize) -> String {
    if kind == CORE && threads > 1 { format!("{threads} cores") } else { kind.to_owned() }
}

impl Memory {
    /// That of this user on this machine: `drapes/rates.json` in `XDG_CACHE_HOME`, or in `.cache` at home.
    pub fn of_user() -> Self {
        let folder = folder(std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME"));
        Self { path: folder.map(|folder| folder.join("drapes/rates.json")), processor: processor() }
    }

    /// That of a file, for a processor.
    pub fn at(path: &Path, processor: &str) -> Self {
        Self { path: Some(path.to_owned()), processor: processor.to_owned() }
    }

    /// The processor whose work is remembered.
    pub fn processor(&self) -> &str {
        &self.processor
    }

    /// What is wrong with the file, if it cannot be used.
    pub fn problem(&self) -> Option<String> {
        self.read().1
    }

    /// What a device has shown on this processor, and what is wrong with the file if it cannot be used.
    pub fn of(&self, device: &str) -> (Shown, Option<String>) {
        let (machines, problem) = self.read();
        let own = machines.into_iter().find(|machine| self.is(machine, device));
        (own.map(|machine| machine.shown).unwrap_or_default(), problem)
    }

    /// GPUs that have shown something, on any processor: the one at hand may be that of a login node.
    pub fn gpus(&self) -> Vec<(String, Shown)> {
        let mut gpus: BTreeMap<String, Shown> = BTreeMap::new();
        for machine in self.read().0 {
            let is_gpu = machine.device != CORE && !machine.device.ends_with(" cores");
            if is_gpu && !machine.shown.is_empty() {
                gpus.entry(machine.device).or_default().add(&machine.shown);
            }
        }
        gpus.into_iter().collect()
    }

    /// Adds what a device has shown; why it could not be written down, if so. Another run that does the same at this moment
    /// may win, and what this one has seen is lost; the file is whole in any case.
    pub fn add(&self, device: &str, shown: &Shown) -> Option<String> {
        let path = self.path.as_ref()?;
        let mut machines = self.read().0;
        match machines.iter_mut().find(|machine| self.is(machine, device)) {
            Some(known) => known.shown.add(shown),
            None => machines.push(Machine {
                processor: self.processor.clone(),
                device: device.to_owned(),
                shown: shown.clone(),
            }),
        }
        let text = serde_json::to_vec_pretty(&File { schema: SCHEMA, machines }).unwrap_or_default();
        replace(path, &text).err().map(|error| format!("{}: {error}", path.display()))
    }

    fn is(&self, machine: &Machine, device: &str) -> bool {
        machine.processor == self.processor && machine.device == device
    }

    fn read(&self) -> (Vec<Machine>, Option<String>) {
        let Some(path) = &self.path else { return (vec![], None) };
        let wrong = |reason: String| (vec![], Some(format!("{}: {reason}", path.display())));
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return (vec![], None),
            Err(error) => return wrong(error.to_string()),
        };
        match serde_json::from_slice::<File>(&text) {
            Ok(File { schema: SCHEMA, machines }) => {
                (machines.into_iter().filter(|machine| machine.shown.is_sane()).collect(), None)
            }
            Ok(File { schema, .. }) => wrong(format!("it is of another version ({schema})")),
            Err(error) => wrong(error.to_string()),
        }
    }
}

/// The user's cache: names that are not absolute do not count, as the specification of these folders has it.
fn folder(cache: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |name: Option<OsString>| name.map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(cache).or_else(|| absolute(home).map(|home| home.join(".cache")))
}

/// Writes a file beside its place and puts it there: whoever reads finds the old one or the new one.
fn replace(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!(".rates-{}.json", std::process::id()));
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
        // What is left of it helps nobody.
        let _ = fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests;
