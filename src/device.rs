//! Which device a rank computes on.

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use tch::{Cuda, Device};

use crate::error::Error;

/// What the user wants to compute on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum DeviceChoice {
    /// A GPU for each rank where libtorch sees any, else processor cores.
    #[default]
    Auto,
    /// Processor cores.
    Cpu,
    /// A GPU for each rank; it is an error if there are too few.
    Cuda,
}

/// GPUs that libtorch can use on this host; zero where its CUDA half is absent.
///
/// The program links the CPU half only, so that it starts anywhere. ATen looks for the other half when it is
/// first asked about CUDA and never again, so this must come before any such question.
pub fn gpus() -> usize {
    #[allow(unsafe_code, reason = "loading a library runs its initialisers; libtorch's own may be trusted")]
    let library = unsafe { Library::open(Some("libtorch_cuda.so"), RTLD_NOW | RTLD_GLOBAL) };
    let Ok(library) = library else { return 0 };
    // It must stay loaded as long as the process lives.
    std::mem::forget(library);
    usize::try_from(Cuda::device_count()).unwrap_or(0)
}

/// The device of a rank, by its place among the ranks of its host.
///
/// # Errors
/// A GPU is wanted and there are fewer than ranks.
pub fn choose(choice: DeviceChoice, local_rank: usize, local_ranks: usize) -> Result<Device, Error> {
    if choice == DeviceChoice::Cpu {
        return Ok(Device::Cpu);
    }
    match (choice, gpus()) {
        (DeviceChoice::Auto, 0) => Ok(Device::Cpu),
        (_, 0) => Err(Error::NoGpu),
        (_, gpus) if gpus < local_ranks => Err(Error::TooFewGpus { gpus, ranks: local_ranks }),
        _ => Ok(Device::Cuda(local_rank)),
    }
}

/// The name of a device in records and logs.
pub fn name(device: Device) -> String {
    match device {
        Device::Cuda(index) => format!("cuda:{index}"),
        _ => "cpu".to_owned(),
    }
}

/// The largest threshold that the GNU allocator accepts; it ignores a larger one.
#[cfg(target_env = "gnu")]
const LARGEST_HEAP_BLOCK: i32 = 32 << 20;

/// Sets how libtorch uses the processor: so many threads an operation, and freed memory is kept.
///
/// Every step of a training frees and takes the same megabytes. The allocator would hand them back to the
/// system each time and fault them in again page by page, which costs as much as the arithmetic.
pub fn prepare_cpu(threads: usize) {
    tch::set_num_threads(i32::try_from(threads).unwrap_or(1));
    #[cfg(target_env = "gnu")]
    #[allow(unsafe_code, reason = "two settings of the allocator; they change no memory that is in use")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGEST_HEAP_BLOCK);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
    }
}
