//! What a person sees of a run: a bar and a row for each rank on a terminal, plain lines in a log.

mod running;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use drapes_analysis::cli::{AtWork, Loudness, Scene, Screen, duration, inform, loudness, tell};
use drapes_analysis::dispatch::{Halt, Known};
use drapes_analysis::plan::{Pace, PaceKind, Plan};
use drapes_analysis::store::Activity;

use running::{Running, TELLING};

use super::estimates::KNOWN_BEFORE;
use crate::dispatch::{Ended, Observer};
use crate::error::Error;

/// Lines about running tasks in a log are at least so far apart.
const QUIET: Duration = Duration::from_secs(30);
/// Bar and lines are looked at again after this time at the earliest: rank 0 hears of thousands of ranks.
const REDRAW: Duration = Duration::from_millis(250);

/// A line names at most so many running tasks.
const NAMED: usize = 16;

/// Follows a run and says what happens on standard error.
pub struct Progress<'a> {
    plan: &'a Plan,
    /// Expected seconds of each task.
    seconds: &'a [f64],
    /// Expected seconds of all tasks.
    total: f64,
    /// Expected seconds of the tasks that were done before.
    before: f64,
    /// Tasks that were done before or are this run's.
    count: usize,
    /// Expected seconds of the tasks that have not ended, by kind.
    open: [f64; PaceKind::ALL.len()],
    /// Seconds that ended tasks have taken in this run, and how that is against their price.
    taken: f64,
    pace: Pace,
    /// The shares from which tasks go on that were stopped in an earlier run.
    kept: HashMap<usize, f64>,
    ranks: usize,
    /// Seconds that follow the last task.
    ending: f64,
    start: Instant,
    /// The last lines of the user's terminal, where bar and ranks are shown, if there is a terminal.
    screen: Option<Screen>,
    /// The tasks that run.
    running: HashMap<usize, Running>,
    finished: f64,
    ended: usize,
    last_line: Instant,
    /// When the bar was drawn last. The first picture waits as long as any other: what this process has said before reaches a
    /// terminal through a launcher, later than a picture, and would be written over it.
    drawn: Instant,
    activity: Activity,
}

impl<'a> Progress<'a> {
    /// An observer of a plan of which some tasks are done, and others are not this run's.
    pub fn new(plan: &'a Plan, seconds: &'a [f64], known: &[Known], ranks: usize) -> Self {
        let of = |which: fn(&Known) -> bool| seconds.iter().zip(known).filter(move |(_, known)| which(known));
        let (of_done, of_run) = (of(|known| *known == Known::Done), of(|known| *known != Known::Elsewhere));
        let mut open = [0.0; PaceKind::ALL.len()];
        let tasks = plan.tasks.iter().zip(seconds).zip(known);
        for ((task, seconds), _) in tasks.filter(|(_, known)| **known == Known::Open) {
            open[task.work.pace() as usize] += seconds;
        }
        Self {
            plan,
            seconds,
            open,
            taken: 0.0,
            pace: Pace::default(),
            kept: HashMap::new(),
            total: of_run.clone().map(|(seconds, _)| seconds).sum(),
            count: of_run.count(),
            before: of_done.clone().map(|(seconds, _)| seconds).sum(),
            ranks,
            ending: 0.0,
            start: Instant::now(),
            screen: Screen::open(),
            running: HashMap::new(),
            finished: 0.0,
            ended: of_done.count(),
            last_line: Instant::now(),
            drawn: Instant::now(),
            activity: Activity::Working,
        }
    }

    /// The same where so much was known of the machine when the seconds were expected. It counts as little as anything known
    /// before a run: hours of an earlier run, on a machine that has become slower since, must not outweigh what this one shows.
    pub fn knowing(self, pace: &Pace) -> Self {
        Self { pace: pace.lightened(KNOWN_BEFORE).as_expected(), ..self }
    }

