//! Monotonic rational-quadratic splines between linear tails, with their gradients.
//!
//! A spline maps [−tail, tail] onto itself through `bins` pieces; beyond, it is the identity. Its knots follow from
//! `3 bins − 1` raw numbers: widths and heights of the bins, and the slopes at the inner knots. Raw zeros are the
//! identity.
//!
//! Source: Durkan et al. 2019, "Neural Spline Flows", equations 4 to 8; the gradients are our own.

mod on_gpu;

use tch::{Kind, Tensor};

/// The smallest share of the range that a bin takes, in width and in height, and the smallest slope.
const SMALLEST: f64 = 1e-3;

/// Bins and range of a spline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spline {
    /// Pieces between the tails.
    pub bins: usize,
    /// Where the tails begin, in standard deviations.
    pub tail: f64,
}

/// Which side of the spline a value lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Input,
    Output,
}

/// Spline values, and all that their gradients need. Shapes `[members, features, batch]` unless they say otherwise.
pub struct Passed {
    /// The output at each input.
    pub value: Tensor,
    /// ln of the slope at each input.
    pub log_slope: Tensor,
    way: Way,
}

/// How a spline was computed.
enum Way {
    /// By operations of libtorch, whose terms its gradients need.
    Operations(Box<Operations>),
    /// By a kernel of a GPU, which finds all it needs again from what it was given.
    Kernel {
        spline: Spline,
        x: Tensor,
        /// `[members, features, parameters, batch]`
        raw: Tensor,
    },
}

/// What operations of libtorch have found.
struct Operations {
    log_slope: Tensor,
    bin: Bin,
    terms: Terms,
    /// One inside of the tails, zero outside.
    inside: Tensor,
}

/// The bin of each value, and the shares that it came from.
struct Bin {
    /// Left knot, width, slope at the left knot and at the right one.
    left: Tensor,
    width: Tensor,
    bottom: Tensor,
    height: Tensor,
    slopes: [Tensor; 2],
    /// `[members, features, 1, batch]`
    index: Tensor,
    /// Shares of the widths and of the heights, `[members, features, bins, batch]`.
    shares: [Tensor; 2],
    /// Derivatives of the inner slopes by their raw numbers, `[members, features, bins − 1, batch]`.
    d_slopes: Tensor,
}

/// The terms of the rational function at a share ξ of a bin.
struct Terms {
    xi: Tensor,
    /// ξ (1 − ξ)
    hill: Tensor,
    /// Mean slope of the bin.
    mean_slope: Tensor,
    /// Numerator and denominator of the value.
    above: Tensor,
    below: Tensor,
    /// Numerator of the slope.
    slope_above: Tensor,
}

/// The gradient of what a spline was given.
pub struct Gradient {
    /// Of the input, `[members, features, batch]`.
    pub input: Tensor,
    /// Of the raw numbers, `[members, features, 3 bins − 1, batch]`.
    pub raw: Tensor,
}

impl Spline {
    /// Raw numbers of one feature's spline.
    pub fn parameters(&self) -> usize {
        3 * self.bins - 1
    }

    /// The spline's values at `x`.
    ///
    /// # Shapes
    /// `x` `[members, features, batch]`, `raw` `[members, features, parameters, batch]`.
    pub fn forward(&self, x: &Tensor, raw: &Tensor) -> Passed {
        if let Some((value, log_slope)) = on_gpu::forward(self, x, raw) {
            let way = Way::Kernel { spline: *self, x: x.shallow_clone(), raw: raw.shallow_clone() };
            return Passed { value, log_slope, way };
        }
        let inside = x.abs().lt(self.tail).to_kind(x.kind());
        let at = x.clamp(-self.tail, self.tail);
        let bin = self.bin(&at, raw, Side::Input);
        let xi = ((&at - &bin.left) / &bin.width).clamp_(0.0, 1.0);
        let terms = Terms::at(xi, &bin);
        let value = (&terms.above / &terms.below).g_mul_(&bin.height).g_add_(&bin.bottom);
        let log_slope = ((terms.mean_slope.square() * &terms.slope_above).log()
            - terms.below.log().g_mul_scalar_(2.0))
        .g_mul_(&inside);
        // x + inside (y − x): the tails are the identity.
        let value = x + (value - x).g_mul_(&inside);
        let operations = Operations { log_slope: log_slope.shallow_clone(), bin, terms, inside };
        Passed { value, log_slope, way: Way::Operations(Box::new(operations)) }
    }

