//! The tasks of a job on each kind of device, where it leaves the grouping of its work to the device.

use std::cell::OnceCell;

use crate::error::Error;
use crate::job::{Chip, Grouping, Job, JobFile};
use crate::plan::Plan;
use crate::plan::device_kind::chip_of;

/// A job with its tasks.
pub struct Tasks {
    pub job: Job,
    pub plan: Plan,
}

impl Tasks {
    fn of(job: Job) -> Self {
        Self { plan: Plan::of(&job), job }
    }
}

/// A job as it is grouped for each kind of device.
pub struct Groupings {
    cores: Tasks,
    /// The job for GPUs, where that differs.
    for_gpus: Option<Job>,
    /// The same with its tasks, once somebody asks: those of a large scan take seconds.
    gpus: OnceCell<Tasks>,
}

impl Groupings {
    /// Those of a job.
    ///
    /// # Errors
    /// The file is no job.
    pub fn of(file: &JobFile) -> Result<Self, Error> {
        let cores = Tasks::of(file.check()?);
        let for_gpus = file.clone().grouped(Grouping::For(Chip::Gpu)).check()?;
        let is_unlike = for_gpus.compute != cores.job.compute;
        Ok(Self { cores, for_gpus: is_unlike.then_some(for_gpus), gpus: OnceCell::new() })
    }

    /// The tasks on a device.
    pub fn on(&self, device: &str) -> &Tasks {
        match &self.for_gpus {
            Some(job) if chip_of(device) == Chip::Gpu => self.gpus.get_or_init(|| Tasks::of(job.clone())),
            _ => &self.cores,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan_of;
    use super::super::{Format, Plan};
    use super::*;
    use crate::plan::Rates;

    #[test]
    fn each_device_is_priced_by_the_tasks_that_it_would_have() {
        let place = tempfile::tempdir().expect("a folder");
        let gpu = place.path().join("gpu.json");
        let fast = Rates { device: "NVIDIA H100".into(), ..Rates::CPU_CORE };
        std::fs::write(&gpu, serde_json::to_vec(&fast).expect("JSON")).expect("room");
        let job = |compute: &str| {
            let text = format!(
                "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n{compute}[[scan]]\nmethod = 'noise'\n\
                 n_signal = [0, 5, 50]\n"
            );
            JobFile::from_text("job.toml", text)
        };
        let told = |file: &JobFile, format: Format| {
            let plan = Plan { rates: vec![gpu.clone()], points: false, ..plan_of(format) };
            plan.of(file).expect("a plan")
        };
        let open = told(&job(""), Format::Text);
        assert!(
            open.contains("\n  NVIDIA H100: 8 tasks, 3 denoisers and the classifiers of 3 points together\n")
                && open.contains("\n  core: 12 tasks, each model and point alone\n"),
            "{open}"
        );
        let json: serde_json::Value = serde_json::from_str(&told(&job(""), Format::Json)).expect("JSON");
        let of_device = |place: usize, key: &str| json["devices"][place]["compute"][key].as_u64();
        assert_eq!(of_device(0, "denoisers_per_task"), Some(12));
        assert_eq!(of_device(1, "denoisers_per_task"), Some(1));
        let named = "[compute]\ndenoisers_per_task = 2\nflows_per_task = 2\nclassifier_points_per_task = 2\n";
        assert!(!told(&job(named), Format::Text).contains("grouped for the device"));
    }
}
