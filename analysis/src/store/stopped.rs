//! Tasks that were stopped: how long they have worked and how far they came, from which their remaining time is estimated.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Store, write_durably};
use crate::error::Error;
use crate::plan::{Fingerprint, Stage, TaskId};

/// How a task was stopped before its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// What its result depends on.
    pub fingerprint: Fingerprint,
    /// What it was computed on, as in [`crate::store::record::RunInfo`].
    pub device: String,
    /// Seconds of work, with those of earlier runs that it has gone on from.
    pub seconds: f64,
    /// The share that was done after them, from 0 to 1.
    pub share: f64,
    /// The share from which it goes on; zero where it begins anew.
    pub kept: f64,
    /// How often, one after the other, it was stopped without getting further.
    pub in_vain: u32,
}

impl Stop {
    /// The same stop with what earlier ones have shown: whether this try has got `further` than where it began.
    #[must_use]
    pub fn after(self, earlier: Option<&Self>, further: Further) -> Self {
        let Some(earlier) = earlier.filter(|earlier| earlier.fingerprint == self.fingerprint) else {
            return Self { in_vain: u32::from(further == Further::No), ..self };
        };
        if further == Further::Yes {
            return Self { in_vain: 0, ..self };
        }
        // A short try shows less than a long one before it.
        let shows_less = self.share < earlier.share || (self.share <= 0.0 && self.seconds < earlier.seconds);
        let (seconds, share) =
            if shows_less { (earlier.seconds, earlier.share) } else { (self.seconds, self.share) };
        let kept = self.kept.max(earlier.kept);
        Self { seconds, share, kept, in_vain: earlier.in_vain.saturating_add(1), ..self }
    }

    /// Seconds that are still needed, at the pace that it has shown; of a task that has not shown how far it came, at least
    /// as many as it has taken in vain, and its price otherwise.
    pub fn left(&self, price: f64) -> f64 {
        if self.share > 0.0 {
            return self.seconds / self.share * (1.0 - self.kept).max(0.0);
        }
        price.max(self.seconds)
    }
}

/// Whether a try has got further than where it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Further {
    /// It has saved more than there was before.
    Yes,
    /// The next try begins where this one did.
    No,
}

/// The ending of the names of these files.
const ENDING: &str = ".stopped";

impl Store {
    pub(super) fn stop_file(&self, task: &TaskId) -> PathBuf {
        self.tasks().join(format!("{task}{ENDING}"))
    }

    /// Writes down how a task was stopped.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn note_stop(&self, task: &TaskId, stop: &Stop) -> Result<(), Error> {
        write_durably(&self.stop_file(task), &super::to_json(stop))
    }

    /// How a task was stopped last; none if it was not, or its file cannot be read.
    pub fn stop_of(&self, task: &TaskId) -> Option<Stop> {
        serde_json::from_slice(&fs::read(self.stop_file(task)).ok()?).ok()
    }

    /// Forgets how a task was stopped: it has ended.
    pub fn forget_stop(&self, task: &TaskId) {
        let _ = fs::remove_file(self.stop_file(task));
    }

    /// How tasks were stopped last. Folders are listed, since hardly any task of a large scan was stopped.
    pub fn stops(&self) -> HashMap<TaskId, Stop> {
        let mut stops = HashMap::new();
        for stage in Stage::ALL {
            let Ok(entries) = fs::read_dir(self.tasks().join(stage.word())) else { continue };
            for entry in entries.flatten() {
                let name = entry.file_name();
                let Some(name) = name.to_str().and_then(|name| name.strip_suffix(ENDING)) else { continue };
                let task = TaskId(format!("{}/{name}", stage.word()));
                stops.extend(self.stop_of(&task).map(|stop| (task, stop)));
            }
        }
        stops
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(seconds: f64, share: f64, kept: f64) -> Stop {
        let fingerprint = Fingerprint("a".to_owned());
        Stop { fingerprint, device: "cpu".to_owned(), seconds, share, kept, in_vain: 0 }
    }

    #[test]
    fn stops_without_getting_further_are_counted_and_the_longest_try_shows_the_length() {
        let first = stop(40.0, 0.0, 0.0).after(None, Further::No);
        assert_eq!(first.in_vain, 1);
        let second = stop(3.0, 0.0, 0.0).after(Some(&first), Further::No);
        assert_eq!((second.in_vain, second.seconds), (2, 40.0));
        assert!((second.left(10.0) - 40.0).abs() < 1e-9 && (second.left(90.0) - 90.0).abs() < 1e-9);
        let third = stop(100.0, 0.3, 0.2).after(Some(&second), Further::Yes);
        assert_eq!(third.in_vain, 0);
        let fourth = stop(90.0, 0.25, 0.2).after(Some(&third), Further::No);
        assert_eq!((fourth.in_vain, fourth.share), (1, 0.3));
        // 100 s for 0.3 of it, of which 0.2 are kept.
        assert!((fourth.left(1.0) - 100.0 / 0.3 * 0.8).abs() < 1e-9);
        let other = Stop { fingerprint: Fingerprint("b".to_owned()), ..stop(1.0, 0.1, 0.0) };
        assert_eq!(other.after(Some(&second), Further::No).in_vain, 1, "it is another task");
    }

    #[test]
    fn stops_are_found_in_the_directory_until_they_are_forgotten() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::at(directory.path());
        fs::create_dir_all(directory.path().join("tasks/template")).expect("room");
        let task = TaskId("template/noise-s0".to_owned());
        store.note_stop(&task, &stop(40.0, 0.5, 0.4)).expect("room");
        assert_eq!(store.stops(), HashMap::from([(task.clone(), stop(40.0, 0.5, 0.4))]));
        fs::write(store.stop_file(&TaskId("template/torn".to_owned())), "{").expect("room");
        store.forget_stop(&task);
        assert!(store.stops().is_empty());
    }
}
