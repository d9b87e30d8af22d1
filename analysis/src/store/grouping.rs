//! How the work of a directory is grouped, once that can no longer change.

use std::fs;
use std::path::Path;

use super::{Liveness, Store};
use crate::job::ComputeSettings;

impl Store {
    /// How many members train together here for good: as its job says, from the moment that a task has left something or a run
    /// is at work. Nothing before: a start that has found no GPU, for instance, binds nobody.
    pub fn grouping(&self) -> Option<ComputeSettings> {
        let is_at_work = || {
            let mut owners = self.lock_owners().into_iter();
            owners.any(|(who, liveness)| liveness == Liveness::Alive && who.job.is_some())
        };
        let is_begun = self.holds_job() && (holds_files(&self.tasks()) || is_at_work());
        is_begun.then(|| self.job().ok()).flatten().map(|stored| stored.job.compute)
    }
}

/// Whether a folder or one of those in it holds a file.
fn holds_files(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) { holds_files(&entry.path()) } else { true }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::Shard;
    use crate::job::{Chip, Grouping, JobFile};
    use crate::plan::{Plan, fingerprints};
    use crate::store::{LockTimeout, Outcome, RunInfo, StoredJob, TaskRecord, TaskResult};

    const JOB: &str =
        "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 5]\n";

    fn begun_on(chip: Chip, job: &str) -> (JobFile, StoredJob) {
        let file = JobFile::from_text("job.toml", job).grouped(Grouping::For(chip));
        let stored = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
        (file, stored)
    }

    fn settled(store: &Store, shard: Shard, (file, stored): &(JobFile, StoredJob)) -> usize {
        store.settle(file, stored, shard).expect("it fits").job.compute.denoisers_per_task
    }

    #[test]
    fn what_a_job_leaves_open_is_fixed_by_the_first_task_and_not_by_a_start() {
        let place = tempfile::tempdir().expect("a directory");
        let (gpu, core) = (begun_on(Chip::Gpu, JOB), begun_on(Chip::Core, JOB));
        let store = Store::create(place.path(), &gpu.0, &gpu.1).expect("a new directory");
        assert_eq!(store.grouping(), None, "nothing has been done");
        assert_eq!(settled(&store, Shard::WHOLE, &core), 1, "the next start decides anew");
        assert_eq!(settled(&store, Shard::WHOLE, &gpu), 12);
        let left = store.checkpoint(&crate::plan::TaskId("train/denoisers-w2800-6000-c00".to_owned()));
        fs::write(left, "what a stopped task has learnt").expect("room");
        assert_eq!(store.grouping().map(|compute| compute.flows_per_task), Some(12));
        assert_eq!(settled(&store, Shard::WHOLE, &core), 12, "also on cores");
        // A job that names a number means it; nothing finished stands against that.
        let named =
            begun_on(Chip::Core, &JOB.replace("[[scan]]", "[compute]\ndenoisers_per_task = 2\n[[scan]]"));
        assert_eq!(settled(&store, Shard::WHOLE, &named), 2);
    }

    #[test]
    fn shards_that_begin_at_once_on_unlike_devices_group_alike() {
        let place = tempfile::tempdir().expect("a directory");
        let (gpu, core) = (begun_on(Chip::Gpu, JOB), begun_on(Chip::Core, JOB));
        let store = Store::begin(place.path(), &gpu.0, &gpu.1).expect("a new directory");
        let shard = |index| Shard { index, count: 2 };
        let mut wait = |_: &_, _| LockTimeout::GiveUp;
        let (first, _) = store.lock(shard(1), 1, &mut wait).expect("a free place");
        assert_eq!(settled(&store, shard(1), &gpu), 12);
        let other = Store::begin(place.path(), &core.0, &core.1).expect("the same directory");
        let (second, _) = other.lock(shard(2), 1, &mut wait).expect("a free place");
        // The first has finished a task meanwhile, which the other would lose if it grouped as suits itself.
        let stored = store.job().expect("the job");
        let plan = Plan::of(&stored.job);
        let prints = fingerprints(&stored.job, &stored.inputs, &plan);
        let training =
            plan.tasks.iter().position(|task| task.id.0.starts_with("train/")).expect("a training");
        let record = TaskRecord {
            id: plan.tasks[training].id.clone(),
            fingerprint: prints[training].clone(),
            run: RunInfo::default(),
            outcome: Outcome::Done(Box::new(TaskResult::Train(vec![]))),
        };
        store.write_record(&record).expect("room");
        Store::begin(place.path(), &core.0, &core.1).expect("it goes on as it was begun");
        assert_eq!(settled(&other, shard(2), &core), 12);
        drop((first, second));
    }
}