    /// The same where some tasks go on from such a share of their work.
    pub fn going_on_from(self, kept: HashMap<usize, f64>) -> Self {
        Self { kept, ..self }
    }

    /// The same where tables and pictures follow that take so many seconds.
    pub fn ending_after(self, seconds: f64) -> Self {
        Self { ending: seconds, ..self }
    }

    /// Expected seconds of work done in this run.
    fn outcome(&self) -> f64 {
        let running: f64 =
            self.running.iter().map(|(task, running)| running.share * self.seconds[*task]).sum();
        self.finished + running
    }

    fn kind(&self, task: usize) -> PaceKind {
        self.plan.tasks[task].work.pace()
    }

    /// Seconds left: by the pace that this run has shown, or, at its start, as was expected.
    pub fn expected_left(&self) -> f64 {
        self.left().unwrap_or_else(|| {
            let open: f64 = self.open.iter().sum();
            self.ending + (open - self.outcome() + self.finished).max(0.0) / self.ranks as f64
        })
    }

    /// Seconds left, once this run has shown its pace: each kind of work has its own, and as many ranks go on as have been
    /// at work so far. It takes no less than the task that ends last of those that run.
    fn left(&self) -> Option<f64> {
        let elapsed = self.start.elapsed().as_secs_f64();
        if elapsed <= 2.0 || self.outcome() <= 0.02 * (self.total - self.before) {
            return None;
        }
        let (mut pace, mut taken, mut open) = (self.pace.clone(), self.taken, self.open);
        for (task, running) in &self.running {
            let (kind, price) = (self.kind(*task), self.seconds[*task]);
            taken += running.since.elapsed().as_secs_f64();
            open[kind as usize] -= running.share_now() * price;
            if running.own_share() >= TELLING {
                pace.learn(kind, running.own_share() * price, running.seconds());
            }
        }
        let at_pace = |kind: PaceKind, seconds: f64| pace.of(kind).unwrap_or(1.0) * seconds.max(0.0);
        let all: f64 = PaceKind::ALL.iter().map(|kind| at_pace(*kind, open[*kind as usize])).sum();
        let last = self.running.iter().map(|(task, running)| {
            at_pace(self.kind(*task), (1.0 - running.share_now()) * self.seconds[*task])
        });
        Some(self.ending + last.fold(all * elapsed / taken.max(1e-9), f64::max))
    }

    fn show(&mut self) {
        if self.drawn.elapsed() < REDRAW {
            return;
        }
        self.drawn = Instant::now();
        if let Some(screen) = &self.screen {
            let at_work = self.running.iter().map(|(task, running)| self.row(*task, running));
            screen.show(&self.scene(at_work.collect()));
        } else if self.last_line.elapsed() > QUIET {
            self.last_line = Instant::now();
            inform(format_args!("{} {}; {}", self.clock(), self.scene(vec![]).state(), self.at_work()));
        }
    }

    fn scene<'b>(&self, at_work: Vec<AtWork<'b>>) -> Scene<'b> {
        Scene {
            ended: self.ended,
            tasks: self.count,
            share: (self.before + self.outcome()) / self.total.max(1e-9),
            left: self.left(),
            ranks: self.ranks,
            at_work,
        }
    }

    fn row(&self, task: usize, running: &Running) -> AtWork<'_> {
        AtWork {
            rank: running.rank,
            host: None,
            task: &self.plan.tasks[task].id.0,
            share: running.share,
            seconds: running.since.elapsed().as_secs_f64(),
            left: (1.0 - running.share) * self.seconds[task],
        }
    }

    /// The tasks that run, with the share that is done; of thousands, the first of the plan.
    fn at_work(&self) -> String {
        let mut running: Vec<(usize, f64)> =
            self.running.iter().map(|(task, running)| (*task, running.share)).collect();
        running.sort_unstable_by_key(|(task, _)| *task);
        let more = running.len().saturating_sub(NAMED);
        let named = running.iter().take(NAMED);
        let named = named.map(|(task, share)| format!("{} {:.0}%", self.plan.tasks[*task].id, 100.0 * share));
        let named = named.collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{named} and {more} more") } else { named }
    }

    fn clock(&self) -> String {
        format!("[{:>6.1} s]", self.start.elapsed().as_secs_f64())
    }

    fn rank(&self, rank: usize) -> String {
        if self.ranks > 1 { format!(" on rank {rank}") } else { String::new() }
    }

    /// Removes the bar.
    pub fn finish(self) {
        if let Some(screen) = self.screen {
            screen.close();
        }
    }
}

