//! What the NVIDIA driver says of its GPUs: names that tell one from another.
//!
//! libtorch numbers the GPUs that a process may see; two processes may call different ones by the same number, or the
//! same one by different numbers. The driver knows better.

use std::ffi::{CStr, c_char, c_int};

use libloading::os::unix::Library;

use super::hardware::Gpu;

/// The driver and its GPUs, in the order in which libtorch numbers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Driver {
    /// The newest CUDA that it supports, as 13.0.
    pub cuda: String,
    /// GPUs that this process may use.
    pub gpus: Vec<Gpu>,
}

type Status = c_int;
/// The status of a successful call.
const SUCCESS: Status = 0;

/// Asks the driver; none where there is none, or it does not answer.
pub fn driver() -> Option<Driver> {
    #[allow(unsafe_code, reason = "loading the driver's own library, as every CUDA program does")]
    let library = unsafe { Library::new("libcuda.so.1") }.ok()?;
    #[allow(
        unsafe_code,
        reason = "six functions of the driver, with the signatures of its header; all pointers are to live locals"
    )]
    // SAFETY: names and signatures are those of cuda.h, which do not change within a major interface.
    unsafe {
        let init = library.get::<unsafe extern "C" fn(u32) -> Status>(b"cuInit\0").ok()?;
        let version =
            library.get::<unsafe extern "C" fn(*mut c_int) -> Status>(b"cuDriverGetVersion\0").ok()?;
        let count = library.get::<unsafe extern "C" fn(*mut c_int) -> Status>(b"cuDeviceGetCount\0").ok()?;
        let get = library.get::<unsafe extern "C" fn(*mut c_int, c_int) -> Status>(b"cuDeviceGet\0").ok()?;
        let name = library
            .get::<unsafe extern "C" fn(*mut c_char, c_int, c_int) -> Status>(b"cuDeviceGetName\0")
            .ok()?;
        let uuid = library
            .get::<unsafe extern "C" fn(*mut [u8; 16], c_int) -> Status>(b"cuDeviceGetUuid_v2\0")
            .ok()?;
        let (mut number, mut gpus_here) = (0, 0);
        if init(0) != SUCCESS || version(&raw mut number) != SUCCESS || count(&raw mut gpus_here) != SUCCESS {
            return None;
        }
        let mut gpus = Vec::new();
        for index in 0..gpus_here {
            let (mut device, mut bytes, mut text) = (0, [0_u8; 16], [0; 128]);
            let answers = [
                get(&raw mut device, index),
                uuid(&raw mut bytes, device),
                name(text.as_mut_ptr(), text.len() as c_int - 1, device),
            ];
            if answers.iter().any(|answer| *answer != SUCCESS) {
                return None;
            }
            let name = CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned();
            gpus.push(Gpu { uuid: format!("{:032x}", u128::from_be_bytes(bytes)), name });
        }
        // The driver stays loaded: libtorch uses it too.
        std::mem::forget(library);
        Some(Driver { cuda: format!("{}.{}", number / 1000, number % 1000 / 10), gpus })
    }
}

/// Bytes of its memory that the GPU of this thread has free; none where the driver does not say.
pub fn free_gpu_memory() -> Option<f64> {
    #[allow(unsafe_code, reason = "loading the driver's own library, as every CUDA program does")]
    let library = unsafe { Library::new("libcuda.so.1") }.ok()?;
    let (mut free, mut total) = (0_usize, 0_usize);
    #[allow(
        unsafe_code,
        reason = "one function of the driver, with the signature of its header; both pointers are to live locals"
    )]
    // SAFETY: as above. Where this thread uses no GPU, the driver answers with an error.
    let status = unsafe {
        let ask = library
            .get::<unsafe extern "C" fn(*mut usize, *mut usize) -> Status>(b"cuMemGetInfo_v2\0")
            .ok()?;
        ask(&raw mut free, &raw mut total)
    };
    (status == SUCCESS && free <= total).then_some(free as f64)
}
