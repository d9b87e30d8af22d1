//! How the work of a job is grouped into tasks.
//!
//! A GPU takes a step of many members in hardly longer than one of few; a core takes as long for each as alone, and many ranks
//! share best what is in small groups. A job leaves that to the device by `"auto"`, which is a number from the moment that a
//! directory is begun: so the grouping is part of the job, and results do not depend on where it goes on.

use serde::{Deserialize, Serialize};

use super::keys::keys;
use super::rules::{Rule, from_toml, positive};

/// What a task is computed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chip {
    /// A processor core, whose cache few jets fit into.
    Core,
    /// A GPU, which is filled with many.
    Gpu,
}

/// Where the numbers come from that a job leaves to the device.
#[derive(Clone, Debug, PartialEq)]
pub enum Grouping {
    /// They suit a device, on which a directory is begun.
    For(Chip),
    /// They are those of a directory that has been begun.
    AsIn(ComputeSettings),
}

/// How many members a job wants to train together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Together {
    /// As many as suit the device.
    Auto,
    /// So many on any device.
    Exactly(usize),
}

/// A number, or that the device decides.
fn together() -> Rule<'static, Together> {
    Rule::new("\"auto\", or a whole number from 1 to 4294967295", |value| {
        let is_auto = from_toml(value).is_some_and(|word: String| word == "auto");
        if is_auto { Some(Together::Auto) } else { positive().read(value).map(Together::Exactly) }
    })
}

keys! {
    /// How the work is grouped into tasks. The grouping is part of the job: where it is "auto", a directory keeps what suited the
    /// device on which it was begun, so that results do not depend on the machine.
    pub(super) struct ComputeKeys {
        /// Denoisers trained together; "auto" is 1 on cores, where company saves nothing, and 12 on GPUs.
        pub denoisers_per_task: Together = "auto", together();
        /// Flows trained together; "auto" is 1 on cores and 12 on GPUs.
        pub flows_per_task: Together = "auto", together();
        /// Classifier seeds trained together; trees grow alone.
        pub classifier_seeds_per_task: usize = 10, positive();
        /// Points whose perceptrons are trained together; "auto" is 1 on cores and 4 on GPUs, which take hardly longer for many
        /// than for few.
        pub classifier_points_per_task: Together = "auto", together();
        /// Models of jets' constituents trained together.
        pub jet_models_per_task: usize = 1, positive();
        /// Seeds of constituent classifiers trained together.
        pub jet_classifier_seeds_per_task: usize = 1, positive();
        /// Threads of a rank, no more than it has processors; another number may change the last bits of a result.
        pub threads: usize = 1, positive();
    }
}

/// How the work is grouped into tasks, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputeSettings {
    /// Denoisers trained together.
    pub denoisers_per_task: usize,
    /// Flows trained together.
    pub flows_per_task: usize,
    /// Classifier seeds trained together.
    pub classifier_seeds_per_task: usize,
    /// Points whose perceptrons are trained together. Jobs that were stored before there was such a key do without it.
    #[serde(default = "one_point")]
    pub classifier_points_per_task: usize,
    /// Models of jets' constituents trained together.
    pub jet_models_per_task: usize,
    /// Seeds of constituent classifiers trained together.
    pub jet_classifier_seeds_per_task: usize,
    /// Threads of a rank.
    pub threads: usize,
}

fn one_point() -> usize {
    1
}

impl Grouping {
    /// Denoisers, flows and points together where the job leaves them open. Twelve members fill a group of most scans of the
    /// paper, and cost a step of a GPU little more than one; two hundred classifiers of four points are as much to it as what
    /// four processes gave it at once (docs/performance.md).
    fn open(&self) -> [usize; 3] {
        match self {
            Self::For(Chip::Core) => [1, 1, 1],
            Self::For(Chip::Gpu) => [12, 12, 4],
            Self::AsIn(begun) => begun.left_to_device().map(|(_, number)| number),
        }
    }
}

