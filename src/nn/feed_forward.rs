//! Two dense layers with an activation between them, for every element of a set.

use tch::{Kind, Tensor};

use super::activation::{activate, deactivate};
use super::dense::Dense;
use super::layout::{Initial, Layout};
use super::norm::{Normalised, normalise};

/// A feed-forward part: `act(x w + c u + b) v + a`, where the context c is one for all elements of a set.
///
/// That the context is the same for a set is worth a ninth of the products of the largest network here: its share is
/// computed once a set.
pub struct FeedForward {
    first: Dense,
    /// Weights of the context, and the first layer's biases.
    context: Option<Dense>,
    second: Dense,
}

/// Sizes of a feed-forward part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedForwardShape {
    /// Inputs of an element.
    pub inputs: usize,
    /// Context of a set; 0 where there is none.
    pub context: usize,
    /// Nodes between the layers.
    pub hidden: usize,
    /// Outputs of an element.
    pub outputs: usize,
}

impl FeedForwardShape {
    /// Adds the parameters; the last layer starts as told.
    pub fn push(&self, layout: &mut Layout, last: Initial) {
        let first = Initial::FanIn { inputs: self.inputs + self.context };
        layout.push(self.inputs, self.hidden, first);
        if self.context > 0 {
            layout.push(self.context, self.hidden, first);
        }
        layout.push(1, self.hidden, first);
        layout.push_dense(self.hidden, self.outputs, last, last);
    }
}

impl FeedForward {
    /// Takes the part's views from those of a network.
    ///
    /// # Panics
    /// If there are too few.
    pub fn take(shape: &FeedForwardShape, views: &mut impl Iterator<Item = Tensor>) -> Self {
        let mut next = || views.next().expect("a view for each block of the layout");
        let weight = next();
        let (first, context) = if shape.context > 0 {
            (Dense::unbiased(weight), Some(Dense::new(next(), next())))
        } else {
            (Dense::new(weight, next()), None)
        };
        Self { first, context, second: Dense::new(next(), next()) }
    }

    /// Normalised elements, as its products take them.
    pub fn normalised(&self, h: &Tensor) -> Normalised {
        normalise(h).rounded_for(&self.first)
    }

    /// Elements as its products take them, rounded once for forward and backward.
    pub fn rounded(&self, x: &Tensor) -> Tensor {
        self.first.rounded(x)
    }

    /// The hidden activation, which the gradient needs, and the result.
    ///
    /// # Shapes
    /// `x` `[members, sets · slots, inputs]`, `context` `[members, sets, context]`; the result is
    /// `[members, sets · slots, outputs]`.
    pub fn forward(&self, x: &Tensor, context: Option<&Tensor>) -> (Tensor, Tensor) {
        let z = self.first.forward(x);
        if let (Some(layer), Some(context)) = (&self.context, context) {
            let of_set = layer.forward(context);
            let _ = by_set(&z, context).g_add_(&of_set.unsqueeze(2));
        }
        let hidden = activate(&z);
        let out = self.second.forward(&hidden);
        (hidden, out)
    }

    /// The gradients of input and context; those of the parameters are added to `sum`.
    pub fn backward(
        &self,
        x: &Tensor,
        context: Option<&Tensor>,
        hidden: &Tensor,
        d_out: &Tensor,
        sum: &Self,
    ) -> (Tensor, Option<Tensor>) {
        let rounded = self.second.rounded(d_out);
        self.second.accumulate(hidden, (d_out, &rounded), &sum.second);
        let d_z = deactivate(&self.second.backward(&rounded), hidden);
        self.first.accumulate(x, (&d_z, &self.first.rounded(&d_z)), &sum.first);
        let d_context = match (&self.context, context, &sum.context) {
            (Some(layer), Some(context), Some(sum)) => {
                let d_set = by_set(&d_z, context).sum_dim_intlist([2_i64].as_slice(), false, Kind::Float);
                let rounded = layer.rounded(&d_set);
                layer.accumulate(context, (&d_set, &rounded), sum);
                Some(layer.backward(&rounded))
            }
            _ => None,
        };
        (self.first.backward(&d_z), d_context)
    }
}

/// Values of elements by the set that they belong to, `[members, sets, slots, features]`.
fn by_set(values: &Tensor, context: &Tensor) -> Tensor {
    let [members, sets] = [0, 1].map(|axis| context.size()[axis]);
    values.view([members, sets, -1, values.size()[2]])
}
