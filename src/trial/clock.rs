//! Timing a moment of work.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::progress_sink::ProgressSink;

/// A kind of work is watched for about so long.
pub const MOMENT: Duration = Duration::from_millis(250);

/// Lets a training take some steps, and notes when each begins.
#[derive(Default)]
pub struct Clock(RefCell<Vec<Instant>>);

impl ProgressSink for Clock {
    fn progress(&self, _share: f64) {}

    fn should_stop(&self) -> bool {
        let mut ticks = self.0.borrow_mut();
        ticks.push(Instant::now());
        // The first steps set up what the others find.
        ticks.len() > 2 && ticks[1].elapsed() >= MOMENT
    }
}

impl Clock {
    /// Blocks of steps, and the seconds that they took; nothing where the training ended before.
    pub fn blocks(&self) -> Option<(usize, f64)> {
        let ticks = self.0.borrow();
        let (first, last) = (ticks.get(1)?, ticks.last()?);
        let blocks = ticks.len().checked_sub(2).filter(|blocks| *blocks > 0)?;
        Some((blocks, (*last - *first).as_secs_f64()))
    }
}

/// Makes more and more events until that takes a moment; their number, and the seconds.
pub fn events<T>(most: usize, few: usize, mut make: impl FnMut(usize) -> Option<T>) -> Option<(usize, f64)> {
    let mut timed = |count: usize| {
        let start = Instant::now();
        make(count).map(|_| start.elapsed().as_secs_f64())
    };
    // The first ones set up what the others find.
    timed(few)?;
    let (mut count, moment) = (few, MOMENT.as_secs_f64());
    loop {
        let seconds = timed(count)?;
        if seconds >= 0.5 * moment || count >= most {
            return Some((count, seconds));
        }
        let output = (count as f64 * moment / seconds.max(1e-6)) as usize;
        count = output.clamp(2 * count, 32 * count).min(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_block_does_not_count() {
        let clock = Clock::default();
        assert!(!clock.should_stop());
        assert_eq!(clock.blocks(), None);
        std::thread::sleep(Duration::from_millis(60));
        assert!(!clock.should_stop() && clock.blocks().is_none());
        loop {
            std::thread::sleep(Duration::from_millis(20));
            if clock.should_stop() {
                break;
            }
        }
        let (blocks, seconds) = clock.blocks().expect("blocks");
        assert!(blocks >= 2 && seconds >= MOMENT.as_secs_f64(), "{blocks} {seconds}");
        assert!(seconds / blocks as f64 >= 0.02);
    }

    #[test]
    fn as_many_events_are_made_as_a_moment_needs_and_no_more_than_there_are() {
        let make = |count: usize| {
            std::thread::sleep(Duration::from_micros(50 * count as u64));
            Some(())
        };
        let (count, seconds) = events(1 << 20, 16, make).expect("events");
        assert!(seconds >= 0.5 * MOMENT.as_secs_f64() && count > 16, "{count} {seconds}");
        assert_eq!(events(40, 16, |_| Some(())).expect("events").0, 40);
        assert_eq!(events(40, 16, |_| None::<()>), None);
    }
}
