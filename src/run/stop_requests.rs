//! Polls the directory for a request to stop, which `drapes stop` leaves there from any host.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use drapes_analysis::cli::tell;
use drapes_analysis::dispatch::Shard;
use drapes_analysis::store::Store;

use crate::dispatch::stop::Signals;

/// Time between two polls.
const POLL: Duration = Duration::from_secs(1);

/// A thread of rank 0 that polls for a request until it is dropped. A request acts like a signal.
pub struct StopRequests {
    asked: Arc<AtomicBool>,
    /// Ends the thread.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl StopRequests {
    /// Polls from now on.
    pub fn begin(store: Store, shard: Shard, signals: Signals) -> Self {
        let asked = Arc::new(AtomicBool::new(false));
        let (end, ended) = channel::<()>();
        let is_asked = Arc::clone(&asked);
        let look = move || {
            while ended.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
                if let Some(who) = store.is_asked_to_stop(shard) {
                    tell(format_args!(
                        "note: `drapes stop` asks this run to end (process {} on {})",
                        who.pid, who.host
                    ));
                    is_asked.store(true, Ordering::Relaxed);
                    signals.raise();
                    return;
                }
            }
        };
        // Without it, signals and the clock still end the run.
        let thread = std::thread::Builder::new().name("stop".to_owned()).spawn(look).ok();
        Self { asked, end: Some(end), thread }
    }

    /// Whether anybody has asked.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for StopRequests {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
