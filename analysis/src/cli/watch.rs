//! `status --watch`: what a run elsewhere is at, as its own terminal would show it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

use super::scene::Scene;
use super::screen::Screen;
use super::tell;
use crate::store::task_state::Standing;
use crate::text::duration;

/// Time between two looks at a directory: ranks write down so often what they do.
const LOOK: Duration = Duration::from_secs(2);
/// Where a look takes long, the time between two is so many times as long.
const REST: u32 = 10;
/// Lines in a log are at least so far apart.
const QUIET: Duration = Duration::from_secs(30);
/// Whoever wants to end a watch does not wait longer.
const BLINK: Duration = Duration::from_millis(100);

/// Follows a scan: a bar on a terminal, lines in a log.
pub(super) struct Watch {
    screen: Option<Screen>,
    last_line: Option<Instant>,
    /// The standing of each task when it was last looked at, in one word.
    before: Vec<&'static str>,
    /// Told to end.
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
    pub(super) fn show(&mut self, scene: &Scene<'_>, tasks: &[(&str, &Standing)]) {
        for ((id, standing), before) in tasks.iter().zip(&self.before) {
            if standing.word() == *before {
                continue;
            }
            match standing {
                Standing::Done { run } => tell(format_args!("{id}: done in {}", duration(run.seconds))),
                Standing::Failed { reason, .. } => tell(format_args!("{id}: FAILED: {reason}")),
                _ => {}
            }
        }
        self.before = tasks.iter().map(|(_, standing)| standing.word()).collect();
        match &self.screen {
            Some(screen) => screen.show(scene),
            None if self.last_line.is_none_or(|last| last.elapsed() > QUIET) => {
                self.last_line = Some(Instant::now());
                tell(scene.state());
            }
            None => {}
        }
    }

    /// Waits for the next look; false where the user has seen enough. A look that began then has just ended.
    pub(super) fn wait(&self, look: Instant) -> bool {
        let next = Instant::now() + LOOK.max(REST * look.elapsed());
        while Instant::now() < next && !self.is_over.load(Ordering::Relaxed) {
            std::thread::sleep(BLINK);
        }
        !self.is_over.load(Ordering::Relaxed)
    }
}
