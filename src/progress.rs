//! What a person sees of a run: a bar on a terminal, plain lines in a log.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use drapes_analysis::cli::{duration, tell};
use drapes_analysis::dispatch::{Halt, Known};
use drapes_analysis::plan::Plan;
use drapes_analysis::store::Activity;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::dispatch::{Ended, Observer};
use crate::error::Error;

/// Lines about running tasks in a log are at least so far apart.
const QUIET: Duration = Duration::from_secs(30);
/// Bar and lines are looked at again after this time at the earliest: rank 0 hears of thousands of ranks.
const REDRAW: Duration = Duration::from_millis(200);
/// Resolution of the bar.
const LENGTH: u64 = 10_000;

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
    ranks: usize,
    start: Instant,
    bar: ProgressBar,
    /// Share done of each running task.
    running: HashMap<usize, f64>,
    finished: f64,
    ended: usize,
    last_line: Instant,
    /// When the bar was drawn last; none before it was.
    drawn: Option<Instant>,
    activity: Activity,
}

impl<'a> Progress<'a> {
    /// An observer of a plan of which some tasks are done, and others are not this run's.
    pub fn new(plan: &'a Plan, seconds: &'a [f64], known: &[Known], ranks: usize) -> Self {
        let of = |which: fn(&Known) -> bool| seconds.iter().zip(known).filter(move |(_, known)| which(known));
        let (of_done, of_run) = (of(|known| *known == Known::Done), of(|known| *known != Known::Elsewhere));
        let style =
            ProgressStyle::with_template("  {bar:40} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        // Hidden by indicatif itself where standard error is no terminal.
        let bar = ProgressBar::with_draw_target(Some(LENGTH), ProgressDrawTarget::stderr()).with_style(style);
        Self {
            plan,
            seconds,
            total: of_run.clone().map(|(seconds, _)| seconds).sum(),
            count: of_run.count(),
            before: of_done.clone().map(|(seconds, _)| seconds).sum(),
            ranks,
            start: Instant::now(),
            bar,
            running: HashMap::new(),
            finished: 0.0,
            ended: of_done.count(),
            last_line: Instant::now(),
            drawn: None,
            activity: Activity::Working,
        }
    }

    fn say(&self, line: &str) {
        if self.bar.is_hidden() {
            tell(line);
        } else {
            self.bar.println(line);
        }
    }

    /// Expected seconds of work done in this run.
    fn worked(&self) -> f64 {
        let running: f64 = self.running.iter().map(|(task, share)| share * self.seconds[*task]).sum();
        self.finished + running
    }

    /// Seconds left: by the pace of this run, once it has shown one.
    fn left(&self) -> Option<f64> {
        let (elapsed, worked) = (self.start.elapsed().as_secs_f64(), self.worked());
        let all = self.total - self.before;
        (elapsed > 2.0 && worked > 0.02 * all).then(|| elapsed / worked * (all - worked).max(0.0))
    }

    fn show(&mut self) {
        if self.drawn.is_some_and(|drawn| drawn.elapsed() < REDRAW) {
            return;
        }
        self.drawn = Some(Instant::now());
        self.bar.set_position(((self.before + self.worked()) / self.total.max(1e-9) * LENGTH as f64) as u64);
        let left = self.left().map_or(String::new(), |left| format!(", about {} left", duration(left)));
        let state = format!("{} of {} tasks{left}", self.ended, self.count);
        if self.bar.is_hidden() && self.last_line.elapsed() > QUIET {
            self.last_line = Instant::now();
            tell(format_args!("{} {state}; {}", self.clock(), self.at_work()));
        }
        self.bar.set_message(state);
    }

    /// The tasks that run, with the share that is done; of thousands, the first of the plan.
    fn at_work(&self) -> String {
        let mut running: Vec<(usize, f64)> =
            self.running.iter().map(|(task, share)| (*task, *share)).collect();
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

    /// Takes the bar away.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress<'_> {
    fn began(&mut self, task: usize, _rank: usize) {
        self.activity = Activity::Working;
        self.running.insert(task, 0.0);
        self.show();
    }

    fn progress(&mut self, task: usize, share: f64) {
        self.running.insert(task, share);
        self.show();
    }

    fn ended(&mut self, task: usize, rank: usize, ended: &Ended) {
        self.running.remove(&task);
        let (clock, place) = (self.clock(), self.rank(rank));
        let id = &self.plan.tasks[task].id;
        let line = match ended {
            Ended::Done { seconds } => format!("{clock} {id}: done in {seconds:.1} s{place}"),
            Ended::Failed { reason } => format!("{clock} {id}: FAILED{place}: {reason}"),
            Ended::Stopped => format!("{clock} {id}: stopped{place}"),
            Ended::Lacks { reason, .. } | Ended::LetDown { reason, .. } => {
                format!("{clock} {id}: put back{place}: {reason}")
            }
            Ended::NotStored { reason } => format!("{clock} {id}: NOT STORED{place}: {reason}"),
        };
        self.say(&line);
        if matches!(ended, Ended::Done { .. } | Ended::Failed { .. }) {
            self.finished += self.seconds[task];
            self.ended += 1;
        }
        self.last_line = Instant::now();
        self.show();
    }

    fn lost(&mut self, task: usize, needs: usize) {
        self.finished += self.seconds[task];
        let (clock, tasks) = (self.clock(), &self.plan.tasks);
        self.say(&format!("{clock} {}: not done, it needs {}", tasks[task].id, tasks[needs].id));
    }

    fn silent(&mut self, rank: usize, host: &str, silence: Option<Duration>) {
        let clock = self.clock();
        self.say(&match silence {
            Some(silence) => {
                format!("{clock} rank {rank} on {host} was not heard of for {} s", silence.as_secs())
            }
            None => format!("{clock} rank {rank} on {host} is heard of again"),
        });
    }

    fn retired(&mut self, rank: usize, host: &str, reason: &str) {
        let clock = self.clock();
        self.say(&format!("{clock} rank {rank} on {host} computes no more: {reason}"));
    }

    fn halting(&mut self, why: Halt) {
        let clock = self.clock();
        let running = self.running.len();
        if running > 0 {
            let why = format!("{why:?}").to_lowercase();
            self.say(&format!(
                "{clock} stopping ({why}): {running} running {} told to",
                if running == 1 { "task is" } else { "tasks are" }
            ));
        }
    }

    fn repeated(&mut self, task: usize) {
        self.ended -= 1;
        self.finished -= self.seconds[task];
        let clock = self.clock();
        self.say(&format!("{clock} {}: is done again, its result cannot be read", self.plan.tasks[task].id));
    }

    fn activity(&mut self, activity: Activity) {
        if activity == self.activity {
            return;
        }
        self.activity = activity;
        if activity == Activity::Waiting {
            self.say(&format!("{} waiting for tasks of other shards", self.clock()));
        }
    }

    fn pulse(&mut self) -> Result<(), Error> {
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
        progress.running = (0..3).map(|task| (task, 0.5)).collect();
        let named: Vec<String> = plan.tasks[..3].iter().map(|task| format!("{} 50%", task.id)).collect();
        assert_eq!(progress.at_work(), named.join(", "));
        progress.running = (0..90).map(|task| (task, 0.5)).collect();
        let line = progress.at_work();
        assert!(line.starts_with(&named.join(", ")) && line.ends_with(" and 74 more"), "{line}");
    }
}
