//! `status --watch`: the progress of a run that was started elsewhere, shown as its own terminal would show it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

use super::scene::Scene;
use super::screen::Screen;
use super::tell;
use crate::store::TaskState;
use crate::text::duration;

/// Time between two readings of a directory, which is how often a run writes down what its ranks do.
const POLL: Duration = Duration::from_secs(2);
/// If a reading takes long, the time until the next one is this many times as long.
const REST: u32 = 10;
/// Least time between two progress lines in a log.
const QUIET: Duration = Duration::from_secs(30);
/// Most time until a signal to end is noticed.
const BLINK: Duration = Duration::from_millis(100);

/// Follows a scan: a bar on a terminal, lines in a log.
pub(super) struct Watch {
    screen: Option<Screen>,
    last_line: Option<Instant>,
    /// The state of each task at the last reading, in one word.
    before: Vec<&'static str>,
    /// Set by a signal that asks this process to end.
    is_over: Arc<AtomicBool>,
}

impl Watch {
    /// Begins to watch.
    pub(super) fn begin() -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        // Where signals cannot be listened to, they end the program as usual.
        let listen = |signal| -> io::Result<()> {
            signal_hook::flag::register(signal, Arc::clone(&is_over)).map(|_| ())
        };
        let _ = listen(SIGINT).and_then(|()| listen(SIGTERM));
        Self { screen: Screen::open(), last_line: None, before: vec![], is_over }
    }

    /// Shows what there is, and says what has ended since the last look.
    pub(super) fn show(&mut self, scene: &Scene<'_>, tasks: &[(&str, &TaskState)]) {
        for ((id, task_state), before) in tasks.iter().zip(&self.before) {
            if task_state.word() == *before {
                continue;
            }
            match task_state {
                TaskState::Done { run } => tell(format_args!("{id}: done in {}", duration(run.seconds))),
                TaskState::Failed { reason, .. } => tell(format_args!("{id}: FAILED: {reason}")),
                _ => {}
            }
        }
        self.before = tasks.iter().map(|(_, task_state)| task_state.word()).collect();
        match &self.screen {
            Some(screen) => screen.show(scene),
            None if self.last_line.is_none_or(|last| last.elapsed() > QUIET) => {
                self.last_line = Some(Instant::now());
                tell(scene.state());
            }
            None => {}
        }
    }

    /// Waits until the next reading is due; false if the user has asked to end. `began` is when the last reading began.
    pub(super) fn wait(&self, look: Instant) -> bool {
        let next = Instant::now() + POLL.max(REST * look.elapsed());
        while Instant::now() < next && !self.is_over.load(Ordering::Relaxed) {
            std::thread::sleep(BLINK);
        }
        !self.is_over.load(Ordering::Relaxed)
    }
}
