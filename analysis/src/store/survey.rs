//! The states of all tasks of a plan, from as few files as possible.
//!
//! A folder tells which records it holds, and which file each is, without opening them: a scan that has just begun opens none,
//! and one that ends opens those that came or changed since it began. On a network file system each opened file is a question
//! to the server, and a large scan has a million.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirEntryExt;
use std::sync::Arc;

use super::again::read_again;
use super::folded::Folded;
use super::{RecordState, Store};
use crate::plan::{Fingerprint, Plan, Stage, Task};

/// The states of all tasks of a plan, with the identity of each file that they were read from.
pub struct Survey {
    /// The state of every task of the plan.
    pub states: Vec<RecordState>,
    /// The number of each record's own file; none where it has none.
    files: Vec<Option<u64>>,
    folded: Option<Arc<Folded>>,
    /// How many records were opened when they were last read.
    opened: usize,
}

/// The records of the folders of all stages: `STAGE/ID` and the number of the file.
struct Listing(HashMap<String, u64>);

impl Store {
    /// Looks at the records of a plan whose tasks should have these fingerprints.
    pub fn survey(&self, plan: &Plan, expected: &[Fingerprint]) -> Survey {
        let count = plan.tasks.len();
        let (states, files) = (vec![RecordState::Missing; count], vec![None; count]);
        let mut survey = Survey { states, files, folded: None, opened: 0 };
        self.survey_again(plan, expected, &mut survey, &[]);
        survey
    }

    /// Looks again: at records that came, changed or went since the last look, and at those of tasks that have `ended` as
    /// somebody knows.
    pub fn survey_again(&self, plan: &Plan, expected: &[Fingerprint], survey: &mut Survey, ended: &[usize]) {
        survey.opened = 0;
        let (listing, folded) = (self.listing(), self.folded().ok());
        let is_same_folded = match (&folded, &survey.folded) {
            (Some(now), Some(before)) => Arc::ptr_eq(now, before),
            _ => false,
        };
        // The listing of a network folder may lag behind: a file that it does not show yet can often be opened by its name.
        let mut has_ended = vec![false; plan.tasks.len()];
        for task in ended {
            has_ended[*task] = true;
        }
        for (place, (task, expected)) in plan.tasks.iter().zip(expected).enumerate() {
            let now = match &listing {
                Ok(Listing(files)) => files.get(&task.id.0).copied(),
                // Then each is asked for by its name.
                Err(_) => Some(0),
            };
            let is_known = listing.is_ok() && now == survey.files[place] && !has_ended[place];
            let state = match (now, &folded) {
                (Some(_), _) if is_known => continue,
                (None, _) if is_known && is_same_folded => continue,
                (None, Some(folded)) if !has_ended[place] => Self::state_of_folded(folded, task, expected),
                _ => {
                    survey.opened += 1;
                    self.state(task, expected)
                }
            };
            survey.states[place] = state;
            survey.files[place] = now;
        }
        survey.folded = folded;
    }

    fn listing(&self) -> io::Result<Listing> {
        let mut files = HashMap::new();
        for stage in Stage::ALL {
            let folder = self.tasks().join(stage.word());
            let found = read_again(|| {
                let mut found: Vec<(String, u64)> = Vec::new();
                for entry in fs::read_dir(&folder)? {
                    let entry = entry?;
                    let name = entry.file_name();
                    if let Some(id) = name.to_str().and_then(|name| name.strip_suffix(".json")) {
                        found.push((format!("{}/{id}", stage.word()), entry.ino()));
                    }
                }
                Ok(found)
            });
            match found {
                Ok(found) => files.extend(found),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Listing(files))
    }

    fn state_of_folded(folded: &Folded, task: &Task, expected: &Fingerprint) -> RecordState {
        RecordState::of_folded(folded.line(&task.id).map_err(|_| ()), task, expected)
    }
}

#[cfg(test)]
mod tests;
