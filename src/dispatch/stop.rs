//! When a run must end: by the clock first, by signals second.
//!
//! Schedulers send different signals at different times to different processes, and some send none; the end of the
//! allotted time is known beforehand and does not get lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use jiff::civil::DateTime;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU};

use crate::error::{Error, RanksError};

/// Signals that tell a program to stop: a person's, a scheduler's, and those of a terminal that goes and of a limit on
/// processor time. But for HUP where whoever started the program has it ignored, as `nohup` does.
pub fn stopping() -> Vec<i32> {
    let all = [SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGXCPU, SIGHUP];
    all.into_iter().filter(|signal| *signal != SIGHUP || !is_ignored(SIGHUP)).collect()
}

/// Whether this process ignores a signal.
fn is_ignored(signal: i32) -> bool {
    #[allow(unsafe_code, reason = "asks the system, which fills in the answer, and changes nothing")]
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}

/// Whether the system has told this process to stop.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    received: Arc<AtomicBool>,
    /// The launcher that has started this process, where there is one.
    launcher: Option<u32>,
}

impl Signals {
    /// Listens to USR1, USR2, TERM, INT, HUP and XCPU, which all mean the same. A second INT, from a person who does not
    /// want to wait, ends the process at once.
    ///
    /// # Errors
    /// The system does not allow it.
    pub fn listen() -> Result<Self, Error> {
        let received = Arc::new(AtomicBool::new(false));
        let listen = || -> std::io::Result<()> {
            // In this order: the first INT finds the flag down.
            signal_hook::flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&received))?;
            for signal in stopping() {
                signal_hook::flag::register(signal, Arc::clone(&received))?;
            }
            Ok(())
        };
        listen().map_err(|source| RanksError::NoSignals { source })?;
        Ok(Self { received, launcher: None })
    }

    /// The same, where the death of the launcher means the same as a signal: ranks that nobody starts and stops any more
    /// would work on beside those of the next run.
    pub fn of_launched(self, starter: Starter) -> Self {
        if starter.is_gone() {
            self.raise();
        }
        Self { launcher: Some(starter.process), ..self }
    }

    /// Whether any has come.
    pub fn received(&self) -> bool {
        let is_orphan =
            || self.launcher.is_some_and(|launcher| std::os::unix::process::parent_id() != launcher);
        self.received.load(Ordering::Relaxed) || is_orphan()
    }

    /// Acts as if a signal had come.
    pub fn raise(&self) {
        self.received.store(true, Ordering::Relaxed);
    }
}

/// The process that has started this one, or has taken its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Starter {
    process: u32,
}

impl Starter {
    /// That of this process; asked before ranks wait for each other, while a launcher may die.
    pub fn of_this_process() -> Self {
        Self { process: std::os::unix::process::parent_id() }
    }

    /// Whether the launcher died before this process had begun: the first process of the machine takes over orphans. But
    /// the first process of a container starts ranks itself, or passes them through (tini, a shell).
    fn is_gone(self) -> bool {
        let name = std::fs::read_to_string("/proc/1/comm").unwrap_or_default();
        self.process == 1 && !is_launcher(&name) && session("self") != session("1")
    }
}

/// Whether the first process of a machine, or of a container, is itself one that starts ranks.
fn is_launcher(name: &str) -> bool {
    const LAUNCHERS: [&str; 8] =
        ["mpirun", "mpiexec", "orterun", "orted", "prterun", "prted", "hydra", "slurm"];
    LAUNCHERS.iter().any(|launcher| name.starts_with(launcher))
}

/// The session of a process. What the first process of a container starts stays in its session, while the terminals, jobs
/// and services of a machine have sessions of their own, which their orphans keep.
fn session(process: &str) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything; state, parent and group come before the session.
    stat.rsplit_once(')')?.1.split_whitespace().nth(3)?.parse().ok()
}

/// The time of a run, in seconds since its beginning.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    /// When tasks are told to stop.
    end: Option<f64>,
    /// Seconds from then to the deadline.
    margin: f64,
}

