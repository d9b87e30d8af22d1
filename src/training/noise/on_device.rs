//! The same random numbers as tensors: whole numbers of 64 bits stand for words of 32.

use tch::{Device, Kind, Tensor};

use super::Noise;
use super::philox::{LANES, MULTIPLIERS, ROUNDS};
use super::unit_normals::{CUBICS, FIRST, MAGNITUDE, WITHIN};
use crate::device::to_device_soon;

/// The bits of a word.
const WORD: i64 = 0xffff_ffff;

/// Unit normals of all steps and members, `[steps, members, each]`.
pub fn normals(members: &[Noise], steps: usize, each: usize, device: Device) -> Tensor {
    let groups = each.div_ceil(4 * LANES);
    let words = words(members, steps, groups * LANES, device);
    let normals = of_words(&words).reshape([steps as i64, members.len() as i64, -1]);
    normals.narrow(2, 0, each as i64)
}

/// The words of all counters, in the order of the numbers that are made of them: `[steps, members, groups, 4, LANES]`.
fn words(members: &[Noise], steps: usize, counters: usize, device: Device) -> Tensor {
    let [n_steps, n_members, n_counters] = [steps, members.len(), counters].map(|size| size as i64);
    let steps_of = |part: fn(u64) -> u64| {
        (0..steps).flat_map(move |step| members.iter().map(move |own| part(own.step + step as u64) as i64))
    };
    let steps: Vec<i64> = steps_of(|step| step & WORD as u64).chain(steps_of(|step| step >> 32)).collect();
    let steps = soon(&steps, device).view([2, n_steps, n_members, 1]);
    let rounds: Vec<[[u32; 2]; ROUNDS]> = members.iter().map(|own| own.key.rounds()).collect();
    let keys: Vec<i64> = (0..ROUNDS)
        .flat_map(|round| [0, 1].map(|word| (round, word)))
        .flat_map(|(round, word)| rounds.iter().map(move |own| i64::from(own[round][word])))
        .collect();
    let keys = soon(&keys, device).view([ROUNDS as i64, 2, 1, n_members, 1]);
    let multipliers = soon(&MULTIPLIERS.map(i64::from), device).view([2, 1, 1, 1]);

    let whole = [n_steps, n_members, n_counters];
    let places = Tensor::arange(n_counters, (Kind::Int64, device)).expand(whole, false);
    // The first and the third word of each counter, and the second and the fourth.
    let mut multiplied = Tensor::stack(&[places, steps.get(0).expand(whole, false)], 0);
    let mut others = Tensor::stack(&[multiplied.get(0).zeros_like(), steps.get(1).expand(whole, false)], 0);
    for round in 0..ROUNDS as i64 {
        // Products of two words, of which the upper halves of these 64 bits may stand for negative numbers: that is put right
        // where words are cut to their 32 bits.
        let products = (multiplied * &multipliers).flip([0]);
        let mut upper = products.bitwise_right_shift_tensor_scalar(32);
        multiplied =
            upper.bitwise_xor_tensor_(&others).bitwise_xor_tensor_(&keys.get(round)).bitwise_and_(WORD);
        others = products;
    }
    let _ = others.bitwise_and_(WORD);
    let grouped = [n_steps, n_members, n_counters / LANES as i64, LANES as i64];
    let word = |of: &Tensor, which: i64| of.get(which).view(grouped);
    let words = [word(&multiplied, 0), word(&others, 0), word(&multiplied, 1), word(&others, 1)];
    Tensor::stack(&words, 3)
}

/// Unit normals of words, of the same shape.
fn of_words(words: &Tensor) -> Tensor {
    let device = words.device();
    let cubics = Tensor::from_slice(CUBICS.as_flattened()).view([-1, 4]);
    let cubics = to_device_soon(&cubics, device);
    let numbers = words.bitwise_and(i64::from(MAGNITUDE)).to_kind(Kind::Float) + 0.5;
    let bits = numbers.view_dtype(Kind::Int);
    let intervals = bits.bitwise_right_shift_tensor_scalar(i64::from(WITHIN)) - i64::from(FIRST);
    let within = bits.bitwise_and((1_i64 << WITHIN) - 1).to_kind(Kind::Float);
    let coefficients = cubics.index_select(0, &intervals.flatten(0, -1));
    let power = |which: i64| coefficients.select(1, which).view_as(&within);
    // In the order of what processors compute, with nothing that is added and multiplied at once.
    let size = ((power(3) * &within + power(2)) * &within + power(1)) * &within + power(0);
    let sign = words.bitwise_right_shift_tensor_scalar(31).to_kind(Kind::Float) * -2.0 + 1.0;
    size * sign
}

fn soon(values: &[i64], device: Device) -> Tensor {
    to_device_soon(&Tensor::from_slice(values), device)
}
