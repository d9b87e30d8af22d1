//! What tasks cost on the ranks of this run: by the rates of their device, and by what tasks have shown that were stopped.

use std::collections::HashMap;

use drapes_analysis::cli::inform;
use drapes_analysis::dispatch::Outlook;
use drapes_analysis::plan::device_kind::{is_same_kind, kind_of};
use drapes_analysis::plan::fingerprint::Fingerprint;
use drapes_analysis::plan::rates::{Origin, Rates};
use drapes_analysis::plan::{Pace, Plan, TaskId};
use drapes_analysis::store::Stop;

/// What is known from tasks that were stopped before.
pub struct Shown<'a> {
    /// How tasks were stopped.
    pub stops: &'a HashMap<TaskId, Stop>,
    /// What the results of all tasks of the plan depend on.
    pub fingerprints: &'a [Fingerprint],
    /// The kind of device of the ranks: what was shown on another one does not count.
    pub kind: &'a str,
}

/// The rates of a kind of device and where they come from, and a note where other rates were given in vain.
pub fn rates(kind: &str, given: &[Rates]) -> (Rates, Origin) {
    for other in given.iter().filter(|given| !is_same_kind(&given.device, kind)) {
        inform(format_args!("note: the rates of {} are not used: the ranks compute on {kind}", other.device));
    }
    Rates::of_kind(kind, given)
}

/// Says that times are a guess.
pub fn tell_of_guess(kind: &str) {
    inform(format_args!(
        "note: nobody has measured {kind}; times are a guess until tasks have ended (`cargo bench --bench throughput -- \
         --device cuda --rates FILE` measures it, --rates FILE uses it)"
    ));
}

/// The outlook of every task before it runs: its time, and what is left of it.
pub fn outlooks(plan: &Plan, prices: &[f64], pace: &Pace, shown: &Shown<'_>) -> Vec<Outlook> {
    let outlook = |place: usize| {
        let (task, seconds) = (&plan.tasks[place], prices[place]);
        let kind = task.work.pace();
        let stop = shown.stops.get(&task.id).filter(|stop| {
            stop.fingerprint == shown.fingerprints[place] && is_same_kind(kind_of(&stop.device), shown.kind)
        });
        let left = stop.map(|stop| stop.left(seconds * pace.of(kind).unwrap_or(1.0)));
        Outlook { kind, seconds, left, if_stopped: task.work.kind().if_stopped() }
    };
    (0..plan.tasks.len()).map(outlook).collect()
}

/// The shares from which tasks of the plan go on that were stopped before, on whatever device.
pub fn kept(plan: &Plan, stops: &HashMap<TaskId, Stop>, fingerprints: &[Fingerprint]) -> HashMap<usize, f64> {
    let tasks = plan.tasks.iter().zip(fingerprints).enumerate();
    let kept = tasks.filter_map(|(place, (task, fingerprint))| {
        let stop = stops.get(&task.id).filter(|stop| stop.fingerprint == *fingerprint)?;
        (stop.kept > 0.0).then_some((place, stop.kept))
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use drapes_analysis::job::JobFile;
    use drapes_analysis::plan::price::{EventCounts, Price};

    #[test]
    fn a_stopped_task_is_priced_by_what_it_has_shown_on_the_same_kind_of_device() {
        let text =
            "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
        let job = JobFile::from_text("job.toml", text).check().expect("a good job");
        let plan = Plan::of(&job);
        let price = Price::of(&job, &plan, EventCounts::estimated(&job), &Rates::CPU_CORE);
        let fingerprints = vec![Fingerprint("a".to_owned()); plan.tasks.len()];
        let stop = |fingerprint: &str, device: &str| Stop {
            fingerprint: Fingerprint(fingerprint.to_owned()),
            device: device.to_owned(),
            seconds: 100.0,
            share: 0.25,
            kept: 0.2,
            in_vain: 0,
        };
        let left = |stop: Stop, kind: &str| {
            let stops = HashMap::from([(plan.tasks[1].id.clone(), stop)]);
            let shown = Shown { stops: &stops, fingerprints: &fingerprints, kind };
            let outlooks = outlooks(&plan, &price.seconds, &Pace::default(), &shown);
            assert_eq!(outlooks[0].left, None);
            outlooks[1].left
        };
        assert_eq!(left(stop("a", "cpu"), "core"), Some(320.0));
        assert_eq!(left(stop("a", "cuda:0 (NVIDIA H200)"), "NVIDIA H200"), Some(320.0));
        assert_eq!(left(stop("a", "cuda:0 (NVIDIA H200)"), "NVIDIA H100"), None);
        assert_eq!(left(stop("a", "cpu"), "NVIDIA H200"), None);
        assert_eq!(left(stop("b", "cpu"), "core"), None, "it was another task");
    }
}
