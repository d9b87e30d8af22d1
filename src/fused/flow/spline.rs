//! Monotonic rational-quadratic splines of a tile's events, their inverses and their gradients.
//!
//! Source: the formulae and their origin are those of `crate::models::flow`, which these kernels are tested against.

use pulp::{Simd, WithSimd};

use crate::fused::elementary::{ln, softplus};
use crate::fused::layers::TILE;

/// The smallest share of the range that a bin takes, in width and in height, and the smallest slope.
const SMALLEST: f32 = 1e-3;
/// What is kept of the bin of an event and feature, for the way back.
pub const KEPT: usize = 9;

/// Bins and range of a spline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spline {
    /// Pieces between the tails, at least two.
    pub bins: usize,
    /// Where the tails begin.
    pub tail: f32,
    /// The raw slope whose slope is one.
    pub shift: f32,
}

/// Which way a spline is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From inputs to values.
    Forward,
    /// From values to inputs.
    Inverse,
}

/// One feature's splines.
pub struct Pass<'a> {
    /// Bins and range.
    pub spline: Spline,
    /// Which way.
    pub way: Way,
    /// What is passed, `(TILE)`, and becomes what comes out.
    pub x: &'a mut [f32],
    /// ln of the slopes, from inputs to values, are added here or, on the way back, taken away.
    pub log_det: &'a mut [f32],
    /// `(3 bins − 1, TILE)`; those of widths and heights become shares.
    pub raw: &'a mut [f32],
    /// `(KEPT, TILE)`
    pub kept: &'a mut [f32],
}

/// The gradients of that.
pub struct PassBack<'a> {
    /// Bins and range.
    pub spline: Spline,
    /// Which way it was passed.
    pub way: Way,
    /// The gradient of what came out, `(TILE)`, which becomes that of what was passed.
    pub d_x: &'a mut [f32],
    /// The gradient of the sum of all ln of slopes.
    pub d_log_det: &'a [f32],
    /// What was left, which becomes the gradient of the raw numbers.
    pub raw: &'a mut [f32],
    /// What was kept.
    pub kept: &'a [f32],
}

/// The bin of some events.
struct Bin<S: Simd> {
    left: S::f32s,
    width: S::f32s,
    bottom: S::f32s,
    height: S::f32s,
    /// Slopes at the left knot and at the right one.
    slopes: [S::f32s; 2],
    /// Their derivatives by the raw numbers.
    d_slopes: [S::f32s; 2],
    index: S::f32s,
}

/// The rational function at a share ξ of a bin.
struct Terms<S: Simd> {
    xi: S::f32s,
    /// 1 − ξ
    rest: S::f32s,
    /// ξ (1 − ξ)
    hill: S::f32s,
    /// Mean slope of the bin.
    mean: S::f32s,
    /// Both slopes less twice the mean one.
    bend: S::f32s,
    /// Numerator and denominator of the value.
    above: S::f32s,
    below: S::f32s,
    /// Numerator of the slope.
    slope_above: S::f32s,
}

impl Spline {
    /// Raw numbers of one feature.
    pub fn parameters(&self) -> usize {
        3 * self.bins - 1
    }

