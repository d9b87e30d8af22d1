//! Kernels of our own on a GPU, through its driver.

use std::ffi::{CString, c_char, c_int, c_uint, c_void};

use libloading::os::unix::{Library, RTLD_NOW};
use tch::{Device, Tensor};

/// Threads of a block.
const BLOCK: usize = 128;

type Status = c_int;
/// What every call returns that went well.
const SUCCESS: Status = 0;
type Launch = unsafe extern "C" fn(
    *const c_void,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    *mut c_void,
    *mut *mut c_void,
    *mut *mut c_void,
) -> Status;
/// The present queue of a GPU: of libtorch's C interface.
type CurrentStream = unsafe extern "C" fn(c_int, *mut *mut c_void) -> c_int;

/// The value of an argument of a kernel, as the kernel's source declares it.
#[derive(Clone, Copy)]
#[expect(dead_code, reason = "the driver reads it, through a pointer")]
pub struct Argument([u64; 3]);

impl Argument {
    /// Where a tensor's values lie.
    pub fn values(tensor: &Tensor) -> Self {
        Self([tensor.data_ptr() as u64, 0, 0])
    }

    /// A structure of up to six numbers of 32 bits.
    ///
    /// # Panics
    /// If there are more.
    pub fn words(words: &[u32]) -> Self {
        assert!(words.len() <= 6, "a structure of up to six words");
        let mut bytes = [0_u64; 3];
        for (index, word) in words.iter().enumerate() {
            bytes[index / 2] |= u64::from(*word) << (32 * (index % 2));
        }
        Self(bytes)
    }
}

/// Some kernels, ready for the GPU that this process computes on.
pub struct Module {
    kernels: Vec<usize>,
    launch: Launch,
    current_stream: CurrentStream,
}

impl Module {
    /// The kernels of these names of a program in NVIDIA's portable assembly, which the driver compiles for its GPU; none where
    /// there is no GPU, or the driver cannot.
    ///
    /// The thread must have used the GPU before.
    pub fn load(program: &str, names: &[&str]) -> Option<Self> {
        let program = CString::new(program).ok()?;
        #[allow(
            unsafe_code,
            reason = "loading the driver's and libtorch's own libraries, as every CUDA program does"
        )]
        let (driver, torch) = unsafe {
            (
                Library::open(Some("libcuda.so.1"), RTLD_NOW).ok()?,
                Library::open(Some("libtorch_cuda.so"), RTLD_NOW).ok()?,
            )
        };
        #[allow(
            unsafe_code,
            reason = "functions of the driver and of libtorch, with the signatures of their headers; all pointers are to live \
                      locals"
        )]
        // SAFETY: names and signatures are those of cuda.h and of libtorch's C interface.
        let module = unsafe {
            let load = driver
                .get::<unsafe extern "C" fn(*mut *mut c_void, *const c_char) -> Status>(b"cuModuleLoadData\0")
                .ok()?;
            let find = driver
                .get::<unsafe extern "C" fn(*mut *mut c_void, *mut c_void, *const c_char) -> Status>(
                    b"cuModuleGetFunction\0",
                )
                .ok()?;
            let launch = *driver.get::<Launch>(b"cuLaunchKernel\0").ok()?;
            let current_stream = *torch.get::<CurrentStream>(b"aoti_torch_get_current_cuda_stream\0").ok()?;
            let mut module = std::ptr::null_mut();
            if load(&raw mut module, program.as_ptr()) != SUCCESS {
                return None;
            }
            let mut kernels = vec![];
            for name in names {
                let (name, mut kernel) = (CString::new(*name).ok()?, std::ptr::null_mut());
                if find(&raw mut kernel, module, name.as_ptr()) != SUCCESS {
                    return None;
                }
                kernels.push(kernel as usize);
            }
            Self { kernels, launch, current_stream }
        };
        // The functions are good as long as the libraries are loaded: for as long as the process lives.
        std::mem::forget((driver, torch));
        Some(module)
    }

    /// Has the GPU run a kernel, by its place among the names, once for each of so many threads, after what its queue holds.
    ///
    /// # Errors
    /// The GPU is broken.
    ///
    /// # Panics
    /// If the device is no GPU, or there is no such kernel.
    pub fn run(
        &self,
        kernel: usize,
        threads: usize,
        device: Device,
        arguments: &[Argument],
    ) -> Result<(), String> {
        let Device::Cuda(index) = device else { panic!("kernels run on a GPU") };
        let mut values = arguments.to_vec();
        let mut pointers: Vec<*mut c_void> =
            values.iter_mut().map(|value| std::ptr::from_mut(value).cast()).collect();
        let blocks = threads.div_ceil(BLOCK) as c_uint;
        let mut stream = std::ptr::null_mut();
        #[allow(
            unsafe_code,
            reason = "the kernel's arguments are as its source declares them, and the tensors live until the queue has passed it, \
                      for libtorch frees memory in the order of the same queue"
        )]
        // SAFETY: all pointers are to live locals while the call lasts, which copies the arguments.
        let status = unsafe {
            if (self.current_stream)(index as c_int, &raw mut stream) != SUCCESS {
                return Err("libtorch does not tell the queue of the GPU".to_owned());
            }
            (self.launch)(
                self.kernels[kernel] as *const c_void,
                blocks,
                1,
                1,
                BLOCK as c_uint,
                1,
                1,
                0,
                stream,
                pointers.as_mut_ptr(),
                std::ptr::null_mut(),
            )
        };
        if status == SUCCESS {
            Ok(())
        } else {
            Err(format!("the driver refuses a kernel (CUDA error {status})"))
        }
    }
}