impl ComputeKeys {
    /// The same in numbers.
    pub fn grouped(self, grouping: &Grouping) -> ComputeSettings {
        let [denoisers, flows, points] = grouping.open();
        let number = |wanted: Together, open: usize| match wanted {
            Together::Auto => open,
            Together::Exactly(number) => number,
        };
        ComputeSettings {
            denoisers_per_task: number(self.denoisers_per_task, denoisers),
            flows_per_task: number(self.flows_per_task, flows),
            classifier_seeds_per_task: self.classifier_seeds_per_task,
            classifier_points_per_task: number(self.classifier_points_per_task, points),
            jet_models_per_task: self.jet_models_per_task,
            jet_classifier_seeds_per_task: self.jet_classifier_seeds_per_task,
            threads: self.threads,
        }
    }
}

impl ComputeSettings {
    /// What of it a job may leave to the device: keys and numbers.
    pub fn left_to_device(&self) -> [(&'static str, usize); 3] {
        [
            ("denoisers_per_task", self.denoisers_per_task),
            ("flows_per_task", self.flows_per_task),
            ("classifier_points_per_task", self.classifier_points_per_task),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::job::{Change, JobFile};

    fn settings(compute: &str, grouping: Grouping) -> Result<ComputeSettings, Error> {
        let text = format!(
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[compute]\n{compute}\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n"
        );
        Ok(JobFile::from_text("job.toml", text).grouped(grouping).check()?.compute)
    }

    fn together(settings: &ComputeSettings) -> [usize; 3] {
        settings.left_to_device().map(|(_, number)| number)
    }

    #[test]
    fn what_a_job_leaves_open_suits_the_device_or_is_what_its_directory_has() {
        let of = |text: &str, by: Grouping| together(&settings(text, by).expect("a good job"));
        assert_eq!(of("", Grouping::For(Chip::Core)), [1, 1, 1]);
        let on_gpu = settings("flows_per_task = \"auto\"", Grouping::For(Chip::Gpu)).expect("a good job");
        assert_eq!(together(&on_gpu), [12, 12, 4]);
        // What a job names stays, on any device and in any directory.
        let named = "denoisers_per_task = 3\nclassifier_points_per_task = 1";
        assert_eq!(of(named, Grouping::For(Chip::Gpu)), [3, 12, 1]);
        assert_eq!(of(named, Grouping::AsIn(on_gpu.clone())), [3, 12, 1]);
        assert_eq!(of("", Grouping::AsIn(on_gpu.clone())), [12, 12, 4]);
        // Nothing else comes from the directory.
        let threads = settings("", Grouping::AsIn(ComputeSettings { threads: 7, ..on_gpu.clone() }))
            .expect("a good job");
        assert_eq!(threads.threads, 1);
    }

    #[test]
    fn the_command_line_may_leave_it_open_too() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[compute]\nflows_per_task = 2\n[[scan]]\nmethod = 'noise'\n\
                    n_signal = [0]\n";
        let auto: Change = "compute.flows_per_task=\"auto\"".parse().expect("a change");
        let file = JobFile::from_text("job.toml", text).with(vec![auto]).grouped(Grouping::For(Chip::Gpu));
        assert_eq!(file.check().expect("a good job").compute.flows_per_task, 12);
    }

    #[test]
    fn the_text_that_is_stored_names_what_cores_would_not_choose() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[compute]\nflows_per_task = 2\n[[scan]]\nmethod = 'noise'\n\
                    n_signal = [0]\n";
        let on = |chip: Chip| {
            let file = JobFile::from_text("job.toml", text).grouped(Grouping::For(chip));
            let compute = file.check().expect("a good job").compute;
            let stored = file.naming(&compute).expect("a good job").text();
            // Read anywhere, it means the same.
            let again = JobFile::from_text("job.toml", stored.clone()).check().expect("a good job").compute;
            assert_eq!(again, compute);
            stored
        };
        assert_eq!(on(Chip::Core), text);
        let stored = on(Chip::Gpu);
        assert!(
            stored.contains("denoisers_per_task = 12\n") && stored.contains("flows_per_task = 2\n"),
            "{stored}"
        );
    }

    #[test]
    fn other_words_and_numbers_are_refused_with_both_ways() {
        for wrong in ["'automatic'", "0", "-1", "2.5", "true", "[1]"] {
            let refused = settings(&format!("denoisers_per_task = {wrong}"), Grouping::For(Chip::Core));
            let message = refused.expect_err("a mistake").to_string();
            assert!(message.contains("\"auto\", or a whole number from 1"), "{message}");
        }
    }
}
