//! Times a moment of work.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use tch::{Cuda, Device};

use crate::progress_sink::ProgressSink;

/// A kind of work is measured for about so long.
pub const MOMENT: Duration = Duration::from_millis(150);

/// Blocks of steps that set up what the others find: memory, and on a GPU also kernels and the recording of a step.
const FIRST_BLOCKS: usize = 1;
const FIRST_BLOCKS_ON_GPU: usize = 6;

/// Lets a training take some steps, and notes when each block of them begins.
pub struct Clock {
    device: Device,
    ticks: RefCell<Vec<Instant>>,
}

impl ProgressSink for Clock {
    fn progress(&self, _share: f64) {}

    fn should_stop(&self) -> bool {
        // A GPU is given work faster than it does it.
        if let Device::Cuda(index) = self.device {
            Cuda::synchronize(index as i64);
        }
        let mut ticks = self.ticks.borrow_mut();
        ticks.push(Instant::now());
        let first = self.first();
        ticks.len() > first + 1 && ticks[first].elapsed() >= MOMENT
    }
}

impl Clock {
    /// For a training on this device.
    pub fn of(device: Device) -> Self {
        Self { device, ticks: RefCell::default() }
    }

    fn first(&self) -> usize {
        if self.device.is_cuda() { FIRST_BLOCKS_ON_GPU } else { FIRST_BLOCKS }
    }

    /// Blocks of steps, and the seconds that they took; nothing where the training ended before.
    pub fn blocks(&self) -> Option<(usize, f64)> {
        let ticks = self.ticks.borrow();
        let (first, last) = (ticks.get(self.first())?, ticks.last()?);
        let blocks = ticks.len().checked_sub(self.first() + 1).filter(|blocks| *blocks > 0)?;
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
        let clock = Clock::of(Device::Cpu);
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