    /// The inputs whose values are `y`.
    ///
    /// # Shapes
    /// As [`Spline::forward`].
    pub fn inverse(&self, y: &Tensor, raw: &Tensor) -> Tensor {
        if let Some(x) = on_gpu::inverse(self, y, raw) {
            return x;
        }
        let inside = y.abs().lt(self.tail).to_kind(y.kind());
        let at = y.clamp(-self.tail, self.tail);
        let Bin { left, width, bottom, height, slopes: [first, last], .. } = self.bin(&at, raw, Side::Output);
        let rise = at - bottom;
        let mean_slope = &height / &width;
        let bend = &first + last - &mean_slope * 2.0;
        // a ξ² + b ξ + c = 0, by the formula that does not cancel.
        let a = &height * (&mean_slope - &first) + &rise * &bend;
        let b = height * first - &rise * bend;
        let c = (mean_slope * rise).neg_();
        let root = (b.square() - a * &c * 4.0).clamp_min_(0.0).sqrt_();
        let xi = (c * 2.0 / (b.neg() - root)).clamp_(0.0, 1.0);
        y + (xi * width + left - y).g_mul_(&inside)
    }

    /// Finds each value's bin.
    fn bin(&self, at: &Tensor, raw: &Tensor, side: Side) -> Bin {
        let bins = self.bins as i64;
        let range = 2.0 * self.tail;
        let shares = [0, 1].map(|part| raw.narrow(2, part * bins, bins).softmax(2, raw.kind()));
        let sizes = [0, 1].map(|part: usize| {
            (&shares[part] * (range * (1.0 - self.bins as f64 * SMALLEST))).g_add_scalar_(range * SMALLEST)
        });
        // The upper edge of each bin.
        let edges = [0, 1].map(|part: usize| sizes[part].cumsum(2, raw.kind()).g_sub_scalar_(self.tail));
        let searched = match side {
            Side::Input => &edges[0],
            Side::Output => &edges[1],
        };
        let index = searched.narrow(2, 0, bins - 1).le_tensor(&at.unsqueeze(2)).sum_dim_intlist(
            [2_i64].as_slice(),
            true,
            Kind::Int64,
        );
        let pick = |of: &Tensor| of.gather(2, &index, false).squeeze_dim(2);
        let (width, height) = (pick(&sizes[0]), pick(&sizes[1]));
        let raw_slopes = raw.narrow(2, 2 * bins, bins - 1) + slope_shift();
        let ones = Tensor::ones([1, 1, 1, 1], (raw.kind(), raw.device()));
        let size = raw_slopes.size();
        let ones = ones.expand([size[0], size[1], 1, size[3]], false);
        let inner = raw_slopes.softplus().g_add_scalar_(SMALLEST);
        let slopes = Tensor::cat(&[&ones, &inner, &ones], 2);
        let last = slopes.gather(2, &(&index + 1), false).squeeze_dim(2);
        Bin {
            left: pick(&edges[0]) - &width,
            bottom: pick(&edges[1]) - &height,
            width,
            height,
            slopes: [pick(&slopes), last],
            d_slopes: raw_slopes.sigmoid(),
            shares,
            index,
        }
    }
}

/// The raw slope whose slope is one.
pub fn slope_shift() -> f64 {
    (1.0 - SMALLEST).exp_m1().ln()
}

impl Terms {
    fn at(xi: Tensor, bin: &Bin) -> Self {
        let [first, last] = &bin.slopes;
        let mean_slope = &bin.height / &bin.width;
        let hill = &xi * (1.0 - &xi);
        let square = xi.square();
        let rest: Tensor = 1.0 - &xi;
        Self {
            above: (&mean_slope * &square).addcmul(first, &hill),
            below: (first + last - &mean_slope * 2.0).g_mul_(&hill).g_add_(&mean_slope),
            slope_above: (last * square).addcmul_(first, &rest.square())
                + (&mean_slope * &hill).g_mul_scalar_(2.0),
            xi,
            hill,
            mean_slope,
        }
    }
}