    /// A share becomes a size times this, plus the smallest size.
    fn scale(&self) -> f32 {
        2.0 * self.tail * (1.0 - self.bins as f32 * SMALLEST)
    }
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { spline, way, x, log_det, raw, kept } = self;
        let (raw, kept) = (S::as_mut_simd_f32s(raw).0, S::as_mut_simd_f32s(kept).0);
        let (tail, zero) = (simd.splat_f32s(spline.tail), simd.splat_f32s(0.0));
        let events = S::as_mut_simd_f32s(x).0.iter_mut().zip(S::as_mut_simd_f32s(log_det).0);
        for (v, (x, log_det)) in events.enumerate() {
            for part in 0..2 {
                shares(simd, &mut raw[part * spline.bins * lines::<S>()..], spline.bins, v);
            }
            let inside = simd.less_than_f32s(simd.abs_f32s(*x), tail);
            // In this order, what is no number remains none.
            let at = simd.max_f32s(simd.neg_f32s(tail), simd.min_f32s(tail, *x));
            let bin = find(simd, spline, way, raw, at, v);
            let terms = match way {
                Way::Forward => {
                    let share = simd.div_f32s(simd.sub_f32s(at, bin.left), bin.width);
                    let terms = Terms::<S>::at(simd, share, &bin);
                    let rise = simd.div_f32s(simd.mul_f32s(terms.above, bin.height), terms.below);
                    *x = simd.select_f32s(inside, simd.add_f32s(rise, bin.bottom), *x);
                    terms
                }
                Way::Inverse => {
                    let terms = Terms::<S>::at(simd, bin.share_of_value(simd, at), &bin);
                    let found = simd.mul_add_f32s(terms.xi, bin.width, bin.left);
                    *x = simd.select_f32s(inside, found, *x);
                    terms
                }
            };
            let log_slope = simd.select_f32s(inside, ln(simd, terms.slope(simd)), zero);
            *log_det = match way {
                Way::Forward => simd.add_f32s(*log_det, log_slope),
                Way::Inverse => simd.sub_f32s(*log_det, log_slope),
            };
            let inside = simd.select_f32s(inside, simd.splat_f32s(1.0), zero);
            let all = [
                bin.width,
                bin.height,
                bin.slopes[0],
                bin.slopes[1],
                bin.d_slopes[0],
                bin.d_slopes[1],
                bin.index,
                terms.xi,
                inside,
            ];
            for (row, value) in all.into_iter().enumerate() {
                kept[row * lines::<S>() + v] = value;
            }
        }
    }
}

/// Vectors of a tile's events.
#[inline(always)]
const fn lines<S: Simd>() -> usize {
    TILE / S::F32_LANES
}

/// Raw numbers of one axis become shares.
#[inline(always)]
fn shares<S: Simd>(simd: S, raw: &mut [S::f32s], bins: usize, v: usize) {
    let mut largest = raw[v];
    for raw in raw.chunks_exact(lines::<S>()).take(bins) {
        // In this order, what is no number remains none.
        largest = simd.max_f32s(largest, raw[v]);
    }
    let mut sum = simd.splat_f32s(0.0);
    for raw in raw.chunks_exact_mut(lines::<S>()).take(bins) {
        raw[v] = crate::fused::elementary::exp(simd, simd.sub_f32s(raw[v], largest));
        sum = simd.add_f32s(sum, raw[v]);
    }
    let share = simd.div_f32s(simd.splat_f32s(1.0), sum);
    for raw in raw.chunks_exact_mut(lines::<S>()).take(bins) {
        raw[v] = simd.mul_f32s(raw[v], share);
    }
}

/// A row's vector.
#[inline(always)]
fn at_row<S: Simd>(rows: &[S::f32s], row: usize, v: usize) -> S::f32s {
    rows[row * lines::<S>() + v]
}

/// Width and height of a bin, from its shares.
#[inline(always)]
fn both_sizes<S: Simd>(simd: S, spline: Spline, shares: &[S::f32s], bin: usize, v: usize) -> [S::f32s; 2] {
    let (scale, least) = (simd.splat_f32s(spline.scale()), simd.splat_f32s(2.0 * spline.tail * SMALLEST));
    let (width, height) = (at_row::<S>(shares, bin, v), at_row::<S>(shares, spline.bins + bin, v));
    [simd.mul_add_f32s(width, scale, least), simd.mul_add_f32s(height, scale, least)]
}

