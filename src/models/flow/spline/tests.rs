use drapes_analysis::plan::random_stream::Stream;
use rand_distr::{Distribution, StandardNormal};
use tch::Device;

use super::*;

const SPLINE: Spline = Spline { bins: 6, tail: 3.0 };

fn normals(shape: &[i64], seed: u64) -> Tensor {
    let mut generator = Stream::of_job(seed).generator();
    let values: Vec<f64> =
        (0..shape.iter().product::<i64>()).map(|_| StandardNormal.sample(&mut generator)).collect();
    Tensor::from_slice(&values).reshape(shape)
}

/// Inputs within the tails, beyond them, and near knots; raw numbers of strongly bent splines.
fn case() -> (Tensor, Tensor) {
    (normals(&[2, 3, 200], 1) * 2.0, normals(&[2, 3, SPLINE.parameters() as i64, 200], 2) * 1.5)
}

fn largest(of: &Tensor) -> f64 {
    of.abs().max().double_value(&[])
}

#[test]
fn raw_zeros_are_the_identity() {
    let (x, raw) = case();
    let passed = SPLINE.forward(&x, &raw.zeros_like());
    assert!(largest(&(passed.value - x)) < 1e-12 && largest(&passed.log_slope) < 1e-12);
}

#[test]
fn tails_are_the_identity_and_the_spline_meets_them() {
    let (_, raw) = case();
    let x = Tensor::from_slice(&[-1e6, -3.1, -3.0, -2.999_999_999_9, 2.999_999_999_9, 3.0, 3.1, 1e6])
        .expand([2, 3, 8], false);
    let passed = SPLINE.forward(&x, &raw.narrow(3, 0, 8));
    assert!(largest(&(passed.value - x)) < 1e-5);
    assert!(largest(&passed.log_slope) < 1e-4, "the slope is one where the tails begin");
}

#[test]
fn the_inverse_undoes_the_spline() {
    for (kind, error) in [(Kind::Double, 1e-9), (Kind::Float, 1e-4)] {
        // Slopes down to 0.004 and up to 50; in the strongest case, to 1e-5.
        for (bend, strongest) in [(0.5, false), (1.0, true)] {
            let (x, raw) = case();
            let (x, raw) = (x.to_kind(kind), raw.to_kind(kind) * bend);
            let passed = SPLINE.forward(&x, &raw);
            let far = SPLINE.inverse(&passed.value, &raw) - &x;
            // Where a spline is flat, its value says little of the input: rounding of one is spread by 1 / slope.
            let there = if strongest { largest(&(far * passed.log_slope.exp())) } else { largest(&far) };
            let back = largest(&(SPLINE.forward(&SPLINE.inverse(&x, &raw), &raw).value - &x));
            assert!(there < error && back < error, "{kind:?}, {bend}: {there} {back}");
            assert!(largest(&(passed.value - x)) > 0.5, "there is something to undo");
        }
    }
}

#[test]
fn slopes_are_those_of_finite_differences() {
    let (x, raw) = case();
    let step = 1e-6;
    let difference = SPLINE.forward(&(&x + step), &raw).value - SPLINE.forward(&(&x - step), &raw).value;
    let slope = SPLINE.forward(&x, &raw).log_slope.exp();
    assert!(largest(&((difference / (2.0 * step)) / slope - 1.0)) < 1e-3);
}

/// The derivatives of a sum of weighted values and log slopes, by libtorch's own bookkeeping.
fn recorded(x: &Tensor, raw: &Tensor, objective: impl Fn(&Tensor, &Tensor) -> Tensor) -> (Tensor, Tensor) {
    let (x, raw) = (x.copy().set_requires_grad(true), raw.copy().set_requires_grad(true));
    let mut found = Tensor::run_backward(&[objective(&x, &raw)], &[&x, &raw], false, false);
    (found.remove(0), found.remove(0))
}

#[test]
fn written_gradients_are_the_recorded_ones() {
    let (x, raw) = case();
    let (d_value, d_log_slope) = (normals(&[2, 3, 200], 3), normals(&[2, 1, 200], 4));
    let (d_x, d_raw) = recorded(&x, &raw, |x, raw| {
        // Without in-place steps, which recording does not allow.
        let passed = plain_forward(x, raw);
        (passed.0 * &d_value).sum(Kind::Double) + (passed.1 * &d_log_slope).sum(Kind::Double)
    });
    let written = SPLINE.forward(&x, &raw).backward(&SPLINE, &d_value, &d_log_slope);
    assert!(largest(&(written.input - &d_x)) < 1e-8 * largest(&d_x));
    assert!(largest(&(written.raw - &d_raw)) < 1e-8 * largest(&d_raw));
}