impl Passed {
    /// Gradients, given those of the values and of the logarithms of the slopes.
    ///
    /// # Shapes
    /// `d_value` `[members, features, batch]`; `d_log_slope` broadcasts to it.
    pub fn backward(&self, spline: &Spline, d_value: &Tensor, d_log_slope: &Tensor) -> Gradient {
        match &self.way {
            Way::Operations(operations) => operations.backward(spline, d_value, d_log_slope),
            Way::Kernel { spline, x, raw } => on_gpu::backward(spline, x, raw, d_value, d_log_slope),
        }
    }

    /// Gradients where the spline was inverted: of its values `y`, given those of the inputs `x` and of −ln slope.
    ///
    /// # Shapes
    /// As [`Passed::backward`]; the input of the result is the gradient of `y`.
    pub fn backward_inverse(&self, spline: &Spline, d_input: &Tensor, d_log_slope: &Tensor) -> Gradient {
        match &self.way {
            Way::Operations(operations) => operations.backward_inverse(spline, d_input, d_log_slope),
            Way::Kernel { spline, x, raw } => on_gpu::backward_inverse(spline, x, raw, d_input, d_log_slope),
        }
    }

    /// The part of one feature.
    pub fn feature(&self, feature: i64) -> Self {
        let of = |tensor: &Tensor| tensor.narrow(1, feature, 1);
        let way = match &self.way {
            Way::Operations(operations) => Way::Operations(Box::new(operations.feature(feature))),
            Way::Kernel { spline, x, raw } => Way::Kernel { spline: *spline, x: of(x), raw: of(raw) },
        };
        Self { value: of(&self.value), log_slope: of(&self.log_slope), way }
    }
}

impl Operations {
    /// The slope at each input, and the derivative of its logarithm by the input.
    fn slope_and_bend(&self) -> (Tensor, Tensor) {
        let slope = self.log_slope.exp();
        let bend = self.log_slope_by_share() / &self.bin.width * &self.inside;
        (slope, bend)
    }

    /// ∂(ln slope)/∂ξ at fixed knots.
    fn log_slope_by_share(&self) -> Tensor {
        let Terms { xi, mean_slope, below, slope_above, .. } = &self.terms;
        let [first, last] = &self.bin.slopes;
        let turn = xi * -2.0 + 1.0;
        let d_slope_above = (last * xi + mean_slope * &turn - first * (1.0 - xi)) * 2.0;
        d_slope_above / slope_above - (first + last - mean_slope * 2.0) * turn * 2.0 / below
    }

    /// Gradients, given those of the values and of the logarithms of the slopes.
    ///
    /// # Shapes
    /// `d_value` `[members, features, batch]`; `d_log_slope` broadcasts to it.
    fn backward(&self, spline: &Spline, d_value: &Tensor, d_log_slope: &Tensor) -> Gradient {
        let Terms { xi, hill, mean_slope, above, below, slope_above } = &self.terms;
        let Bin { width, height, .. } = &self.bin;
        let d_y = d_value * &self.inside;
        let d_l = d_log_slope * &self.inside;
        let slope = self.log_slope.exp();
        let d_xi = &d_y * slope * width + &d_l * self.log_slope_by_share();
        // By the mean slope: the numerator has ξ² of it, the denominator 1 − 2 ξ (1 − ξ).
        let share = hill * -2.0 + 1.0;
        let rest: Tensor = 1.0 - xi;
        let below_squared = below.square();
        let d_mean = &d_y * height * (xi.square() * below - above * &share) / &below_squared
            + &d_l * ((hill / slope_above - share / below) * 2.0 + mean_slope.reciprocal() * 2.0);
        let d_first = &d_y * height * hill * (below - above) / &below_squared
            + &d_l * (rest.square() / slope_above - hill * 2.0 / below);
        let d_last = &d_l * (xi.square() / slope_above - hill * 2.0 / below)
            - &d_y * height * hill * above / below_squared;
        let d_left = (&d_xi / width).neg_();
        let d_width = ((&d_xi * xi + &d_mean * mean_slope) / width).neg_();
        let d_height = &d_y * above / below + d_mean / width;
        // Outside, the input passes unchanged.
        let input = d_value * (1.0 - &self.inside) - &d_left;
        let raw = self.bin.raw_gradient(spline, &[d_left, d_y], &[d_width, d_height], &[d_first, d_last]);
        Gradient { input, raw }
    }