/// Share of the margin after which a rank that does not answer is waited for no longer.
const PATIENCE_WITH_SILENT: f64 = 0.5;
/// The same for a rank that answers and has not stopped its task.
const PATIENCE_WITH_BUSY: f64 = 0.85;
/// Share of the margin after which a rank ends the run itself, since rank 0 has not.
const HARDLY_ANY_LEFT: f64 = 0.95;
/// Seconds that ranks have to stop, however small the margin.
const LEAST_PATIENCE: f64 = 5.0;

impl Clock {
    /// A clock that starts now, for a run that must have ended at `deadline` and needs `margin` to store what it has.
    pub fn until(deadline: Option<SystemTime>, margin: Duration) -> Self {
        let left = |deadline: SystemTime| {
            let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
            left.saturating_sub(margin).as_secs_f64()
        };
        Self { start: Instant::now(), end: deadline.map(left), margin: margin.as_secs_f64() }
    }

    /// Seconds since the beginning.
    pub fn now(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// When tasks are told to stop, in seconds since the beginning.
    pub fn end(&self) -> Option<f64> {
        self.end
    }

    /// Seconds to wait, after all were told to stop, for ranks that do not answer.
    pub fn patience_with_silent(&self) -> f64 {
        (PATIENCE_WITH_SILENT * self.margin).max(LEAST_PATIENCE)
    }

    /// Seconds to wait, after all were told to stop, for ranks that answer and have not stopped.
    pub fn patience_with_busy(&self) -> f64 {
        (PATIENCE_WITH_BUSY * self.margin).max(2.0 * LEAST_PATIENCE)
    }

    /// Seconds after which, since all were told to stop, rank 0 must have ended the run.
    pub fn patience_with_leader(&self) -> f64 {
        (HARDLY_ANY_LEFT * self.margin).max(3.0 * LEAST_PATIENCE)
    }

    /// Whether the deadline is so near that rank 0 must have ended the run.
    pub fn is_hardly_any_left(&self) -> bool {
        self.end.is_some_and(|end| self.now() >= end + self.patience_with_leader())
    }

    /// Whether tasks must stop.
    pub fn is_late(&self) -> bool {
        self.end.is_some_and(|end| self.now() >= end)
    }
}

/// The end of the time that Slurm has given this job, where Slurm tells it.
pub fn slurm_end() -> Option<SystemTime> {
    let seconds: u64 = std::env::var("SLURM_JOB_END_TIME").ok()?.parse().ok()?;
    since_1970(seconds)
}

/// The last second of the year 9999, beyond which no calendar of the system goes.
const LAST_SECOND: u64 = 253_402_300_799;

/// A moment in seconds since 1970; none beyond the calendar.
fn since_1970(seconds: u64) -> Option<SystemTime> {
    let moment = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    Some(moment).filter(|moment| is_near(*moment))
}

fn is_near(moment: SystemTime) -> bool {
    moment.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since| since.as_secs() <= LAST_SECOND)
}

fn too_far() -> String {
    "that is after the year 9999 (no clock goes so far) give a nearer time, or NONE where nothing limits the run"
        .to_owned()
}

/// When a run must have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// At this moment.
    At(SystemTime),
    /// Never: nothing limits it.
    Never,
}

impl Deadline {
    /// A deadline, as people and schedulers write it: a moment, or one of Slurm's words for a job without a limit.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        // `squeue -o %e` of a job without a limit, of several of its versions.
        let never = ["NONE", "N/A", "UNLIMITED", "Unknown"];
        if never.iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return Ok(Self::Never);
        }
        moment(text).map(Self::At)
    }

    /// The moment, if there is one.
    pub fn moment(self) -> Option<SystemTime> {
        match self {
            Self::At(moment) => Some(moment),
            Self::Never => None,
        }
    }
}

/// A length of time, as people write it: `90s`, `10m`, `2h 30m`.
///
/// # Errors
/// It is none.
pub fn length_of_time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| {
        format!("that is no length of time ({error}) give a number with its unit: 90s, 10m, 2h 30m")
    })
}

