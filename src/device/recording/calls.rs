//! The functions of libtorch's CUDA half that recordings need, found by name when it is loaded.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use libloading::os::unix::{Library, RTLD_NOW};

/// Bytes of a reason.
const TEXT: usize = 512;
/// More than a `CUDAGraph` takes, which is about 200.
const GRAPH_BYTES: usize = 4096;

/// Room for a `CUDAGraph` of libtorch.
#[repr(C, align(64))]
pub struct Graph([u8; GRAPH_BYTES]);

impl Graph {
    /// Room in which no graph has been constructed yet.
    pub fn room() -> Box<Self> {
        Box::new(Self([0; GRAPH_BYTES]))
    }
}

/// A queue of a GPU, as `c10::cuda::CUDAStream`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CudaStream {
    kind: i8,
    device: i8,
    id: i64,
}

/// The address of a function; what it takes is known to the shim alone.
type Address = *const c_void;

/// The functions, all of one loaded library.
pub struct Calls {
    current_stream: Address,
    stream_of_pool: Address,
    use_stream: Address,
    construct: Address,
    begin: Address,
    end: Address,
    replay: Address,
    destroy: Address,
}

#[allow(
    unsafe_code,
    reason = "addresses of functions of a library that stays loaded; they are the same for all threads"
)]
// SAFETY: the addresses are never written to.
unsafe impl Send for Calls {}
#[allow(unsafe_code, reason = "as above")]
// SAFETY: as above.
unsafe impl Sync for Calls {}

#[allow(unsafe_code, reason = "the shim beside this file, which catches what libtorch throws")]
unsafe extern "C" {
    fn drapes_current_stream(
        call: Address,
        device: i8,
        found: *mut CudaStream,
        text: *mut c_char,
        length: usize,
    ) -> c_int;
    fn drapes_stream_of_pool(
        call: Address,
        device: i8,
        found: *mut CudaStream,
        text: *mut c_char,
        length: usize,
    ) -> c_int;
    fn drapes_use_stream(call: Address, stream: *const CudaStream, text: *mut c_char, length: usize)
    -> c_int;
    fn drapes_construct_graph(call: Address, graph: *mut Graph, text: *mut c_char, length: usize) -> c_int;
    fn drapes_begin_graph(call: Address, graph: *mut Graph, text: *mut c_char, length: usize) -> c_int;
    fn drapes_call_graph(call: Address, graph: *mut Graph, text: *mut c_char, length: usize) -> c_int;
}

/// The functions; none where libtorch has no CUDA half, or another one than this program knows.
pub fn calls() -> Option<&'static Calls> {
    static CALLS: OnceLock<Option<Calls>> = OnceLock::new();
    CALLS.get_or_init(Calls::load).as_ref()
}

impl Calls {
    fn load() -> Option<Self> {
        let torch = opened("libtorch_cuda.so")?;
        let c10 = opened("libc10_cuda.so")?;
        let calls = Self {
            current_stream: address(&c10, c"_ZN3c104cuda20getCurrentCUDAStreamEa")?,
            stream_of_pool: address(&c10, c"_ZN3c104cuda17getStreamFromPoolEba")?,
            use_stream: address(&c10, c"_ZN3c104cuda20setCurrentCUDAStreamENS0_10CUDAStreamE")?,
            construct: address(&torch, c"_ZN2at4cuda9CUDAGraphC1Eb")?,
            begin: address(
                &torch,
                c"_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode",
            )?,
            end: address(&torch, c"_ZN2at4cuda9CUDAGraph11capture_endEv")?,
            replay: address(&torch, c"_ZN2at4cuda9CUDAGraph6replayEv")?,
            destroy: address(&torch, c"_ZN2at4cuda9CUDAGraphD1Ev")?,
        };
        // The addresses are good as long as the libraries are loaded: for as long as the process lives.
        std::mem::forget((torch, c10));
        Some(calls)
    }

    pub fn current_stream(&self, device: i8) -> Result<CudaStream, String> {
        let mut found = CudaStream::default();
        #[allow(unsafe_code, reason = "the shim; all pointers are to live locals")]
        told(|text| unsafe {
            drapes_current_stream(self.current_stream, device, &raw mut found, text, TEXT)
        })?;
        Ok(found)
    }

    pub fn stream_of_pool(&self, device: i8) -> Result<CudaStream, String> {
        let mut found = CudaStream::default();
        #[allow(unsafe_code, reason = "the shim; all pointers are to live locals")]
        told(|text| unsafe {
            drapes_stream_of_pool(self.stream_of_pool, device, &raw mut found, text, TEXT)
        })?;
        Ok(found)
    }

    pub fn use_stream(&self, stream: &CudaStream) -> Result<(), String> {
        #[allow(unsafe_code, reason = "the shim; all pointers are to live locals")]
        told(|text| unsafe { drapes_use_stream(self.use_stream, stream, text, TEXT) })
    }

    pub fn construct(&self, graph: &mut Graph) -> Result<(), String> {
        #[allow(unsafe_code, reason = "the shim; the room is large enough and aligned")]
        told(|text| unsafe { drapes_construct_graph(self.construct, graph, text, TEXT) })
    }

    /// From here on, what this thread asks of the GPU is recorded and not done. The graph must have been constructed, as
    /// for the calls below.
    pub fn begin(&self, graph: &mut Graph) -> Result<(), String> {
        #[allow(unsafe_code, reason = "the shim; the graph was constructed")]
        told(|text| unsafe { drapes_begin_graph(self.begin, graph, text, TEXT) })
    }

    pub fn end(&self, graph: &mut Graph) -> Result<(), String> {
        #[allow(unsafe_code, reason = "the shim; the graph was constructed")]
        told(|text| unsafe { drapes_call_graph(self.end, graph, text, TEXT) })
    }

    pub fn replay(&self, graph: &mut Graph) -> Result<(), String> {
        #[allow(unsafe_code, reason = "the shim; the graph was constructed")]
        told(|text| unsafe { drapes_call_graph(self.replay, graph, text, TEXT) })
    }

    pub fn destroy(&self, graph: &mut Graph) -> Result<(), String> {
        #[allow(unsafe_code, reason = "the shim; the graph was constructed, and is not used again")]
        told(|text| unsafe { drapes_call_graph(self.destroy, graph, text, TEXT) })
    }
}

fn opened(name: &str) -> Option<Library> {
    #[allow(unsafe_code, reason = "loading a library runs its initialisers; libtorch's own may be trusted")]
    unsafe { Library::open(Some(name), RTLD_NOW) }.ok()
}

fn address(library: &Library, name: &CStr) -> Option<Address> {
    #[allow(unsafe_code, reason = "only the address is taken; nothing is called by it here")]
    let symbol = unsafe { library.get::<Address>(name.to_bytes_with_nul()) }.ok()?;
    Some(symbol.as_raw_ptr())
}

/// Runs a call of the shim, which says by a number whether it went well.
fn told(call: impl FnOnce(*mut c_char) -> c_int) -> Result<(), String> {
    let mut text = [0_u8; TEXT];
    if call(text.as_mut_ptr().cast()) == 0 {
        return Ok(());
    }
    let text = CStr::from_bytes_until_nul(&text).unwrap_or_default().to_string_lossy();
    Err(text.lines().next().unwrap_or_default().to_owned())
}