impl Observer for Progress<'_> {
    fn began(&mut self, task: usize, rank: usize) {
        self.activity = Activity::Working;
        let kept = self.kept.get(&task).copied().unwrap_or(0.0);
        self.running.insert(task, Running::begin(rank, kept));
        if loudness() == Loudness::Verbose {
            let (clock, place) = (self.clock(), self.rank(rank));
            let (id, seconds) = (&self.plan.tasks[task].id, duration(self.seconds[task]));
            tell(format_args!("{clock} {id}: begins{place}, priced at {seconds}"));
        }
        self.show();
    }

    fn progress(&mut self, task: usize, share: f64) {
        if let Some(running) = self.running.get_mut(&task) {
            running.hear(share);
        }
        self.show();
    }

    fn ended(&mut self, task: usize, rank: usize, ended: &Ended) {
        let since = self.running.remove(&task).map(|running| running.since);
        let (clock, place) = (self.clock(), self.rank(rank));
        let id = &self.plan.tasks[task].id;
        let line = match ended {
            Ended::Done { seconds } => format!("{clock} {id}: done in {seconds:.1} s{place}"),
            Ended::Failed { reason } => format!("{clock} {id}: FAILED{place}: {reason}"),
            Ended::Stopped => format!("{clock} {id}: stopped{place}"),
            Ended::UnreadableInput { reason, .. } | Ended::LetDown { reason, .. } => {
                format!("{clock} {id}: put back{place}: {reason}")
            }
            Ended::NotStored { reason } => format!("{clock} {id}: NOT STORED{place}: {reason}"),
        };
        if matches!(ended, Ended::Done { .. } | Ended::Stopped) {
            inform(line);
        } else {
            tell(line);
        }
        let (kind, price) = (self.kind(task), self.seconds[task]);
        if let Ended::Done { seconds } = ended {
            // The seconds of a task are those of all runs that it went on in.
            self.taken += since.map_or(*seconds, |since| since.elapsed().as_secs_f64().min(*seconds));
            self.pace.learn(kind, price, *seconds);
        }
        if matches!(ended, Ended::Done { .. } | Ended::Failed { .. }) {
            self.open[kind as usize] -= price;
            self.finished += price;
            self.ended += 1;
        }
        self.last_line = Instant::now();
        self.show();
    }

    fn lost(&mut self, task: usize, needs: usize) {
        self.open[self.kind(task) as usize] -= self.seconds[task];
        self.finished += self.seconds[task];
        let (clock, tasks) = (self.clock(), &self.plan.tasks);
        tell(format_args!("{clock} {}: not done, it needs {}", tasks[task].id, tasks[needs].id));
    }

    fn silent(&mut self, rank: usize, host: &str, silence: Option<Duration>) {
        let clock = self.clock();
        tell(match silence {
            Some(silence) => {
                format!("{clock} rank {rank} on {host} was not heard of for {} s", silence.as_secs())
            }
            None => format!("{clock} rank {rank} on {host} is heard of again"),
        });
    }

    fn retired(&mut self, rank: usize, host: &str, reason: &str) {
        let clock = self.clock();
        tell(format_args!("{clock} rank {rank} on {host} computes no more: {reason}"));
    }

    fn halting(&mut self, why: Halt) {
        let clock = self.clock();
        let running = self.running.len();
        if running > 0 {
            let why = format!("{why:?}").to_lowercase();
            inform(format_args!(
                "{clock} stopping ({why}): {running} running {} told to",
                if running == 1 { "task is" } else { "tasks are" }
            ));
        }
    }

    fn repeated(&mut self, task: usize) {
        self.ended -= 1;
        self.open[self.kind(task) as usize] += self.seconds[task];
        self.finished -= self.seconds[task];
        let clock = self.clock();
        tell(format_args!("{clock} {}: is done again, its result cannot be read", self.plan.tasks[task].id));
    }

    fn activity(&mut self, activity: Activity) {
        if activity == self.activity {
            return;
        }
        self.activity = activity;
        if activity == Activity::Waiting {
            inform(format_args!("{} waiting for tasks of other shards", self.clock()));
        }
    }

    fn tick(&mut self) -> Result<(), Error> {
        // The bar on a terminal counts the time also while no rank reports anything.
        if self.screen.is_some() {
            self.show();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use drapes_analysis::job::JobFile;

    use super::*;

    #[test]
    fn a_line_names_some_of_thousands_of_running_tasks() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[classifier]\nseeds = '0-99'\n[compute]\n\
                    classifier_seeds_per_task = 1\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
        let plan = Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"));
        let seconds = vec![1.0; plan.tasks.len()];
        let mut progress = Progress::new(&plan, &seconds, &vec![Known::Open; seconds.len()], 100);
        let half = Running { share: 0.5, ..Running::begin(0, 0.0) };
        progress.running = (0..3).map(|task| (task, half)).collect();
        let named: Vec<String> = plan.tasks[..3].iter().map(|task| format!("{} 50%", task.id)).collect();
        assert_eq!(progress.at_work(), named.join(", "));
        progress.running = (0..90).map(|task| (task, half)).collect();
        let line = progress.at_work();
        assert!(line.starts_with(&named.join(", ")) && line.ends_with(" and 74 more"), "{line}");
    }

    #[test]
    fn what_is_left_is_told_by_the_pace_of_each_kind_of_work() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[classifier]\nseeds = '0-9'\n[compute]\n\
                    classifier_seeds_per_task = 1\ndenoisers_per_task = 1\n[[scan]]\nmethod = 'noise'\nn_signal = [0, 5]\n";
        let plan = Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"));
        let of = |kind: PaceKind| -> Vec<usize> {
            (0..plan.tasks.len()).filter(|task| plan.tasks[*task].work.pace() == kind).collect()
        };
        let (trainings, classifiers) = (of(PaceKind::Denoiser), of(PaceKind::Perceptrons));
        assert_eq!((trainings.len(), classifiers.len()), (2, 20));
        let seconds: Vec<f64> = plan
            .tasks
            .iter()
            .map(|task| {
                if [PaceKind::Denoiser, PaceKind::Perceptrons].contains(&task.work.pace()) {
                    10.0
                } else {
                    0.0
                }
            })
            .collect();
        let mut progress = Progress::new(&plan, &seconds, &vec![Known::Open; seconds.len()], 1);
        assert_eq!(progress.left(), None);
        assert!((progress.expected_left() - 220.0).abs() < 1e-9, "as was expected before the start");
        let near =
            |left: Option<f64>, expected: f64| left.is_some_and(|left| (left / expected - 1.0).abs() < 0.02);
        let ago =
            |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).expect("a machine that is up");
        // One training at ten times its price: nothing else is known of classifiers.
        progress.start = ago(100);
        progress.ended(trainings[0], 0, &Ended::Done { seconds: 100.0 });
        assert!(near(progress.left(), 100.0 + 20.0 * 100.0), "{:?}", progress.left());
        // Unless the machine was tried at classifiers before the run.
        let mut tried = Pace::default();
        tried.learn(PaceKind::Perceptrons, 3.0, 0.25);
        let mut knowing =
            Progress::new(&plan, &seconds, &vec![Known::Open; seconds.len()], 1).knowing(&tried);
        knowing.start = ago(100);
        knowing.ended(trainings[0], 0, &Ended::Done { seconds: 100.0 });
        assert!(near(knowing.left(), 100.0 + 20.0 * 10.0), "{:?}", knowing.left());
        // A classifier at half its price, of which the other training knows nothing.
        progress.start = ago(105);
        progress.ended(classifiers[0], 0, &Ended::Done { seconds: 5.0 });
        assert!(near(progress.left(), 100.0 + 19.0 * 5.0), "{:?}", progress.left());
        // Two ranks that were busy all the time; what runs shows its own pace, and is waited for.
        progress.start = ago(60);
        let tenth = Running { since: ago(15), from_when: ago(15), share: 0.1, ..Running::begin(0, 0.0) };
        progress.running.insert(trainings[1], tenth);
        let pace = 115.0 / 11.0;
        let all = 9.0 * pace + 19.0 * 5.0;
        assert!(near(progress.left(), all / 2.0), "{:?} {all}", progress.left());
        for classifier in &classifiers[1..] {
            progress.ended(*classifier, 1, &Ended::Done { seconds: 5.0 });
        }
        assert!(near(progress.left(), 9.0 * pace), "{:?}", progress.left());
        // Heard of five seconds ago: that took ten seconds a tenth, and another half tenth is done since.
        progress.running.insert(trainings[1], Running { heard: ago(5), ..tenth });
        assert!(near(progress.left(), 8.5 * 10.0), "{:?}", progress.left());
    }

    #[test]
    fn what_earlier_runs_have_shown_does_not_outweigh_this_one() {
        let text = "schema = 1\nname = 'a'\n[data]\nevents = 'a.h5'\n[classifier]\nseeds = '0-9'\n[compute]\n\
                    classifier_seeds_per_task = 1\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
        let plan = Plan::of(&JobFile::from_text("job.toml", text).check().expect("a good job"));
        let seconds: Vec<f64> = plan
            .tasks
            .iter()
            .map(|task| if task.work.pace() == PaceKind::Perceptrons { 100.0 } else { 0.0 })
            .collect();
        let first = seconds.iter().position(|seconds| *seconds > 0.0).expect("a classifier");
        let ago =
            |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).expect("a machine that is up");
        let left = |progress: &Progress<'_>| progress.left().expect("enough is done");
        // Hours of an earlier run went as expected; now everything takes three times as long.
        let mut known = Pace::default();
        known.learn(PaceKind::Perceptrons, 10_000.0, 10_000.0);
        let mut progress =
            Progress::new(&plan, &seconds, &vec![Known::Open; seconds.len()], 1).knowing(&known);
        progress.start = ago(300);
        progress.ended(first, 0, &Ended::Done { seconds: 300.0 });
        assert!((2500.0..2750.0).contains(&left(&progress)), "{:?}", progress.left());
        // A task that goes on from four fifths of its work has shown nothing by telling them.
        let mut progress = Progress::new(&plan, &seconds, &vec![Known::Open; seconds.len()], 1)
            .going_on_from(HashMap::from([(first, 0.8)]));
        progress.began(first, 0);
        progress.progress(first, 0.8);
        progress.start = ago(10);
        let running = progress.running.get_mut(&first).expect("it runs");
        (running.since, running.from_when) = (ago(10), ago(10));
        assert!((left(&progress) - 920.0).abs() < 20.0, "{:?}", progress.left());
        // Ten seconds for a tenth: each takes a hundred, as expected.
        let tenth = Running { since: ago(10), from_when: ago(10), share: 0.9, ..Running::begin(0, 0.8) };
        progress.running.insert(first, tenth);
        assert!((left(&progress) - 910.0).abs() < 20.0, "{:?}", progress.left());
    }
}
