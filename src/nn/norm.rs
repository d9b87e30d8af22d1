//! Layer normalisation without scale and shift.
//!
//! The layers that follow one are dense: their weights and biases do what a learnt scale and shift would.

use tch::{Kind, Tensor};

use super::as_on_a_gpu::computes_as_a_gpu;
use super::dense::Dense;
use super::layer_norm::{self, Saved};

/// Normalised activations and what their gradient needs.
pub struct Normalised {
    pub values: Tensor,
    way_back: WayBack,
}

enum WayBack {
    /// By libtorch's own kernel.
    Libtorch(Saved),
    /// From one over the standard deviations.
    Written(Tensor),
}

/// Keeps the deviation of constant activations from zero.
const EPSILON: f64 = 1e-5;

/// Subtracts the mean of the last dimension and divides by its standard deviation.
///
/// (On processors, libtorch's own kernel takes more than twice as long on rows as short as ours.)
pub fn normalise(x: &Tensor) -> Normalised {
    if computes_as_a_gpu(x.device()) { by_libtorch(x) } else { written(x) }
}

/// One kernel instead of seven, which is what counts on a GPU.
fn by_libtorch(x: &Tensor) -> Normalised {
    let (values, saved) = layer_norm::forward(x, EPSILON);
    // Its kernel wants values and gradient to be of one kind of number.
    let way_back = match x.kind() {
        Kind::Float => WayBack::Libtorch(saved),
        _ => WayBack::Written(saved.inverse_deviation().shallow_clone()),
    };
    Normalised { values, way_back }
}

fn written(x: &Tensor) -> Normalised {
    let centred = x - mean(x);
    let inverse_deviation = mean(&centred.square()).g_add_scalar_(EPSILON).rsqrt_();
    Normalised { values: centred * &inverse_deviation, way_back: WayBack::Written(inverse_deviation) }
}

fn mean(x: &Tensor) -> Tensor {
    x.mean_dim([-1_i64].as_slice(), true, Kind::Float)
}

impl Normalised {
    /// The same with values as a layer takes them, unless the gradient needs them as they are: they are rounded once for forward and
    /// backward.
    #[must_use]
    pub fn rounded_for(self, layer: &Dense) -> Self {
        match self.way_back {
            WayBack::Libtorch(_) => Self { values: layer.rounded(&self.values), ..self },
            WayBack::Written(_) => self,
        }
    }

    /// The gradient of the input from that of the normalised values.
    pub fn backward(&self, d_out: &Tensor) -> Tensor {
        match &self.way_back {
            WayBack::Libtorch(saved) => saved.backward(&d_out.to_kind(Kind::Float)),
            WayBack::Written(inverse_deviation) => {
                let slope = mean(&(d_out * &self.values)).neg_();
                (d_out - mean(d_out)).addcmul_(&self.values, &slope).g_mul_(inverse_deviation)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    #[test]
    fn libtorch_normalises_as_what_is_written_does_both_ways() {
        for shape in [[2, 7, 64], [1, 3, 5]] {
            let numbers = |phase: f64| {
                let count: i64 = shape.iter().product();
                (Tensor::arange(count, (Kind::Float, Device::Cpu)) * 0.7 + phase).sin().view(shape) * 3.0
            };
            let (x, d_out) = (numbers(0.0), numbers(1.0));
            let (found, expected) = (by_libtorch(&x), written(&x));
            assert!(matches!(found.way_back, WayBack::Libtorch(_)));
            let apart = |a: &Tensor, b: &Tensor| (a - b).abs().max().double_value(&[]);
            assert!(apart(&found.values, &expected.values) < 1e-5);
            let (found, expected) = (found.backward(&d_out), expected.backward(&d_out));
            assert_eq!(found.size(), shape);
            assert!(expected.abs().max().double_value(&[]) > 0.1, "a gradient to compare with");
            assert!(apart(&found, &expected) < 1e-5);
        }
    }

    #[test]
    fn values_and_gradients_may_be_in_lower_precision() {
        let x = (Tensor::arange(96, (Kind::Float, Device::Cpu)) * 0.7).sin().view([1, 6, 16]);
        let d_out = x.cos();
        let low = |of: &Tensor| of.to_kind(Kind::BFloat16);
        let expected = by_libtorch(&x).backward(&d_out);
        for found in [by_libtorch(&low(&x)).backward(&d_out), by_libtorch(&x).backward(&low(&d_out))] {
            let apart = (found - &expected).abs().max().double_value(&[]);
            assert!(apart < 0.05, "{apart}");
        }
    }

    #[test]
    #[should_panic(expected = "what was normalised is as it was")]
    fn what_was_normalised_may_not_be_written_over() {
        let mut x = Tensor::ones([2, 3, 4], (Kind::Float, Device::Cpu));
        let normalised = by_libtorch(&x);
        x += 1.0;
        let _ = normalised.backward(&x);
    }

    #[test]
    #[should_panic(expected = "Float")]
    fn what_libtorch_refuses_is_said() {
        let x = Tensor::ones([2, 3, 4], (Kind::Float, Device::Cpu));
        let WayBack::Libtorch(saved) = by_libtorch(&x).way_back else { panic!("not by libtorch") };
        let _ = saved.backward(&x.to_kind(Kind::Double));
    }
}
