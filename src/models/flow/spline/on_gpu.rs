//! Splines on a GPU: one kernel each instead of the hundred operations of libtorch that say the same.

use std::sync::OnceLock;

use tch::{Device, Kind, Tensor};

use super::{Gradient, Spline, slope_shift};
use crate::device::{Argument, Module, can_record};

/// What `spline.cu` is compiled to.
const PROGRAM: &str = include_str!("spline.ptx");
/// Its kernels, in the order of [`Kernel`].
const NAMES: [&str; 4] = ["spline_forward", "spline_inverse", "spline_backward", "spline_backward_inverse"];

#[derive(Clone, Copy)]
enum Kernel {
    Forward,
    Inverse,
    Backward,
    BackwardInverse,
}

/// The kernels; none where these tensors are not on a GPU that has them.
fn module(tensor: &Tensor) -> Option<&'static Module> {
    static MODULE: OnceLock<Option<Module>> = OnceLock::new();
    if !can_record(tensor.device()) || tensor.kind() != Kind::Float {
        return None;
    }
    MODULE.get_or_init(|| Module::load(PROGRAM, &NAMES)).as_ref()
}

/// Splines over tensors of one shape.
struct Call<'a> {
    module: &'static Module,
    spline: &'a Spline,
    /// Members, features, events.
    size: [i64; 3],
    device: Device,
}

impl<'a> Call<'a> {
    fn of(spline: &'a Spline, x: &Tensor) -> Option<Self> {
        let size = x.size();
        let module = module(x)?;
        Some(Self { module, spline, size: [size[0], size[1], size[2]], device: x.device() })
    }

    fn values(&self) -> Tensor {
        Tensor::empty(self.size, (Kind::Float, self.device))
    }

    fn raw(&self) -> Tensor {
        let [members, features, batch] = self.size;
        Tensor::empty([members, features, self.spline.parameters() as i64, batch], (Kind::Float, self.device))
    }

    fn run(&self, kernel: Kernel, inputs: &[&Tensor], outputs: &[&Tensor]) {
        let [members, features, batch] = self.size;
        let numbers = [members, features, batch, self.spline.bins as i64].map(|number| number as u32);
        let reals = [self.spline.tail, slope_shift()].map(|real| (real as f32).to_bits());
        let mut arguments = vec![Argument::words(&[numbers.as_slice(), &reals].concat())];
        // Events of a member and feature must lie side by side.
        let inputs: Vec<Tensor> = inputs.iter().map(|input| side_by_side(input)).collect();
        for input in &inputs {
            let (size, strides) = (input.size(), input.stride());
            let stride = |dimension: usize| if size[dimension] == 1 { 0 } else { strides[dimension] as u32 };
            arguments.extend([Argument::values(input), Argument::words(&[stride(0), stride(1)])]);
        }
        arguments.extend(outputs.iter().map(|output| Argument::values(output)));
        let threads = (members * features * batch) as usize;
        // As any call to a broken GPU does.
        self.module.run(kernel as usize, threads, self.device, &arguments).expect("the GPU runs a kernel");
    }
}

/// The tensor, or a copy of it, with its last dimension in a row; raw numbers also with each row behind the other.
fn side_by_side(tensor: &Tensor) -> Tensor {
    let (size, strides) = (tensor.size(), tensor.stride());
    let rows = size.len() == 4 && size[2] > 1 && strides[2] != size[3];
    let events = size[size.len() - 1] > 1 && strides[size.len() - 1] != 1;
    if rows || events { tensor.contiguous() } else { tensor.shallow_clone() }
}

/// Values and logarithms of slopes, as [`Spline::forward`].
pub fn forward(spline: &Spline, x: &Tensor, raw: &Tensor) -> Option<(Tensor, Tensor)> {
    let call = Call::of(spline, x)?;
    let (value, log_slope) = (call.values(), call.values());
    call.run(Kernel::Forward, &[x, raw], &[&value, &log_slope]);
    Some((value, log_slope))
}

/// As [`Spline::inverse`].
pub fn inverse(spline: &Spline, y: &Tensor, raw: &Tensor) -> Option<Tensor> {
    let call = Call::of(spline, y)?;
    let x = call.values();
    call.run(Kernel::Inverse, &[y, raw], &[&x]);
    Some(x)
}

/// As [`super::Passed::backward`].
pub fn backward(
    spline: &Spline,
    x: &Tensor,
    raw: &Tensor,
    d_value: &Tensor,
    d_log_slope: &Tensor,
) -> Gradient {
    gradient(Kernel::Backward, spline, [x, raw, d_value, d_log_slope])
}

/// As [`super::Passed::backward_inverse`]; `x` are the values that were found.
pub fn backward_inverse(
    spline: &Spline,
    x: &Tensor,
    raw: &Tensor,
    d_input: &Tensor,
    d_log_slope: &Tensor,
) -> Gradient {
    gradient(Kernel::BackwardInverse, spline, [x, raw, d_input, d_log_slope])
}

fn gradient(kernel: Kernel, spline: &Spline, inputs: [&Tensor; 4]) -> Gradient {
    let call = Call::of(spline, inputs[0]).expect("the kernels that have gone forward");
    let gradient = Gradient { input: call.values(), raw: call.raw() };
    call.run(kernel, &inputs, &[&gradient.input, &gradient.raw]);
    gradient
}
