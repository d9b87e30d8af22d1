//! Zeros behind the inputs of networks whose layout is padded.

use std::cell::RefCell;
use std::collections::HashMap;

use tch::{Device, Kind, Tensor};

thread_local! {
    /// One zero for each kind of number and device: where it is asked for again, no kernel has to write it.
    static ZEROS: RefCell<HashMap<(Kind, Device), Tensor>> = RefCell::default();
}

/// Inputs of a network, with zeros behind them where its layout is padded. To be asked for outside of steps that are recorded.
///
/// # Shapes
/// `[…, inputs]` to `[…, columns]`.
pub fn pad(x: &Tensor, columns: i64) -> Tensor {
    let mut shape = x.size();
    let Some(last) = shape.last_mut().filter(|own| **own < columns) else { return x.shallow_clone() };
    *last = columns - *last;
    Tensor::cat(&[x, &zeros(&shape, x)], -1)
}

/// So many zeros, none of which has room of its own.
fn zeros(shape: &[i64], like: &Tensor) -> Tensor {
    let key = (like.kind(), like.device());
    let zero = ZEROS
        .with_borrow_mut(|known| known.entry(key).or_insert_with(|| Tensor::zeros([1], key)).shallow_clone());
    zero.expand(shape, false)
}
