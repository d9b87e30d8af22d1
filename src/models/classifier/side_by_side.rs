//! Pieces of work that do not depend on each other, by several threads.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::error::Error;
use crate::progress_sink::ProgressSink;

/// How often is asked whether the work shall stop.
const LOOK: Duration = Duration::from_millis(200);

/// Does so many pieces of work by so many threads, and hands over each result in its order: so these are the same, and come to
/// the same sums, for any number of threads.
///
/// # Errors
/// A piece fails, the first of those that have been begun; or it is told to stop.
pub fn side_by_side<T: Send>(
    threads: usize,
    pieces: usize,
    sink: &dyn ProgressSink,
    work: impl Fn(usize) -> Result<T, Error> + Sync,
    mut take: impl FnMut(usize, T),
) -> Result<(), Error> {
    let crew = Crew { next: AtomicUsize::new(0), is_over: AtomicBool::new(false), pieces, work };
    if threads.min(pieces) < 2 {
        return one_by_one(&crew, sink, &mut take);
    }
    thread::scope(|scope| {
        let (tell, told) = channel();
        // Under the name of the thread that waits, a panic is told as one of its task.
        let name = thread::current().name().map(str::to_owned).unwrap_or_default();
        let crew = &crew;
        let thread = |_| {
            let tell = tell.clone();
            thread::Builder::new().name(name.clone()).spawn_scoped(scope, move || crew.do_pieces(&tell)).ok()
        };
        // Where the system allows fewer threads, these do.
        let helpers: Vec<_> = (0..threads.min(pieces)).map_while(thread).collect();
        drop(tell);
        if helpers.is_empty() {
            return one_by_one(crew, sink, &mut take);
        }
        let ended = crew.gather(&told, sink, &mut take);
        for helper in helpers {
            helper.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        ended
    })
}

/// Pieces of work, and how far they are.
struct Crew<W> {
    /// The next one to begin.
    next: AtomicUsize,
    /// Nothing more is begun.
    is_over: AtomicBool,
    pieces: usize,
    work: W,
}

impl<T, W: Fn(usize) -> Result<T, Error> + Sync> Crew<W> {
    /// One piece after the other, as long as there are any.
    fn do_pieces(&self, tell: &Sender<(usize, Result<T, Error>)>) {
        while !self.is_over.load(Ordering::Relaxed) {
            let piece = self.next.fetch_add(1, Ordering::Relaxed);
            if piece >= self.pieces {
                break;
            }
            // Where one panics, the others begin nothing more.
            let result = catch_unwind(AssertUnwindSafe(|| (self.work)(piece))).unwrap_or_else(|panic| {
                self.is_over.store(true, Ordering::Relaxed);
                resume_unwind(panic)
            });
            self.is_over.fetch_or(result.is_err(), Ordering::Relaxed);
            if tell.send((piece, result)).is_err() {
                break;
            }
        }
    }

    /// Hands over what the threads tell until they are done.
    fn gather(
        &self,
        told: &Receiver<(usize, Result<T, Error>)>,
        sink: &dyn ProgressSink,
        take: &mut impl FnMut(usize, T),
    ) -> Result<(), Error> {
        let mut waiting: Vec<Option<Result<T, Error>>> = (0..self.pieces).map(|_| None).collect();
        let (mut done, mut taken, mut failed) = (0, 0, None);
        loop {
            match told.recv_timeout(LOOK) {
                Ok((piece, result)) => {
                    waiting[piece] = Some(result);
                    done += 1;
                    sink.progress(f64::from(done) / self.pieces as f64);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            // In their order; behind the first mistake nothing counts.
            while let Some(result) = waiting.get_mut(taken).and_then(Option::take) {
                match result {
                    Ok(value) if failed.is_none() => take(taken, value),
                    Ok(_) => {}
                    Err(error) => failed = failed.or(Some(error)),
                }
                taken += 1;
            }
            if sink.should_stop() {
                self.is_over.store(true, Ordering::Relaxed);
            }
        }
        match failed {
            Some(error) => Err(error),
            // What is not there was stopped.
            None if taken < self.pieces => Err(Error::Stopped),
            None => Ok(()),
        }
    }
}

fn one_by_one<T, W: Fn(usize) -> Result<T, Error> + Sync>(
    crew: &Crew<W>,
    sink: &dyn ProgressSink,
    take: &mut impl FnMut(usize, T),
) -> Result<(), Error> {
    for piece in 0..crew.pieces {
        if sink.should_stop() {
            return Err(Error::Stopped);
        }
        take(piece, (crew.work)(piece)?);
        sink.progress((piece + 1) as f64 / crew.pieces as f64);
    }
    Ok(())
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

    /// The results as a list.
    fn listed<T: Send>(
        threads: usize,
        pieces: usize,
        sink: &dyn ProgressSink,
        work: impl Fn(usize) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let mut found = vec![];
        side_by_side(threads, pieces, sink, work, |piece, value| {
            assert_eq!(piece, found.len(), "in order");
            found.push(value);
        })?;
        Ok(found)
    }

    #[test]
    fn results_stand_in_order_whoever_has_done_them() {
        for threads in [0, 1, 2, 3, 50] {
            let sink = followed(usize::MAX);
            let found = listed(threads, 20, &sink, |piece| {
                thread::sleep(Duration::from_millis((20 - piece as u64) % 3));
                Ok(piece * piece)
            });
            assert_eq!(found.expect("no mistake"), (0..20).map(|piece| piece * piece).collect::<Vec<_>>());
            let shares = sink.shares.into_inner();
            assert!(shares.len() == 20 && shares.is_sorted() && (shares[19] - 1.0).abs() < 1e-12);
        }
        assert_eq!(listed(4, 0, &NoProgress, |_| Ok(())).expect("nothing to do"), []);
    }

    #[test]
    fn threads_work_at_once_and_each_has_a_share() {
        // Nobody passes the barrier before all three are there.
        let (barrier, seen) = (Barrier::new(3), Mutex::new(HashSet::new()));
        listed(3, 3, &NoProgress, |_| {
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
            let found = listed(threads, 1000, &NoProgress, |piece| {
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
            let found = listed(threads, 10_000, &followed(5), |piece| {
                thread::sleep(Duration::from_micros(100));
                Ok(piece)
            });
            assert!(matches!(found, Err(Error::Stopped)), "{found:?}");
        }
    }

    #[test]
    fn a_panic_of_a_thread_is_one_of_the_work() {
        let panics = || {
            listed(2, 4, &NoProgress, |piece| {
                assert_ne!(piece, 2, "piece two");
                Ok(piece)
            })
        };
        let panic = std::panic::catch_unwind(panics).expect_err("it panics");
        let said = panic.downcast_ref::<String>().expect("a message");
        assert!(said.contains("piece two"), "{said}");
    }
}
