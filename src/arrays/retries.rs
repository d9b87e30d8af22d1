//! Patience with files that cannot be read: one failed look is no reason to make again what took days.

use std::time::Duration;

use super::Fault;
use crate::progress_sink::ProgressSink;

/// Seconds between two looks.
const WAITS: [f64; 4] = [0.25, 0.5, 1.0, 2.0];
/// Seconds between two looks at what somebody else has open.
const BUSY: [f64; 14] = [0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0];

/// Counts looks, and waits between them.
#[derive(Default)]
pub struct Retries {
    so_far: usize,
}

/// What becomes of waiting for the next look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterWait {
    /// Look again.
    Retry,
    /// It was looked at often enough.
    GiveUp,
    /// Whoever waits was told to stop.
    Stop,
}

impl Retries {
    /// Waits for the next look, longer each time; for what is busy more often than for what seems damaged.
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
