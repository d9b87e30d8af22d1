//! The hardware of a rank: which device it computes on, its memory and disk, and the versions of what computes there.
//!
//! The operating system, the NVIDIA driver and libtorch are asked; assignments of devices, free bytes and the provenance of a run
//! go out. No physics lives here, and the other rooms touch CUDA through libtorch alone.
//!
//! ```text
//! each rank: RankHardware (host, cores, GPUs) --Hello--> rank 0: assign (who computes on what, or why not)
//!                                                   --Begin(DeviceAssignment)--> each rank: take
//! ```

mod assign;
mod cgroup;
mod detect;
mod disk;
mod driver;
mod error;
mod hardware;
mod kernels;
mod memory;
mod module;
mod processors;
pub mod provenance;
mod recording;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use tch::{Cuda, Device, Kind, Tensor};

pub use assign::{DeviceAssignment, Sharing, assign, lines, most_common_kind, warnings};
pub use detect::{detect, has_driver};
pub use disk::free_bytes;
pub use driver::{Driver, driver};
pub use error::DeviceError;
pub use hardware::{Gpu, RankHardware};
pub use kernels::{GpuKernels, set_gpu_kernels};
pub use memory::{free_memory, gpu_memory_share, memory_shares};
pub use module::{Argument, Module};
pub use processors::processor_shares;
pub use recording::{OwnStream, Recording, SWITCH, can_record};

/// The kind of device that the user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum DeviceChoice {
    /// A GPU for each rank where there are any, else processor cores.
    #[default]
    Auto,
    /// Processor cores.
    Cpu,
    /// A GPU for each rank; it is an error if there are too few.
    Cuda,
}

/// GPUs that libtorch can use in this process; zero where its CUDA half is absent.
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

/// The libtorch device of an assignment.
///
/// # Errors
/// It cannot be used.
pub fn take(assignment: &DeviceAssignment) -> Result<Device, String> {
    let device = match assignment {
        DeviceAssignment::Cpu => Device::Cpu,
        DeviceAssignment::Gpu { index, .. } => {
            // Loads the CUDA half.
            gpus();
            Device::Cuda(*index)
        }
    };
    check(device).map(|()| device)
}

/// Whether a device still computes: an error of CUDA that spoils its context spoils all that follows.
///
/// # Errors
/// It does not, and this is why.
pub fn check(device: Device) -> Result<(), String> {
    if !device.is_cuda() {
        return Ok(());
    }
    let sum = Tensor::f_ones([8], (Kind::Float, device)).and_then(|ones| ones.f_sum(Kind::Float));
    match sum.and_then(|sum| sum.f_double_value(&[])) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string().lines().next().unwrap_or_default().to_owned()),
    }
}

/// Moves a tensor from memory to a device. A GPU fetches it when its turn comes: nobody waits for what it does now.
pub fn to_device_soon(tensor: &Tensor, device: Device) -> Tensor {
    if !device.is_cuda() {
        return tensor.to_device(device);
    }
    // Only memory that the system never moves can be fetched later.
    tensor.internal_pin_memory(device).to_device_(device, tensor.kind(), true, false)
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
