//! Work that a GPU is given once and repeats.
//!
//! Each kernel that is given to a GPU costs the processor some microseconds, as long as many of ours run. Steps of a training
//! run the same kernels over the same memory, so that a step can be recorded, and asked for as a whole from then on.

mod calls;

use std::panic::{AssertUnwindSafe, catch_unwind};

use calls::{Calls, CudaStream, Graph, calls};
use tch::{Cuda, Device};

/// Set to `off`, every kernel is given to the GPU on its own: to compare, or where a recording is suspected of a fault.
pub const SWITCH: &str = "DRAPES_RECORDINGS";

/// Kernels in their order, with the memory that they work on.
pub struct Recording {
    graph: Box<Graph>,
    calls: &'static Calls,
}

/// Whether there is a GPU whose work can be recorded, and the user wants it.
pub fn can_record(device: Device) -> bool {
    device.is_cuda() && std::env::var_os(SWITCH).is_none_or(|value| value != "off") && calls().is_some()
}

impl Recording {
    /// Records what `work` asks of the GPU; nothing of it is done yet. It may not wait for the GPU, nor move anything to or from
    /// it, and the thread's queue must be one of its own: [`OwnStream`].
    ///
    /// # Errors
    /// It cannot be recorded, and this is why. Nothing has happened then.
    pub fn of(work: impl FnOnce()) -> Result<Self, String> {
        let calls = calls().ok_or("libtorch has no CUDA half that is known")?;
        let mut graph = Graph::room();
        calls.construct(&mut graph)?;
        let mut recording = Self { graph, calls };
        calls.begin(&mut recording.graph)?;
        let done = catch_unwind(AssertUnwindSafe(work));
        let ended = calls.end(&mut recording.graph);
        match done {
            Ok(()) => ended.map(|()| recording),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map_or("it panicked", String::as_str);
                Err(text.lines().next().unwrap_or_default().to_owned())
            }
        }
    }

    /// Does all of it once more, after whatever the GPU has been given before.
    ///
    /// # Errors
    /// The GPU is broken.
    pub fn replay(&mut self) -> Result<(), String> {
        self.calls.replay(&mut self.graph)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // What it still does uses its memory.
        if let Err(reason) = self.calls.destroy(&mut self.graph) {
            drapes_analysis::cli::tell(format_args!("warning: a recording could not be given up: {reason}"));
        }
    }
}

/// A queue of the GPU for this thread alone, as recordings need; the queue before it comes back when this is dropped.
pub struct OwnStream {
    before: CudaStream,
    index: usize,
    calls: &'static Calls,
}

impl OwnStream {
    /// Waits for the GPU, and has it take this thread's work from another queue.
    pub fn begin(device: Device) -> Option<Self> {
        let Device::Cuda(index) = device else { return None };
        let calls = calls()?;
        let number = i8::try_from(index).ok()?;
        // Memory that one queue has given up may not be taken by the other before its work is done.
        Cuda::synchronize(index as i64);
        let before = calls.current_stream(number).ok()?;
        let own = calls.stream_of_pool(number).ok()?;
        calls.use_stream(&own).ok()?;
        Some(Self { before, index, calls })
    }
}

impl Drop for OwnStream {
    fn drop(&mut self) {
        Cuda::synchronize(self.index as i64);
        if let Err(reason) = self.calls.use_stream(&self.before) {
            drapes_analysis::cli::tell(format_args!(
                "warning: a queue of the GPU does not come back: {reason}"
            ));
        }
    }
}
