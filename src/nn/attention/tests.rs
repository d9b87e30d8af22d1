use tch::Device;

use super::*;

const COUNTS: [usize; 6] = [3, 5, 1, 5, 2, 4];
const SLOTS: i64 = 5;
const HEADS: i64 = 2;
const SIZE: i64 = 3;

fn wave(shape: &[i64]) -> Tensor {
    let count = shape.iter().product::<i64>();
    (Tensor::arange(count, (Kind::Float, Device::Cpu)) * 0.7).sin().reshape(shape) * 2.0
}

fn difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

fn padding() -> Padding {
    Padding::new(&COUNTS, 2, SLOTS as usize, Device::Cpu)
}

fn qkv() -> Tensor {
    wave(&[2, 3 * SLOTS, 3 * HEADS * SIZE])
}

#[test]
fn masked_attention_is_the_direct_sum_over_elements() {
    let qkv = qkv();
    for kernel in [AttentionKernel::Written, AttentionKernel::Fused] {
        let found = attend(&qkv, HEADS as usize, &padding(), kernel).values;
        for (set, count) in (0..).zip(COUNTS) {
            let at = |part: i64, slot: i64, head: i64, axis: i64| {
                let column = (part * HEADS + head) * SIZE + axis;
                qkv.double_value(&[set / 3, set % 3 * SLOTS + slot, column])
            };
            for (head, query) in (0..HEADS).flat_map(|head| (0..count as i64).map(move |query| (head, query)))
            {
                let weight = |key: i64| {
                    let product: f64 =
                        (0..SIZE).map(|axis| at(0, query, head, axis) * at(1, key, head, axis)).sum();
                    (product / (SIZE as f64).sqrt()).exp()
                };
                let total: f64 = (0..count as i64).map(weight).sum();
                for axis in 0..SIZE {
                    let sum: f64 = (0..count as i64).map(|key| weight(key) * at(2, key, head, axis)).sum();
                    let found = found.double_value(&[set / 3, set % 3 * SLOTS + query, head * SIZE + axis]);
                    assert!((found - sum / total).abs() < 1e-5, "{kernel:?} {found} {}", sum / total);
                }
            }
        }
    }
}

#[test]
fn both_kernels_have_the_recorded_gradient() {
    let d_out = padding().zeroed(&wave(&[2, 3 * SLOTS, HEADS * SIZE]).cos());
    let leaf = qkv().set_requires_grad(true);
    let by_head = leaf.view([6, SLOTS, 3, HEADS, SIZE]);
    let [q, k, v] = [0, 1, 2].map(|part| by_head.select(2, part).transpose(1, 2));
    let padding = padding();
    let scores = q.matmul(&k.transpose(2, 3)) / (SIZE as f64).sqrt() + padding.mask().expect("a mask");
    let out = scores.softmax(-1, Kind::Float).matmul(&v).transpose(1, 2).reshape(d_out.size());
    let recorded = Tensor::run_backward(&[(out * &d_out).sum(Kind::Float)], &[&leaf], false, false).remove(0);
    assert!(recorded.abs().max().double_value(&[]) > 0.1, "a gradient to compare with");
    for kernel in [AttentionKernel::Written, AttentionKernel::Fused] {
        let found = attend(&qkv(), HEADS as usize, &padding, kernel).backward(&d_out);
        assert!(difference(&recorded, &found) < 1e-5, "{kernel:?}");
    }
}

#[test]
fn sets_without_padding_need_no_mask() {
    let full = Padding::new(&[5; 6], 2, 5, Device::Cpu);
    assert!(full.mask().is_none() && full.elements().is_none());
    let [written, fused] = [AttentionKernel::Written, AttentionKernel::Fused]
        .map(|kernel| attend(&qkv(), HEADS as usize, &full, kernel));
    assert!(difference(&written.values, &fused.values) < 1e-5);
    let d_out = wave(&[2, 3 * SLOTS, HEADS * SIZE]);
    assert!(difference(&written.backward(&d_out), &fused.backward(&d_out)) < 1e-5);
}
