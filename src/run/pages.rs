//! The page of a scan that runs: written again and again beside its work, so that a browser on it shows where it stands.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use drapes_analysis::cli::tell;
use drapes_analysis::report::{self, Moment, NAME};
use drapes_analysis::store::Store;

/// Time between two pages.
const EVERY: Duration = Duration::from_secs(60);
/// The first page comes once there is something to tell.
const FIRST: Duration = Duration::from_secs(6);
/// Where a page takes long, as that of a scan with many records, the time between two is so many times as long.
const REST: u32 = 20;

/// Writes pages on a thread of its own: whoever hands out tasks waits for none of them.
pub struct Pages {
    store: Store,
    every: Duration,
    next: Instant,
    writing: Option<JoinHandle<Duration>>,
}

impl Pages {
    /// The page of a scan that begins or goes on now.
    pub fn new(store: &Store) -> Self {
        Self::with(store, FIRST, EVERY)
    }

    fn with(store: &Store, first: Duration, every: Duration) -> Self {
        Self { store: store.clone(), every, next: Instant::now() + first, writing: None }
    }

    /// Begins a page where one is due. Returns at once.
    pub fn tick(&mut self) {
        if self.writing.as_ref().is_some_and(JoinHandle::is_finished) {
            self.wait();
        }
        if self.writing.is_some() || Instant::now() < self.next {
            return;
        }
        let (directory, every) = (self.store.directory().to_owned(), self.every);
        let page = move || {
            let start = Instant::now();
            // Opened separately, so that the thread that hands out tasks never waits for files that this one reads.
            let Ok(store) = Store::open(&directory) else { return start.elapsed() };
            // Another shard may have written it a moment ago. What cannot be written now is tried again; the end tells.
            if !is_young(&store, every / 2) {
                let _ = report::write(&store, Moment::AtWork, None);
            }
            start.elapsed()
        };
        // Without a thread there is no page this time.
        self.writing = std::thread::Builder::new().name("page".to_owned()).spawn(page).ok();
        self.next = Instant::now() + self.every;
    }

    /// Waits for the page that is being written, if one is.
    pub fn wait(&mut self) {
        if let Some(writing) = self.writing.take() {
            let took = writing.join().unwrap_or_default();
            self.next = Instant::now() + self.every.max(REST * took);
        }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.wait();
    }
}

/// The page of a run that has ended. That it cannot be written is told and changes nothing: results are stored.
pub fn last(store: &Store) {
    if let Err(error) = report::write(store, Moment::Ended, None) {
        let directory = store.directory().display();
        tell(format_args!(
            "warning: {NAME} was not written: {error}; `drapes report {directory}` tries again"
        ));
    }
}

/// Whether there is a page that was written within a time.
fn is_young(store: &Store, within: Duration) -> bool {
    let written = std::fs::metadata(store.directory().join(NAME)).and_then(|file| file.modified());
    written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age < within))
}

#[cfg(test)]
mod tests {
    use super::*;
    use drapes_analysis::job::JobFile;
    use drapes_analysis::report::BEGINNING;
    use drapes_analysis::store::StoredJob;

    #[test]
    fn a_running_scan_has_a_page_that_is_written_again_and_keeps_nobody_waiting() {
        let directory = tempfile::tempdir().expect("a directory");
        let text = "schema = 1\nname = 'running'\n[data]\nevents = 'a.h5'\n[[scan]]\nmethod = 'noise'\nn_signal = [0]\n";
        let file = JobFile::from_text("job.toml", text);
        let stored = StoredJob { job: file.check().expect("a good job"), inputs: vec![] };
        let store = Store::create(directory.path(), &file, &stored).expect("room");
        let page = directory.path().join(NAME);
        let mut pages = Pages::with(&store, Duration::ZERO, Duration::from_millis(300));
        let mut write = || {
            let (start, mut longest) = (Instant::now(), Duration::ZERO);
            while !page.exists() && start.elapsed() < Duration::from_secs(20) {
                let tick = Instant::now();
                pages.tick();
                longest = longest.max(tick.elapsed());
                std::thread::sleep(Duration::from_millis(10));
            }
            pages.wait();
            assert!(longest < Duration::from_millis(200), "{longest:?}");
            let text = std::fs::read_to_string(&page).expect("a page");
            assert!(text.starts_with(BEGINNING) && text.ends_with("</html>"), "it is whole");
            std::fs::remove_file(&page).expect("the page");
        };
        write();
        write();
    }
}
