//! Pieces of work that do not depend on each other, by several threads.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::error::Error;
use crate::progress_sink::ProgressSink;

/// How often is asked whether the work shall stop.
const LOOK: Duration = Duration::from_millis(200);

/// The results of so many pieces of work in their order, done by so many threads: they are the same for any number of those.
///
/// # Errors
/// A piece fails, the first of those that have been begun; or it is told to stop.
pub fn side_by_side<T: Send>(
    threads: usize,
    pieces: usize,
    sink: &dyn ProgressSink,
    work: impl Fn(usize) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    if threads.min(pieces) < 2 {
        return one_by_one(pieces, sink, &work);
    }
    let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut found: Vec<Option<Result<T, Error>>> = (0..pieces).map(|_| None).collect();
    let is_stopped = thread::scope(|scope| {
        let (tell, told) = channel();
        let thread = || {
            let (tell, next, is_over, work) = (tell.clone(), &next, &is_over, &work);
            let pieces_of_one = move || {
                while !is_over.load(Ordering::Relaxed) {
                    let piece = next.fetch_add(1, Ordering::Relaxed);
                    if piece >= pieces {
                        break;
                    }
                    // Where it panics, the others begin nothing more.
                    let result = catch_unwind(AssertUnwindSafe(|| work(piece))).unwrap_or_else(|panic| {
                        is_over.store(true, Ordering::Relaxed);
                        resume_unwind(panic)
                    });
                    is_over.fetch_or(result.is_err(), Ordering::Relaxed);
                    if tell.send((piece, result)).is_err() {
                        break;
                    }
                }
            };
            // Under the name of the thread that waits, a panic is told as one of its task.
            let name = thread::current().name().map(str::to_owned).unwrap_or_default();
            thread::Builder::new().name(name).spawn_scoped(scope, pieces_of_one).ok()
        };
        // Where the system allows fewer threads, these do.
        let helpers: Vec<_> = (0..threads.min(pieces)).map_while(|_| thread()).collect();
        drop(tell);
        let (mut done, mut is_stopped) = (0, false);
        loop {
            match told.recv_timeout(LOOK) {
                Ok((piece, result)) => {
                    found[piece] = Some(result);
                    done += 1;
                    sink.progress(f64::from(done) / pieces as f64);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if !is_stopped && sink.should_stop() {
                is_stopped = true;
                is_over.store(true, Ordering::Relaxed);
            }
        }
        for helper in helpers {
            helper.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        is_stopped
    });
    if found.iter().all(Option::is_none) && !is_stopped {
        return one_by_one(pieces, sink, &work);
    }
    let is_whole = found.iter().all(Option::is_some);
    // The first mistake; without one what is not there was stopped.
    let found: Vec<T> = found.into_iter().flatten().collect::<Result<_, _>>()?;
    if is_whole { Ok(found) } else { Err(Error::Stopped) }
}

fn one_by_one<T>(
    pieces: usize,
    sink: &dyn ProgressSink,
    work: &impl Fn(usize) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let one = |piece| {
        if sink.should_stop() {
            return Err(Error::Stopped);
        }
        let done = work(piece)?;
        sink.progress((piece + 1) as f64 / pieces as f64);
        Ok(done)
    };
    (0..pieces).map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::HashSet;
    use std::sync::{Barrier, Mutex};

    use super::*;
    use crate::progress_sink::NoProgress;

    /// Follows what is told, and stops after so many pieces.
    struct Followed {
        shares: RefCell<Vec<f64>>,
        most: usize,
    }

    impl ProgressSink for Followed {
        fn progress(&self, share: f64) {
            self.shares.borrow_mut().push(share);
        }

        fn should_stop(&self) -> bool {
            self.shares.borrow().len() >= self.most
        }
    }

    fn followed(most: usize) -> Followed {
        Followed { shares: RefCell::default(), most }
    }

    #[test]
    fn results_stand_in_order_whoever_has_done_them() {
        for threads in [0, 1, 2, 3, 50] {
            let sink = followed(usize::MAX);
            let found = side_by_side(threads, 20, &sink, |piece| {
                thread::sleep(Duration::from_millis((20 - piece as u64) % 3));
                Ok(piece * piece)
            });
            assert_eq!(found.expect("no mistake"), (0..20).map(|piece| piece * piece).collect::<Vec<_>>());
            let shares = sink.shares.into_inner();
            assert!(shares.len() == 20 && shares.is_sorted() && (shares[19] - 1.0).abs() < 1e-12);
        }
        assert_eq!(side_by_side(4, 0, &NoProgress, |_| Ok(())).expect("nothing to do"), []);
    }

    #[test]
    fn threads_work_at_once_and_each_has_a_share() {
        // Nobody passes the barrier before all three are there.
        let (barrier, seen) = (Barrier::new(3), Mutex::new(HashSet::new()));
        side_by_side(3, 3, &NoProgress, |_| {
            barrier.wait();
            seen.lock().expect("no panic").insert(thread::current().id());
            Ok(())
        })
        .expect("no mistake");
        assert_eq!(seen.into_inner().expect("no panic").len(), 3);
    }

    #[test]
    fn the_first_mistake_is_told_and_nothing_more_is_begun() {
        for threads in [1, 4] {
            let begun = AtomicUsize::new(0);
            let found = side_by_side(threads, 1000, &NoProgress, |piece| {
                begun.fetch_add(1, Ordering::Relaxed);
                if piece >= 3 { Err(Error::Trees { reason: piece.to_string() }) } else { Ok(piece) }
            });
            let Err(Error::Trees { reason }) = found else { panic!("{found:?}") };
            assert_eq!(reason, "3");
            assert!(begun.into_inner() < 20, "many were begun");
        }
    }

    #[test]
    fn work_that_is_told_to_stop_stops() {
        for threads in [1, 4] {
            let found = side_by_side(threads, 10_000, &followed(5), |piece| {
                thread::sleep(Duration::from_micros(100));
                Ok(piece)
            });
            assert!(matches!(found, Err(Error::Stopped)), "{found:?}");
        }
    }

    #[test]
    fn a_panic_of_a_thread_is_one_of_the_work() {
        let panics = || {
            side_by_side(2, 4, &NoProgress, |piece| {
                assert_ne!(piece, 2, "piece two");
                Ok(piece)
            })
        };
        let panic = std::panic::catch_unwind(panics).expect_err("it panics");
        let said = panic.downcast_ref::<String>().expect("a message");
        assert!(said.contains("piece two"), "{said}");
    }
}
