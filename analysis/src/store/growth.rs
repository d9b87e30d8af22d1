//! A directory whose job is changed: points and seeds may be added. A change that would make finished results invalid is
//! refused.

use std::collections::HashMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Liveness, Store, StoredJob};
use crate::dispatch::Shard;
use crate::error::Error;
use crate::job::{Grouping, Job, JobFile, ScanPoint};
use crate::plan::{Fingerprint, Plan, Stage, TaskId, fingerprints};

/// The most points that a message names.
const LISTED: usize = 3;

impl Store {
    /// Stores the job of a directory, by the right to work there, and returns it as the directory has it from now on.
    ///
    /// Which shard does which task follows from the prices, so that all shards take `[pricing]` from the first of them. What
    /// the job leaves to the device is as the directory has it: a shard that begins at the same moment on another device
    /// finds it there.
    ///
    /// # Errors
    /// As [`Store::create`]: another job may have been stored since the directory was opened. Other shards are at work for
    /// the job as it was.
    pub fn settle(&self, file: &JobFile, stored: &StoredJob, shard: Shard) -> Result<StoredJob, Error> {
        // One shard after the other: the second finds what the first has stored.
        let _lock = if shard == Shard::WHOLE { None } else { Some(self.lock_exclusive("job.lock")?) };
        let mut settled = self.succeed(&self.as_grouped_here(file, stored)?)?;
        let digest = digest(&settled);
        if shard != Shard::WHOLE && self.holds_job() {
            let other = |job: &Option<String>| job.as_ref().is_some_and(|job| *job != digest);
            let mut others = self.lock_owners().into_iter();
            // Those that are about to settle find this job here.
            if let Some((who, _)) = others.find(|(who, alive)| *alive == Liveness::Alive && other(&who.job)) {
                return Err(Error::GrownMeanwhile { path: self.directory.clone(), who: who.to_string() });
            }
            settled.job.pricing = self.job()?.job.pricing;
        }
        // First that by which the directory is known as ours.
        self.write_json("job.json", &settled)?;
        self.write("job.toml", file.naming(&settled.job.compute)?.text().as_bytes())?;
        for stage in Stage::ALL {
            let folder = self.tasks().join(stage.word());
            std::fs::create_dir_all(&folder).map_err(|source| Error::CannotWrite { path: folder, source })?;
        }
        self.works_at(&digest);
        Ok(settled)
    }

    /// The job with what it leaves to the device as the directory has it.
    pub(super) fn as_grouped_here(&self, file: &JobFile, stored: &StoredJob) -> Result<StoredJob, Error> {
        let Some(begun) = self.grouping().filter(|begun| *begun != stored.job.compute) else {
            return Ok(stored.clone());
        };
        let job = file.clone().grouped(Grouping::AsIn(begun)).check()?;
        Ok(StoredJob { job, inputs: stored.inputs.clone() })
    }

    /// The job that the directory has once it is asked for this one: further points and seeds come behind those that are
    /// there.
    ///
    /// # Errors
    /// A finished task would be lost, or made from something else.
    pub(super) fn succeed(&self, new: &StoredJob) -> Result<StoredJob, Error> {
        if !self.holds_job() {
            return Ok(new.clone());
        }
        let old = self.job()?;
        let is_blind = |job: &StoredJob| job.job.search.as_ref().is_some_and(|search| search.blind);
        if is_blind(&old) && new.job.search.is_some() && !is_blind(new) && self.unblinding().is_none() {
            return Err(Error::StaysBlind { path: self.directory.clone() });
        }
        let merged = StoredJob { job: new.job.successor_of(&old.job), inputs: new.inputs.clone() };
        if old.inputs == merged.inputs && old.job.physics() == merged.job.physics() {
            return Ok(merged);
        }
        match self.lost(&old, &merged) {
            None => Ok(merged),
            Some(task) => {
                let mut keys = differences(&old, &merged);
                if keys.is_empty() {
                    keys.push(format!("what {task} is made from"));
                }
                Err(Error::OtherJob { path: self.directory.clone(), keys })
            }
        }
    }

    /// A task that is finished and would not be under another job.
    fn lost(&self, old: &StoredJob, new: &StoredJob) -> Option<TaskId> {
        let plan = Plan::of(&new.job);
        let prints = fingerprints(&new.job, &new.inputs, &plan);
        let wanted: HashMap<&TaskId, &Fingerprint> =
            plan.tasks.iter().map(|task| &task.id).zip(&prints).collect();
        let plan = Plan::of(&old.job);
        let prints = fingerprints(&old.job, &old.inputs, &plan);
        let of_task = plan.tasks.iter().zip(&prints);
        let lost = of_task.filter(|(task, print)| wanted.get(&task.id) != Some(print));
        lost.into_iter()
            .find(|(task, print)| self.state(task, print).is_done())
            .map(|(task, _)| task.id.clone())
    }
}

/// What tells two jobs of a directory apart, for shards that must not work at both.
pub(super) fn digest(stored: &StoredJob) -> String {
    // Tests of closure change no other result, but which tasks there are; so do points that are set apart.
    let Job { generations, apart, closure, .. } = &stored.job;
    let all = (stored.job.physics(), generations, apart, &stored.inputs, closure.trees);
    hex::encode(&Sha256::digest(serde_json::to_vec(&all).unwrap_or_default())[..8])
}

/// The dotted keys in which two jobs differ in a way that changes results. What is only added does not.
fn differences(old: &StoredJob, new: &StoredJob) -> Vec<String> {
    let mut keys = Vec::new();
    compare("", &old.job.physics(), &new.job.physics(), &mut keys);
    let names = |points: &[ScanPoint]| points.iter().map(ToString::to_string).collect::<Vec<_>>();
    keys.extend(lacks("scan", &names(&old.job.points), &names(&new.job.points)));
    let seeds =
        |job: &StoredJob| job.job.classifier.seeds.iter().map(|seed| seed.0.to_string()).collect::<Vec<_>>();
    keys.extend(lacks("classifier.seeds", &seeds(old), &seeds(new)));
    for input in &new.inputs {
        if old.inputs.iter().any(|known| known.name == input.name && known.sha256 != input.sha256) {
            keys.push(format!("the content of {}", input.name));
        }
    }
    keys
}

/// The entries that a list has lost.
fn lacks(key: &str, old: &[String], new: &[String]) -> Option<String> {
    let gone: Vec<&str> = old.iter().filter(|item| !new.contains(item)).map(String::as_str).collect();
    let more = gone.len().saturating_sub(LISTED);
    let named = gone.iter().take(LISTED).copied().collect::<Vec<_>>().join(" and ");
    match (gone.is_empty(), more) {
        (true, _) => None,
        (_, 0) => Some(format!("{key} lacks {named}")),
        _ => Some(format!("{key} lacks {named} and {more} more")),
    }
}

fn compare(path: &str, old: &Value, new: &Value, keys: &mut Vec<String>) {
    match (old, new) {
        _ if ["points", "classifier.seeds"].contains(&path) => {}
        (Value::Object(old), Value::Object(new)) => {
            let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let side =
                    |tree: &serde_json::Map<String, Value>| tree.get(name).cloned().unwrap_or(Value::Null);
                compare(&path, &side(old), &side(new), keys);
            }
        }
        _ if old != new => keys.push(path.to_owned()),
        _ => {}
    }
}