/// The bin in which values lie, along the axis that they are values of.
#[inline(always)]
fn find<S: Simd>(simd: S, spline: Spline, way: Way, raw: &[S::f32s], at: S::f32s, v: usize) -> Bin<S> {
    let bins = spline.bins;
    let start = simd.splat_f32s(-spline.tail);
    let (mut edges, mut sizes) = ([start; 2], both_sizes(simd, spline, raw, 0, v));
    let (mut own_edges, mut own_sizes) = (edges, sizes);
    let mut raw_slopes = [at_row::<S>(raw, 2 * bins, v); 2];
    let mut index = simd.splat_f32s(0.0);
    for bin in 1..bins {
        for (edge, size) in edges.iter_mut().zip(sizes) {
            *edge = simd.add_f32s(*edge, size);
        }
        sizes = both_sizes(simd, spline, raw, bin, v);
        let searched = match way {
            Way::Forward => edges[0],
            Way::Inverse => edges[1],
        };
        let beyond = simd.less_than_or_equal_f32s(searched, at);
        for part in 0..2 {
            own_edges[part] = simd.select_f32s(beyond, edges[part], own_edges[part]);
            own_sizes[part] = simd.select_f32s(beyond, sizes[part], own_sizes[part]);
        }
        raw_slopes[0] = simd.select_f32s(beyond, at_row::<S>(raw, 2 * bins + bin - 1, v), raw_slopes[0]);
        // The last bin ends at a knot that has no raw number.
        let next = at_row::<S>(raw, 2 * bins + bin.min(bins - 2), v);
        raw_slopes[1] = simd.select_f32s(beyond, next, raw_slopes[1]);
        index = simd.select_f32s(beyond, simd.splat_f32s(bin as f32), index);
    }
    let at_end = [
        simd.less_than_f32s(index, simd.splat_f32s(0.5)),
        simd.greater_than_f32s(index, simd.splat_f32s(bins as f32 - 1.5)),
    ];
    let (mut slopes, mut d_slopes) = (raw_slopes, raw_slopes);
    for side in 0..2 {
        let shifted = simd.add_f32s(raw_slopes[side], simd.splat_f32s(spline.shift));
        let (value, d_value) = softplus(simd, shifted);
        let value = simd.add_f32s(value, simd.splat_f32s(SMALLEST));
        slopes[side] = simd.select_f32s(at_end[side], simd.splat_f32s(1.0), value);
        d_slopes[side] = simd.select_f32s(at_end[side], simd.splat_f32s(0.0), d_value);
    }
    let ([left, bottom], [width, height]) = (own_edges, own_sizes);
    Bin { left, width, bottom, height, slopes, d_slopes, index }
}

impl<S: Simd> Bin<S> {
    /// ξ of values.
    #[inline(always)]
    fn share_of_value(&self, simd: S, at: S::f32s) -> S::f32s {
        let Self { width, bottom, height, slopes: [first, last], .. } = *self;
        let rise = simd.sub_f32s(at, bottom);
        let mean = simd.div_f32s(height, width);
        let bend = simd.mul_add_f32s(mean, simd.splat_f32s(-2.0), simd.add_f32s(first, last));
        let tilt = simd.mul_f32s(rise, bend);
        // a ξ² + b ξ + c = 0, by the formula that does not cancel.
        let a = simd.mul_add_f32s(height, simd.sub_f32s(mean, first), tilt);
        let b = simd.sub_f32s(simd.mul_f32s(height, first), tilt);
        let c = simd.neg_f32s(simd.mul_f32s(mean, rise));
        let product = simd.mul_f32s(simd.mul_f32s(a, c), simd.splat_f32s(-4.0));
        let square = simd.max_f32s(simd.splat_f32s(0.0), simd.mul_add_f32s(b, b, product));
        let divisor = simd.neg_f32s(simd.add_f32s(b, simd.sqrt_f32s(square)));
        simd.div_f32s(simd.add_f32s(c, c), divisor)
    }
}

impl<S: Simd> Terms<S> {
    #[inline(always)]
    fn at(simd: S, share: S::f32s, bin: &Bin<S>) -> Self {
        let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
        let xi = simd.max_f32s(zero, simd.min_f32s(one, share));
        Self::of(simd, xi, [bin.width, bin.height], bin.slopes)
    }

    #[inline(always)]
    fn of(simd: S, xi: S::f32s, [width, height]: [S::f32s; 2], [first, last]: [S::f32s; 2]) -> Self {
        let mean = simd.div_f32s(height, width);
        let rest = simd.sub_f32s(simd.splat_f32s(1.0), xi);
        let hill = simd.mul_f32s(xi, rest);
        let square = simd.mul_f32s(xi, xi);
        let bend = simd.mul_add_f32s(mean, simd.splat_f32s(-2.0), simd.add_f32s(first, last));
        let outer = simd.mul_add_f32s(last, square, simd.mul_f32s(first, simd.mul_f32s(rest, rest)));
        Self {
            above: simd.mul_add_f32s(mean, square, simd.mul_f32s(first, hill)),
            below: simd.mul_add_f32s(bend, hill, mean),
            slope_above: simd.mul_add_f32s(simd.add_f32s(mean, mean), hill, outer),
            xi,
            rest,
            hill,
            mean,
            bend,
        }
    }

