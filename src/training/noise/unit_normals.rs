//! Unit normals of random words, one of each: the quantile of the normal distribution at its 31 lower bits, with its highest bit for
//! sign.
//!
//! The quantile is a cubic in each of 512 intervals of the probability, sixteen in every factor of two. It is apart from the exact one by
//! less than single precision tells. Logarithms and cosines of other ways to unit normals are rounded otherwise by every library; these
//! additions and multiplications are rounded alike by all processors and GPUs. The largest normal is 6.34, which two words of
//! 2³² have.

#![allow(
    clippy::inline_always,
    reason = "vectors are compiled for their processor only inside of what runs on it"
)]

use std::f64::consts::{PI, SQRT_2};
use std::sync::LazyLock;

use pulp::{Arch, Simd, WithSimd};

use super::philox::{Key, LANES, ROUNDS, Words};

/// The bits of a word that are the probability.
pub const MAGNITUDE: u32 = 0x7fff_ffff;
/// Bits of a number's fraction that tell where it lies in its interval.
pub const WITHIN: u32 = 19;
/// Numbers begin at a half, the number of whose interval is this before it is taken off.
pub const FIRST: u32 = 126 << (23 - WITHIN);
/// Intervals of all numbers from a half to 2³¹, and one for 2³¹ itself, to which the largest are rounded.
const INTERVALS: usize = 513;

/// Coefficients of the cubic in each interval, in powers of the place within it, which goes from 0 to 2¹⁹ − 1.
pub static CUBICS: LazyLock<[[f32; 4]; INTERVALS]> = LazyLock::new(|| std::array::from_fn(cubic));

/// Writes the unit normals of a step.
pub fn fill(key: Key, step: u64, normals: &mut [f32]) {
    Arch::new().dispatch(Fill { keys: key.rounds(), step, cubics: &CUBICS, normals });
}

/// Sixteen counters give 64 numbers: first those of their first words.
struct Fill<'a> {
    keys: [[u32; 2]; ROUNDS],
    step: u64,
    cubics: &'a [[f32; 4]; INTERVALS],
    normals: &'a mut [f32],
}

impl WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { keys, step, cubics, normals } = self;
        for (group, normals) in normals.chunks_mut(4 * LANES).enumerate() {
            let Words(words) = Words::counters((group * LANES) as u32, step).mixed(&keys);
            for (normals, words) in normals.chunks_mut(LANES).zip(words) {
                let mut all = [0.0; LANES];
                for lane in 0..LANES {
                    all[lane] = normal(cubics, words[lane]);
                }
                normals.copy_from_slice(&all[..normals.len()]);
            }
        }
    }
}

/// The unit normal of a word.
#[inline(always)]
fn normal(cubics: &[[f32; 4]; INTERVALS], word: u32) -> f32 {
    let number = (word & MAGNITUDE).cast_signed() as f32 + 0.5;
    let bits = number.to_bits();
    let interval = ((bits >> WITHIN) - FIRST) as usize;
    let within = (bits & ((1 << WITHIN) - 1)).cast_signed() as f32;
    let [constant, linear, square, cube] = cubics[interval.min(INTERVALS - 1)];
    // In this order, as tensors do.
    let size = constant + within * (linear + within * (square + within * cube));
    f32::from_bits(size.to_bits() ^ (word & !MAGNITUDE))
}

/// The cubic of an interval, through four Chebyshev nodes of it.
fn cubic(interval: usize) -> [f32; 4] {
    if interval == INTERVALS - 1 {
        return [0.0; 4];
    }
    let a_factor = f64::from(1_u32 << (23 - WITHIN));
    let (octave, part) =
        (interval as u32 >> (23 - WITHIN), f64::from(interval as u32 % (1 << (23 - WITHIN))));
    let [begin, length] =
        [1.0 + part / a_factor, 1.0 / a_factor].map(|of| of * 0.5 * 2_f64.powi(octave.cast_signed()));
    let nodes: [f64; 4] =
        std::array::from_fn(|node| 0.5 - 0.5 * libm::cos(PI * (2.0 * node as f64 + 1.0) / 8.0));
    // Divided differences, and from them the powers of the place within the interval as a share.
    let mut divided = nodes.map(|node| upper_quantile((begin + node * length) / 2_f64.powi(32)));
    for order in 1..4 {
        for node in (order..4).rev() {
            divided[node] = (divided[node] - divided[node - 1]) / (nodes[node] - nodes[node - order]);
        }
    }
    let mut powers = [0.0; 4];
    for node in (0..4).rev() {
        // powers · (share − node) + its difference
        for power in (1..4).rev() {
            powers[power] = powers[power - 1] - nodes[node] * powers[power];
        }
        powers[0] = divided[node] - nodes[node] * powers[0];
    }
    let whole = f64::from(1_u32 << WITHIN);
    std::array::from_fn(|power| (powers[power] / whole.powi(power as i32)) as f32)
}

/// The number that a unit normal exceeds with a probability of at most a half.
///
/// A crate's functions, for those of the system are rounded otherwise by every system.
fn upper_quantile(probability: f64) -> f64 {
    let wanted = libm::log(probability);
    let mut z = 0.0_f64;
    // Newton's steps in the logarithm of the tail, which is concave, so that they come from one side.
    for _ in 0..60 {
        let tail = 0.5 * libm::erfc(z / SQRT_2);
        let slope = -libm::exp(-0.5 * z * z) / (2.0 * PI).sqrt() / tail;
        let step = (wanted - libm::log(tail)) / slope;
        z += step;
        if step.abs() < 1e-15 * z.abs().max(1.0) {
            break;
        }
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact_to_single_precision() {
        assert!((upper_quantile(0.5)).abs() < 1e-15);
        // Tables of the normal distribution.
        assert!((upper_quantile(0.025) - 1.959_963_984_540_054).abs() < 1e-13);
        assert!((upper_quantile(1e-9) - 5.997_807_015_007_687).abs() < 1e-12);
        let mut largest = 0.0_f64;
        let mut look = |word: u32| {
            let exact = upper_quantile((f64::from(word) + 0.5) / 2_f64.powi(32));
            let found = normal(&CUBICS, word);
            largest = largest.max((f64::from(found) - exact).abs() / exact.max(1.0));
            assert!((normal(&CUBICS, word | !MAGNITUDE) + found).to_bits() << 1 == 0, "the same with a sign");
        };
        (0..4096).for_each(&mut look);
        (0..200_000_u32).for_each(|place| look(place.wrapping_mul(0x9E37_79B9) & MAGNITUDE));
        (MAGNITUDE - 100..=MAGNITUDE).for_each(&mut look);
        assert!(largest < 2.5e-7, "{largest}");
        assert!((normal(&CUBICS, 0) - 6.338).abs() < 1e-3, "the largest");
    }

    #[test]
    fn coefficients_have_the_same_bits_everywhere() {
        // FNV-1a. A library that rounds a logarithm otherwise would change what trainings learn.
        let digest = CUBICS.iter().flatten().flat_map(|coefficient| coefficient.to_bits().to_le_bytes());
        let digest = digest.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        assert_eq!(format!("{digest:016x}"), "6d3594c2502b9c1e");
    }
}