#[test]
fn gradients_of_the_inverse_are_those_of_finite_differences() {
    let (y, raw) = case();
    let (d_x, d_log_slope) = (normals(&[2, 3, 200], 3), normals(&[2, 1, 200], 4));
    let objective = |y: &Tensor, raw: &Tensor| {
        let x = SPLINE.inverse(y, raw);
        let log_slope = SPLINE.forward(&x, raw).log_slope;
        (x * &d_x - log_slope * &d_log_slope).sum_dim_intlist([1_i64].as_slice(), false, Kind::Double)
    };
    let x = SPLINE.inverse(&y, &raw);
    let written = SPLINE.forward(&x, &raw).backward_inverse(&SPLINE, &d_x, &d_log_slope);
    let step = 1e-6;
    for feature in 0..3 {
        let shift = y.zeros_like();
        let _ = shift.narrow(1, feature, 1).fill_(step);
        let difference = (objective(&(&y + &shift), &raw) - objective(&(&y - &shift), &raw)) / (2.0 * step);
        assert!(largest(&(difference - written.input.select(1, feature))) < 1e-3 * largest(&written.input));
        for number in 0..SPLINE.parameters() as i64 {
            let shift = raw.zeros_like();
            let _ = shift.narrow(1, feature, 1).narrow(2, number, 1).fill_(step);
            let difference =
                (objective(&y, &(&raw + &shift)) - objective(&y, &(&raw - &shift))) / (2.0 * step);
            let of_number = written.raw.select(1, feature).select(1, number);
            assert!(largest(&(difference - of_number)) < 1e-3 * largest(&written.raw), "{feature} {number}");
        }
    }
}

/// The textbook formula, step by step, for libtorch to record.
fn plain_forward(x: &Tensor, raw: &Tensor) -> (Tensor, Tensor) {
    let (bins, tail) = (SPLINE.bins as i64, SPLINE.tail);
    let inside = x.abs().lt(tail).to_kind(Kind::Double);
    let at = x.clamp(-tail, tail);
    let sizes = |part: i64| {
        raw.narrow(2, part * bins, bins).softmax(2, Kind::Double)
            * (2.0 * tail * (1.0 - bins as f64 * SMALLEST))
            + 2.0 * tail * SMALLEST
    };
    let (widths, heights) = (sizes(0), sizes(1));
    let upper = |sizes: &Tensor| sizes.cumsum(2, Kind::Double) - tail;
    let (right, top) = (upper(&widths), upper(&heights));
    let index = right.narrow(2, 0, bins - 1).le_tensor(&at.unsqueeze(2)).sum_dim_intlist(
        [2_i64].as_slice(),
        true,
        Kind::Int64,
    );
    let pick = |of: &Tensor, index: &Tensor| of.gather(2, index, false).squeeze_dim(2);
    let inner = (raw.narrow(2, 2 * bins, bins - 1) + slope_shift()).softplus() + SMALLEST;
    let ones = inner.narrow(2, 0, 1).ones_like();
    let slopes = Tensor::cat(&[&ones, &inner, &ones], 2);
    let (w, h) = (pick(&widths, &index), pick(&heights, &index));
    let (d0, d1) = (pick(&slopes, &index), pick(&slopes, &(&index + 1)));
    let (left, bottom) = (pick(&right, &index) - &w, pick(&top, &index) - &h);
    let xi = (at - left) / &w;
    let s = &h / &w;
    let hill = &xi * (1.0 - &xi);
    let below = &s + (&d1 + &d0 - &s * 2.0) * &hill;
    let value = bottom + h * (&s * xi.square() + &d0 * &hill) / &below;
    let rest: Tensor = 1.0 - &xi;
    let slope = s.square() * (&d1 * xi.square() + &s * &hill * 2.0 + &d0 * rest.square()) / below.square();
    (x + (value - x) * &inside, slope.log() * inside)
}

#[test]
fn a_feature_of_many_is_that_feature() {
    let (x, raw) = case();
    let all = SPLINE.forward(&x, &raw);
    let one = all.feature(1);
    let alone = SPLINE.forward(&x.narrow(1, 1, 1), &raw.narrow(1, 1, 1));
    assert!(largest(&(&one.value - alone.value)) < 1e-12);
    let d = Tensor::ones([2, 1, 200], (Kind::Double, Device::Cpu));
    let (of_all, of_one) = (all.backward(&SPLINE, &d, &d), one.backward(&SPLINE, &d, &d));
    assert!(largest(&(of_all.raw.narrow(1, 1, 1) - of_one.raw)) < 1e-12);
}