    #[inline(always)]
    fn slope(&self, simd: S) -> S::f32s {
        let ratio = simd.div_f32s(self.mean, self.below);
        simd.mul_f32s(simd.mul_f32s(ratio, ratio), self.slope_above)
    }

    /// ∂(ln slope)/∂ξ at fixed knots.
    #[inline(always)]
    fn log_slope_by_share(&self, simd: S, [first, last]: [S::f32s; 2]) -> S::f32s {
        let turn = simd.mul_add_f32s(self.xi, simd.splat_f32s(-2.0), simd.splat_f32s(1.0));
        let inner = simd.mul_add_f32s(self.mean, turn, simd.mul_f32s(last, self.xi));
        let d_slope_above = simd.negate_mul_add_f32s(first, self.rest, inner);
        let fall = simd.div_f32s(simd.mul_f32s(self.bend, turn), self.below);
        let half = simd.sub_f32s(simd.div_f32s(d_slope_above, self.slope_above), fall);
        simd.add_f32s(half, half)
    }
}

/// Gradients of the numbers of a bin.
struct BinGradient<S: Simd> {
    /// Of the lower edges and of the sizes, along both axes.
    edges: [S::f32s; 2],
    sizes: [S::f32s; 2],
    slopes: [S::f32s; 2],
}

impl WithSimd for PassBack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { spline, way, d_x, d_log_det, raw, kept } = self;
        let (raw, kept) = (S::as_mut_simd_f32s(raw).0, S::as_simd_f32s(kept).0);
        let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
        let events = S::as_mut_simd_f32s(d_x).0.iter_mut().zip(S::as_simd_f32s(d_log_det).0);
        for (v, (d_x, d_log_det)) in events.enumerate() {
            let mut all = [zero; KEPT];
            for (row, value) in all.iter_mut().enumerate() {
                *value = at_row::<S>(kept, row, v);
            }
            let [width, height, first, last, d_first, d_last, index, xi, inside] = all;
            let (sizes, slopes) = ([width, height], [first, last]);
            let inside = simd.greater_than_f32s(inside, zero);
            let terms = Terms::<S>::of(simd, xi, sizes, slopes);
            let by_share = terms.log_slope_by_share(simd, slopes);
            let slope = simd.select_f32s(inside, terms.slope(simd), one);
            let (d_value, d_log_slope) = match way {
                Way::Forward => (*d_x, *d_log_det),
                Way::Inverse => {
                    // x follows from spline(x) = y, so that dx = (dy − ∂spline/∂raw d raw) / slope.
                    let bend = simd.select_f32s(inside, simd.div_f32s(by_share, sizes[0]), zero);
                    let d = simd.div_f32s(simd.negate_mul_add_f32s(*d_log_det, bend, *d_x), slope);
                    *d_x = d;
                    (simd.neg_f32s(d), simd.neg_f32s(*d_log_det))
                }
            };
            let d_y = simd.select_f32s(inside, d_value, zero);
            let d_l = simd.select_f32s(inside, d_log_slope, zero);
            let d_xi = simd.mul_add_f32s(simd.mul_f32s(d_y, slope), sizes[0], simd.mul_f32s(d_l, by_share));
            let found = gradients(simd, &terms, sizes, [d_y, d_l, d_xi]);
            if way == Way::Forward {
                // Outside, the input passes unchanged.
                *d_x = simd.select_f32s(inside, simd.neg_f32s(found.edges[0]), d_value);
            }
            spread(
                simd,
                spline,
                raw,
                v,
                index,
                &BinGradient {
                    slopes: [simd.mul_f32s(found.slopes[0], d_first), simd.mul_f32s(found.slopes[1], d_last)],
                    ..found
                },
            );
        }
    }
}

