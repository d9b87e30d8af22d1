//! Trying again to read a file: a file system that fails for a second is no reason to repeat a training of days.

use std::time::Duration;

use super::Fault;
use crate::progress_sink::ProgressSink;

/// Seconds between two tries.
const WAITS: [f64; 4] = [0.25, 0.5, 1.0, 2.0];
/// Seconds between two tries of a file that another program has open.
const BUSY: [f64; 14] = [0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0];

/// Counts how often a file was tried, and waits between two tries.
#[derive(Default)]
pub struct Retries {
    so_far: usize,
}

/// What to do after waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterWait {
    /// Try again.
    Retry,
    /// It was tried often enough.
    GiveUp,
    /// Whoever waits was told to stop.
    Stop,
}

impl Retries {
    /// Waits for the next try, longer each time; a file that is busy is tried more often than one that seems damaged.
    pub fn wait(&mut self, fault: &Fault, sink: &dyn ProgressSink) -> AfterWait {
        let waits = match fault {
            Fault::Busy => &BUSY[..],
            Fault::OutOfReach(_) | Fault::Damaged => &WAITS[..],
        };
        let Some(wait) = waits.get(self.so_far) else { return AfterWait::GiveUp };
        self.so_far += 1;
        let parts = (wait / 0.05).ceil() as usize;
        for _ in 0..parts {
            if sink.should_stop() {
                return AfterWait::Stop;
            }
            std::thread::sleep(Duration::from_secs_f64(wait / parts as f64));
        }
        AfterWait::Retry
    }
}
