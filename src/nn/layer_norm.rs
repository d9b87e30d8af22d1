//! Layer normalisation by libtorch's own kernels: one forward and one backward, which is what counts on a GPU.

use std::ffi::{CStr, c_char, c_void};

use tch::Tensor;

/// Bytes of a reason.
const TEXT: usize = 512;

#[allow(unsafe_code, reason = "the shim beside this file, which catches what libtorch throws")]
unsafe extern "C" {
    fn drapes_layer_norm_backward(
        d_out: *const c_void,
        input: *const c_void,
        width: i64,
        mean: *const c_void,
        inverse_deviation: *const c_void,
        text: *mut c_char,
        length: usize,
    ) -> *mut c_void;
}

/// What the gradient needs of a normalisation. Nobody may change the input until then.
pub struct Saved {
    input: Tensor,
    /// How often the input's memory had been written to.
    version: i64,
    mean: Tensor,
    inverse_deviation: Tensor,
}

/// The last dimension less its mean, over its standard deviation.
pub fn forward(input: &Tensor, epsilon: f64) -> (Tensor, Saved) {
    let width = width(input);
    let (values, mean, inverse_deviation) =
        input.native_layer_norm([width].as_slice(), None::<Tensor>, None::<Tensor>, epsilon);
    (
        values,
        Saved { version: input.internal_version(), input: input.shallow_clone(), mean, inverse_deviation },
    )
}

impl Saved {
    /// One over the standard deviations.
    pub fn inverse_deviation(&self) -> &Tensor {
        &self.inverse_deviation
    }

    /// The gradient of the input from that of the normalised values, which are of the same kind of number.
    ///
    /// # Panics
    /// Where libtorch refuses, as any operation of tch does, or where the input was changed meanwhile.
    pub fn backward(&self, d_out: &Tensor) -> Tensor {
        let Self { input, version, mean, inverse_deviation } = self;
        assert_eq!(input.internal_version(), *version, "what was normalised is as it was");
        let [d_out, input, mean, inverse_deviation] =
            [d_out, input, mean, inverse_deviation].map(|tensor| tensor.as_ptr().cast::<c_void>());
        let mut text = [0_u8; TEXT];
        #[allow(
            unsafe_code,
            reason = "four tensors that live until the call has ended, and room for a reason of the length that is given"
        )]
        let found = unsafe {
            let text = text.as_mut_ptr().cast();
            drapes_layer_norm_backward(d_out, input, width(&self.input), mean, inverse_deviation, text, TEXT)
        };
        let reason = CStr::from_bytes_until_nul(&text).unwrap_or_default().to_string_lossy();
        assert!(!found.is_null(), "{reason}");
        #[allow(unsafe_code, reason = "a tensor that nobody else owns")]
        unsafe {
            Tensor::from_ptr(found.cast())
        }
    }
}

fn width(x: &Tensor) -> i64 {
    x.size()[x.dim() - 1]
}
