//! Any text as a job file: a job or a list of mistakes, never a panic, and a job plans, prices and reads back.
#![no_main]

use drapes_analysis::job::{Job, JobFile};
use drapes_analysis::plan::Plan;
use drapes_analysis::plan::fingerprint::fingerprints;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(job) = JobFile::from_text("job.toml", text).check() {
        // A scan of a million points is no mistake, but no use here.
        if job.points.len() < 200 {
            let plan = Plan::of(&job);
            assert_eq!(fingerprints(&job, &[], &plan).len(), plan.tasks.len());
        }
        let stored = serde_json::to_string(&job).expect("a job has a text");
        serde_json::from_str::<Job>(&stored).expect("its text is a job");
    }
});
