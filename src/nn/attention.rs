//! Multi-head self-attention among the elements of a set, in kernels for processors and for GPUs.

use tch::{Kind, Tensor};

use super::as_on_a_gpu::computes_as_a_gpu;
use super::dense::is_narrow;
use super::padding::Padding;

/// How attention is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttentionKernel {
    /// Batched products with a written gradient: on a core, for sets of some tens, less than half the time of libtorch's
    /// kernels, whose softmax is slow there and whose gradient is slower.
    Written,
    /// `scaled_dot_product_attention`, whose gradient libtorch records: on a GPU, weights are then never stored.
    Fused,
}

impl AttentionKernel {
    /// The faster one for a tensor's device.
    pub fn of(x: &Tensor) -> Self {
        if computes_as_a_gpu(x.device()) { Self::Fused } else { Self::Written }
    }
}

/// The result of an attention and what its gradient needs.
pub struct Attended {
    /// `[members, sets · slots, width]`
    pub values: Tensor,
    saved: Saved,
}

enum Saved {
    Written {
        /// Queries, keys, values, `[3, sets · heads, slots, width / heads]`.
        qkv: Tensor,
        /// exp of the scores less the largest of the row, `[sets · heads, slots, slots]`.
        weights: Tensor,
        /// Their sums over keys, `[sets · heads, slots, 1]`.
        sums: Tensor,
        /// `[sets · heads, slots, width / heads]`
        out: Tensor,
    },
    Fused {
        qkv: Tensor,
        out: Tensor,
    },
}

/// softmax(q kᵀ / √(width / heads)) v in each set and head, over the elements that are not padding.
///
/// # Shapes
/// `qkv` `[members, sets · slots, 3 · width]`: queries, keys, values, each head after head; the result is
/// `[members, sets · slots, width]`.
pub fn attend(qkv: &Tensor, heads: usize, padding: &Padding, kernel: AttentionKernel) -> Attended {
    let (sets, slots, heads) = (padding.all_sets(), padding.slots, heads as i64);
    let width = qkv.size()[2] / 3;
    let by_head = qkv.view([sets, slots, 3, heads, width / heads]);
    match kernel {
        AttentionKernel::Written => written(&by_head, padding),
        AttentionKernel::Fused => fused(&by_head, padding),
    }
}

impl Attended {
    /// The gradient of queries, keys and values, `[members, sets · slots, 3 · width]`.
    pub fn backward(&self, d_out: &Tensor) -> Tensor {
        let [members, rows, width] = [0, 1, 2].map(|axis| d_out.size()[axis]);
        match &self.saved {
            Saved::Fused { qkv, out } => {
                let d_out = d_out.reshape(out.size());
                let objective = (out * d_out).sum(Kind::Float);
                let mut found = Tensor::run_backward(&[objective], &[qkv], false, false);
                found.remove(0).view([members, rows, 3 * width])
            }
            Saved::Written { qkv, weights, sums, out } => {
                let [heads_of_sets, slots, size] = [0, 1, 2].map(|axis| out.size()[axis]);
                let heads = width / size;
                let sets = heads_of_sets / heads;
                let d_out = d_out.view([sets, slots, heads, size]).transpose(1, 2);
                // With weights e and sums s: out = (e / s) v.
                let d_weighted = d_out.reshape(out.size()) / sums;
                let drift = (&d_weighted * out).sum_dim_intlist([-1_i64].as_slice(), true, Kind::Float);
                let [q, k, v] = [0, 1, 2].map(|part| qkv.get(part));
                let d_scores = drift.baddbmm(&d_weighted, &v.transpose(1, 2), -1.0, 1.0).g_mul_(weights);
                let scale = (size as f64).powf(-0.5);
                let parts = [
                    to_heads(&d_scores, &k).g_mul_scalar_(scale),
                    to_heads(&d_scores.transpose(1, 2), &q).g_mul_scalar_(scale),
                    to_heads(&weights.transpose(1, 2), &d_weighted),
                ];
                let d_qkv = Tensor::empty([sets, slots, 3, heads, size], (qkv.kind(), qkv.device()));
                for (part, values) in (0..).zip(parts) {
                    let values = values.view([sets, heads, slots, size]).transpose(1, 2);
                    d_qkv.select(2, part).copy_(&values);
                }
                d_qkv.view([members, rows, 3 * width])
            }
        }
    }
}

/// `by_head` `[sets, slots, 3, heads, width / heads]`.
fn written(by_head: &Tensor, padding: &Padding) -> Attended {
    let [sets, slots, _, heads, size] = [0, 1, 2, 3, 4].map(|axis| by_head.size()[axis]);
    let qkv = by_head.permute([2, 0, 3, 1, 4]).to_kind(Kind::Float).contiguous();
    let qkv = qkv.view([3, sets * heads, slots, size]);
    let [q, k, v] = [0, 1, 2].map(|part| qkv.get(part));
    let scale = (size as f64).powf(-0.5);
    let mut scores = match padding.mask() {
        Some(mask) => {
            let mask = mask.expand([sets, heads, 1, slots], false).reshape([sets * heads, 1, slots]);
            mask.baddbmm(&q, &k.transpose(1, 2), 1.0, scale)
        }
        None => (q * scale).bmm(&k.transpose(1, 2)),
    };
    let largest = scores.amax([-1_i64].as_slice(), true);
    let weights = scores.g_sub_(&largest).exp_();
    let sums = weights.sum_dim_intlist([-1_i64].as_slice(), true, Kind::Float);
    let out = to_heads(&weights, &v) / &sums;
    let values = out.view([sets, heads, slots, size]).transpose(1, 2);
    let values = values.reshape([padding.members, padding.sets * slots, heads * size]);
    Attended { values, saved: Saved::Written { qkv, weights, sums, out } }
}

/// A product of `[slots, slots]` with `[slots, width / heads]`; where heads are narrow, by its transpose, which takes a core
/// a third of the time (see [`super::dense`]).
fn to_heads(scores: &Tensor, values: &Tensor) -> Tensor {
    if is_narrow(values) {
        values.transpose(1, 2).bmm(&scores.transpose(1, 2)).transpose(1, 2)
    } else {
        scores.bmm(values)
    }
}

/// `by_head` `[sets, slots, 3, heads, width / heads]`.
fn fused(by_head: &Tensor, padding: &Padding) -> Attended {
    let [sets, slots, _, heads, size] = [0, 1, 2, 3, 4].map(|axis| by_head.size()[axis]);
    let qkv = by_head.detach().set_requires_grad(true);
    // Taken apart at once, so that their gradients are put together at once.
    let parts = qkv.unbind(2);
    let [q, k, v] = [0, 1, 2].map(|part| parts[part].transpose(1, 2));
    let mask = padding.mask().map(|mask| mask.to_kind(q.kind()).expand([sets, heads, slots, slots], false));
    let out = Tensor::scaled_dot_product_attention(&q, &k, &v, mask, 0.0, false, None, false);
    let out = out.transpose(1, 2);
    let values = out.detach().reshape([padding.members, padding.sets * slots, heads * size]);
    Attended { values, saved: Saved::Fused { qkv, out } }
}

#[cfg(test)]
mod tests;