    /// Gradients where the spline was inverted: of its values `y`, given those of the inputs `x` and of −ln slope.
    ///
    /// x follows from spline(x) = y, so dx = (dy − ∂spline/∂raw d raw) / slope.
    ///
    /// # Shapes
    /// As [`Passed::backward`]; the input of the result is the gradient of `y`.
    fn backward_inverse(&self, spline: &Spline, d_input: &Tensor, d_log_slope: &Tensor) -> Gradient {
        let (slope, bend) = self.slope_and_bend();
        let d_y = (d_input - d_log_slope * bend) / slope;
        let Gradient { raw, .. } = self.backward(spline, &d_y.neg(), &d_log_slope.neg());
        Gradient { input: d_y, raw }
    }

    /// One feature's part.
    fn feature(&self, feature: i64) -> Self {
        let of = |tensor: &Tensor| tensor.narrow(1, feature, 1);
        let Bin { left, width, bottom, height, slopes, index, shares, d_slopes } = &self.bin;
        let Terms { xi, hill, mean_slope, above, below, slope_above } = &self.terms;
        Self {
            log_slope: of(&self.log_slope),
            bin: Bin {
                left: of(left),
                width: of(width),
                bottom: of(bottom),
                height: of(height),
                slopes: [of(&slopes[0]), of(&slopes[1])],
                index: of(index),
                shares: [of(&shares[0]), of(&shares[1])],
                d_slopes: of(d_slopes),
            },
            terms: Terms {
                xi: of(xi),
                hill: of(hill),
                mean_slope: of(mean_slope),
                above: of(above),
                below: of(below),
                slope_above: of(slope_above),
            },
            inside: of(&self.inside),
        }
    }
}

impl Bin {
    /// From gradients of the values' own bins to those of all raw numbers; pairs are of widths and heights, and of
    /// the slopes at the left and at the right knot.
    fn raw_gradient(
        &self,
        spline: &Spline,
        d_lower_edge: &[Tensor; 2],
        d_size: &[Tensor; 2],
        d_slope: &[Tensor; 2],
    ) -> Tensor {
        let bins = spline.bins as i64;
        let kind = d_size[0].kind();
        let numbers = Tensor::arange(bins, (Kind::Int64, self.index.device())).reshape([1, 1, -1, 1]);
        // A bin's lower edge is the sum of all sizes below it.
        let lower = numbers.lt_tensor(&self.index).to_kind(kind);
        let own = numbers.eq_tensor(&self.index).to_kind(kind);
        let scale = 2.0 * spline.tail * (1.0 - spline.bins as f64 * SMALLEST);
        let sizes = [0, 1].map(|part: usize| {
            let d_sizes = (&lower * (d_lower_edge[part].unsqueeze(2) * scale))
                .addcmul_(&own, &(d_size[part].unsqueeze(2) * scale));
            let shares = &self.shares[part];
            let mean = (shares * &d_sizes).sum_dim_intlist([2_i64].as_slice(), true, kind);
            (d_sizes - mean).g_mul_(shares)
        });
        // Inner knot j is the right one of bin j and the left one of bin j + 1.
        let right = own.narrow(2, 0, bins - 1) * d_slope[1].unsqueeze(2);
        let slopes = right.addcmul(&own.narrow(2, 1, bins - 1), &d_slope[0].unsqueeze(2)) * &self.d_slopes;
        Tensor::cat(&[&sizes[0], &sizes[1], &slopes], 2)
    }
}

#[cfg(test)]
mod tests;
