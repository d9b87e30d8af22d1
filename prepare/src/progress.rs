//! What a person sees of the work: a bar on a terminal, plain lines in a log.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use drapes_analysis::cli::tell;

/// Lines in a log are at least so far apart.
const QUIET: Duration = Duration::from_secs(5);

/// Follows the work of this process on standard error.
pub struct Progress {
    bar: ProgressBar,
    start: Instant,
    last_line: Instant,
    /// Raw events to go through, and those that are done.
    total: usize,
    done: usize,
    threads: usize,
}

impl Progress {
    /// For so many raw events on so many threads.
    pub fn new(total: usize, threads: usize) -> Self {
        let style =
            ProgressStyle::with_template("  {bar:40} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        // Hidden by indicatif itself where standard error is no terminal.
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
        let start = Instant::now();
        Self { bar: bar.with_style(style), start, last_line: start, total, done: 0, threads }
    }

    /// Notes that some events are done.
    pub fn add(&mut self, events: usize) {
        self.done += events;
        self.show();
    }

    /// Shows how far it is.
    pub fn show(&mut self) {
        self.bar.set_position(self.done as u64);
        if !self.bar.is_hidden() {
            self.bar.set_message(self.state());
        } else if self.last_line.elapsed() > QUIET {
            self.last_line = Instant::now();
            tell(format_args!("[{:>6.1} s] {}", self.seconds(), self.state()));
        }
    }

    /// Seconds since the beginning.
    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Raw events that were gone through.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Threads that work.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn state(&self) -> String {
        let rate = self.done as f64 / self.seconds().max(1e-9);
        let left = if self.seconds() > 2.0 && rate > 0.0 {
            format!(", about {} left", duration((self.total - self.done) as f64 / rate))
        } else {
            String::new()
        };
        format!("{} of {} raw events, {rate:.0} a second{left}", self.done, self.total)
    }
}

/// A time as people say it.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6_000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3_600.0),
    }
}
