//! What is computed in another way on a GPU, so that tests can have it on a processor.

use tch::Device;

/// Whether networks compute as on a GPU: on one they do.
pub fn computes_as_a_gpu(device: Device) -> bool {
    device.is_cuda() || told_to()
}

#[cfg(not(test))]
const fn told_to() -> bool {
    false
}

#[cfg(test)]
thread_local! {
    static TOLD_TO: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[cfg(test)]
fn told_to() -> bool {
    TOLD_TO.get()
}

/// Does something where this thread computes as on a GPU.
#[cfg(test)]
pub fn as_on_a_gpu<T>(work: impl FnOnce() -> T) -> T {
    TOLD_TO.set(true);
    let found = work();
    TOLD_TO.set(false);
    found
}