/// A moment, as people and schedulers write it: `90m`, `2h 30m`, `2026-03-01T14:00:00`, or seconds since 1970.
fn moment(text: &str) -> Result<SystemTime, String> {
    // Nobody runs for fifty years: a large number is a date.
    if let Some(seconds) =
        text.trim_start_matches('@').parse::<u64>().ok().filter(|seconds| *seconds > 1_600_000_000)
    {
        return since_1970(seconds).ok_or_else(too_far);
    }
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(moment.into());
    }
    // As `squeue` writes it: in the time of this place.
    let local = text.parse::<DateTime>().and_then(|local| local.to_zoned(jiff::tz::TimeZone::system()));
    if let Ok(moment) = local.map(|zoned| zoned.timestamp()) {
        return Ok(moment.into());
    }
    match humantime::parse_duration(text) {
        Ok(left) => SystemTime::now().checked_add(left).filter(|end| is_near(*end)).ok_or_else(too_far),
        Err(_) => {
            Err("that is no time (nothing can be planned for it) give a time from now (90m, 2h 30m), a date \
             (2026-03-01T14:00:00, as `squeue -o %e` prints it), seconds since 1970, or NONE"
                .to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_schedulers_and_people_write_them() {
        let seconds = |text: &str| {
            let since = moment(text).expect("a moment").duration_since(SystemTime::UNIX_EPOCH);
            since.expect("after 1970").as_secs()
        };
        assert_eq!(seconds("1772373600"), 1_772_373_600);
        assert_eq!(seconds("2026-03-01T14:00:00Z"), 1_772_373_600);
        assert_eq!(seconds("2026-03-01T14:00:00+02:00"), 1_772_366_400);
        let local = seconds("2026-03-01T14:00:00").abs_diff(1_772_373_600);
        assert!(local <= 15 * 3600 && local.is_multiple_of(900), "a time zone away: {local}");
        let now = seconds("0s");
        for (text, expected) in [("90m", 5400), ("2h 30m", 9000), ("45s", 45)] {
            assert!(seconds(text).abs_diff(now + expected) <= 1, "{text}");
        }
        for far in
            ["9999999999999999999", "18446744073709551615", "@99999999999999", "10000years", "500000000000y"]
        {
            assert!(Deadline::parse(far).expect_err("no moment").contains("year 9999"), "{far}");
        }
        for endless in ["99999999999999999999", "1e30", "99999999999999999999y"] {
            assert!(Deadline::parse(endless).is_err(), "{endless}");
        }
        assert_eq!(seconds("253402300799"), 253_402_300_799);
        for wrong in ["soon", "12", "", "-5m", "none of your business"] {
            assert!(Deadline::parse(wrong).expect_err("no moment").contains("90m"), "{wrong}");
        }
    }

    #[test]
    fn lengths_of_time_have_units() {
        assert_eq!(length_of_time("2m 5s"), Ok(Duration::from_secs(125)));
        for wrong in ["60", "", "soon"] {
            let message = length_of_time(wrong).expect_err("no length");
            assert!(
                message.starts_with("that is no length of time (") && message.ends_with("2h 30m"),
                "{message}"
            );
        }
    }

    #[test]
    fn a_job_without_a_limit_has_no_deadline() {
        for never in ["NONE", "N/A", "none"] {
            assert_eq!(Deadline::parse(never), Ok(Deadline::Never), "{never}");
        }
        let at = Deadline::parse("1772373600").expect("a moment").moment();
        assert_eq!(at, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_373_600)));
    }

    #[test]
    fn a_clock_is_late_a_margin_before_the_deadline() {
        let clock = |left, margin| {
            let deadline = Some(SystemTime::now() + Duration::from_secs(left));
            Clock::until(deadline, Duration::from_secs(margin))
        };
        assert!(!clock(100, 60).is_late() && clock(100, 100).is_late() && clock(100, 200).is_late());
        assert!(clock(100, 60).end().is_some_and(|end| (end - 40.0).abs() < 0.5));
        assert!(!Clock::until(None, Duration::ZERO).is_late());
    }
}