/// From the gradients of value, ln slope and share to those of the bin.
#[inline(always)]
fn gradients<S: Simd>(
    simd: S,
    terms: &Terms<S>,
    [width, height]: [S::f32s; 2],
    [d_y, d_l, d_xi]: [S::f32s; 3],
) -> BinGradient<S> {
    let Terms { xi, rest, hill, mean, above, below, slope_above, .. } = *terms;
    let (one, minus_two) = (simd.splat_f32s(1.0), simd.splat_f32s(-2.0));
    let over_below = simd.div_f32s(one, below);
    let over_above = simd.div_f32s(one, slope_above);
    let over_width = simd.div_f32s(one, width);
    // By the mean slope: the numerator has ξ² of it, the denominator 1 − 2 ξ (1 − ξ).
    let share = simd.mul_add_f32s(hill, minus_two, one);
    let square = simd.mul_f32s(xi, xi);
    let rise = simd.mul_f32s(simd.mul_f32s(d_y, height), simd.mul_f32s(over_below, over_below));
    let by_mean = simd.negate_mul_add_f32s(above, share, simd.mul_f32s(square, below));
    let of_slope = simd.negate_mul_add_f32s(share, over_below, simd.mul_f32s(hill, over_above));
    let of_slope = simd.add_f32s(of_slope, simd.div_f32s(one, mean));
    let d_mean = simd.mul_add_f32s(rise, by_mean, simd.mul_f32s(simd.add_f32s(d_l, d_l), of_slope));
    let both = simd.mul_f32s(simd.mul_f32s(hill, minus_two), over_below);
    let of_first = simd.mul_add_f32s(simd.mul_f32s(rest, rest), over_above, both);
    let of_last = simd.mul_add_f32s(square, over_above, both);
    let climb = simd.mul_f32s(rise, hill);
    let d_first = simd.mul_add_f32s(climb, simd.sub_f32s(below, above), simd.mul_f32s(d_l, of_first));
    let d_last = simd.negate_mul_add_f32s(climb, above, simd.mul_f32s(d_l, of_last));
    let d_left = simd.neg_f32s(simd.mul_f32s(d_xi, over_width));
    let d_width = simd.mul_add_f32s(d_xi, xi, simd.mul_f32s(d_mean, mean));
    let d_width = simd.neg_f32s(simd.mul_f32s(d_width, over_width));
    let level = simd.mul_f32s(above, over_below);
    let d_height = simd.mul_add_f32s(d_y, level, simd.mul_f32s(d_mean, over_width));
    BinGradient { edges: [d_left, d_y], sizes: [d_width, d_height], slopes: [d_first, d_last] }
}

/// From the gradients of the events' own bins to those of all raw numbers, in the place of the shares.
#[inline(always)]
fn spread<S: Simd>(
    simd: S,
    spline: Spline,
    raw: &mut [S::f32s],
    v: usize,
    index: S::f32s,
    d: &BinGradient<S>,
) {
    let (bins, lines, zero) = (spline.bins, lines::<S>(), simd.splat_f32s(0.0));
    let scale = simd.splat_f32s(spline.scale());
    for part in 0..2 {
        let shares = &mut raw[part * bins * lines..];
        let (d_edge, d_size) = (simd.mul_f32s(d.edges[part], scale), simd.mul_f32s(d.sizes[part], scale));
        let mut mean = zero;
        for (bin, share) in shares.chunks_exact(lines).take(bins).enumerate() {
            mean = simd.mul_add_f32s(share[v], of_bin(simd, bin, index, [d_edge, d_size]), mean);
        }
        for (bin, share) in shares.chunks_exact_mut(lines).take(bins).enumerate() {
            share[v] =
                simd.mul_f32s(share[v], simd.sub_f32s(of_bin(simd, bin, index, [d_edge, d_size]), mean));
        }
    }
    // Inner knot j is the right one of bin j and the left one of bin j + 1.
    for (knot, raw) in raw[2 * bins * lines..].chunks_exact_mut(lines).take(bins - 1).enumerate() {
        let starts_here = simd.equal_f32s(simd.splat_f32s((knot + 1) as f32), index);
        let ends_here = simd.equal_f32s(simd.splat_f32s(knot as f32), index);
        let left = simd.select_f32s(starts_here, d.slopes[0], zero);
        raw[v] = simd.select_f32s(ends_here, d.slopes[1], left);
    }
}

/// The gradient of a bin's size: a bin's lower edge is the sum of all sizes below it.
#[inline(always)]
fn of_bin<S: Simd>(simd: S, bin: usize, index: S::f32s, [d_edge, d_size]: [S::f32s; 2]) -> S::f32s {
    let number = simd.splat_f32s(bin as f32);
    let own = simd.select_f32s(simd.equal_f32s(number, index), d_size, simd.splat_f32s(0.0));
    simd.select_f32s(simd.less_than_f32s(number, index), d_edge, own)
}
